package activities_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stripe/stripe-go/v79/webhook"

	"remit"
	"remit/activities"
	"remit/gateway"
	"remit/postgres"
)

// owned are the customer's bank accounts that are payment methods.
func (s *shop) owned() (banks []remit.PaymentMethod) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		methods, err := tx.PaymentMethods(s.t.Context(), s.customer.ID)
		banks = slices.DeleteFunc(methods, func(m remit.PaymentMethod) bool { return m.Type != gateway.TypeBankAccount })
		return err
	}))
	return banks
}

// An account that was saved on a hosted page is debited by the permission given
// there, whether Stripe's word of the account or of the page comes first (M6).
func TestAnAccountsEventMayComeBeforeItsCheckouts(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.debits()
	post := s.postOffice()
	post.fetch()
	post.waiting = nil
	ref := s.invoice(5000)
	s.signIn(s.checkout(ref, 5000, true), "success", true)
	post.hearOf("payment_method.attached")
	if banks := s.owned(); len(banks) != 1 {
		t.Fatalf("stored are %+v", banks)
	}
	s.advance(ref)
	banks := s.owned()
	if len(banks) != 1 || banks[0].Status != remit.MethodUsable || s.bankAccount(banks[0].ID).Mandate == "" {
		t.Fatalf("saved are %+v", banks)
	}
}

// hearOf delivers what Stripe says now of one kind; the rest is lost.
func (o *postOffice) hearOf(kind string) {
	o.s.t.Helper()
	o.fetch()
	waiting := o.waiting
	o.waiting = nil
	heard := 0
	for _, event := range waiting {
		if typeOf(event) == kind {
			o.deliver(event)
			heard++
		}
	}
	if heard == 0 {
		o.s.t.Fatalf("Stripe said nothing of %s", kind)
	}
}

// An account that was verified at Stripe while its naming was not heard of here is
// that account, not another one, whichever event tells of it.
func TestAnAccountVerifiedUnheardOfIsTheSame(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.debits()
	post := s.postOffice()
	id, setup := s.namedUnheard()
	post.fetch()
	post.waiting = nil
	_, err := s.link.Stripe.VerifySetup(t.Context(), id.String()+"/verify", setup, remit.DepositEntry{Code: "SM11AA"})
	must(t, err)
	post.hearOf("payment_method.attached")
	_, err = s.accounts().LookAtBankAccount(t.Context(), remit.BankAccountRef{Tenant: s.tenant, BankAccount: id})
	must(t, err)
	if banks := s.owned(); len(banks) != 1 || banks[0].ID != id || banks[0].Status != remit.MethodUsable || s.bankAccount(id).State != remit.BankAccountUsable {
		t.Fatalf("saved are %+v, it is %s", banks, s.bankAccount(id).State)
	}
}

func (s *shop) accounts() *activities.BankAccounts {
	return &activities.BankAccounts{DB: s.db, Connector: s.payments.Connector, Logger: s.payments.Logger, Now: s.payments.Now}
}

// namedUnheard is an account that was named to Stripe by a process that died
// before it heard of that.
func (s *shop) namedUnheard() (id uuid.UUID, setup string) {
	s.t.Helper()
	ctx, now := s.t.Context(), s.now()
	id = uuid.New()
	var who string
	acceptance := remit.MandateAcceptance{How: "online", At: now, Address: "192.0.2.7", Agent: "test", Version: remit.MandateVersion}
	must(s.t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) (err error) {
		who, err = tx.StripeCustomer(ctx, s.customer.ID, s.account, false)
		return err
	}))
	made, err := s.link.Stripe.CreateSetup(ctx, id.String()+"/setup", gateway.NewSetup{StripeCustomer: who})
	must(s.t, err)
	must(s.t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		return tx.InsertBankAccount(ctx, remit.BankAccount{
			ID: id, CustomerID: s.customer.ID, OrganisationID: s.branch.ID, Account: s.account, SetupIntent: made.ID, State: remit.BankAccountRequested,
			Actor: remit.System, CreatedAt: now, Acceptance: acceptance,
		})
	}))
	_, err = s.link.Stripe.ConfirmSetup(ctx, id.String()+"/confirm", made.ID, gateway.BankDetails{
		AccountNumber: bankPays, Routing: "110000000", HolderName: "Globex", HolderType: "company", Acceptance: acceptance,
	})
	must(s.t, err)
	return id, made.ID
}

// An account that several take over at once comes in once, for each of them.
func TestAnAccountIsAdoptedOnce(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.debits()
	page := s.setupPage()
	s.fill(page.URL, false, url.Values{"email": {"pay@globex.test"}, "name": {"Globex"}, "account_holder_type": {"company"}, "method": {"bank_sign_in"}, "account": {"success"}})
	view, err := s.link.Stripe.Session(t.Context(), page.ID)
	must(t, err)
	setup, err := s.link.Stripe.Setup(t.Context(), view.SetupIntent)
	must(t, err)
	from := postgres.SetupSession{ID: uuid.New(), CustomerID: s.customer.ID, Account: s.account, Actor: remit.System}
	refs, errs := make(chan remit.BankAccountRef, 4), make(chan error, 4)
	for range 4 {
		go func() {
			ref, err := s.accounts().Adopt(t.Context(), s.tenant, s.link, from, setup)
			refs <- ref
			errs <- err
		}()
	}
	first := <-refs
	must(t, <-errs)
	for range 3 {
		if ref := <-refs; ref != first {
			t.Errorf("it is adopted as %v and as %v", ref, first)
		}
		must(t, <-errs)
	}
	if banks := s.owned(); len(banks) != 1 || banks[0].ID != first.BankAccount || banks[0].Status != remit.MethodUsable {
		t.Fatalf("saved are %+v", banks)
	}
}

// Whoever calls the verification of an account off knows so: the customer gets no
// mail that he was too late.
func TestCallingAVerificationOffIsNotBeingLate(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.debits()
	id, setup := s.namedUnheard()
	ref := remit.BankAccountRef{Tenant: s.tenant, BankAccount: id}
	_, err := s.accounts().LookAtBankAccount(t.Context(), ref)
	must(t, err)
	_, err = s.link.Stripe.CancelSetup(t.Context(), id.String()+"/off", setup)
	must(t, err)
	_, err = s.accounts().LookAtBankAccount(t.Context(), ref)
	must(t, err)
	if b := s.bankAccount(id); b.State != remit.BankAccountExpired || b.Told == remit.ToldEnd {
		t.Errorf("it is %s, told is %v", b.State, b.Told)
	}
}

func typeOf(event string) string {
	var body struct{ Type string }
	_ = json.Unmarshal([]byte(event), &body)
	return body.Type
}

func (o *postOffice) deliver(event string) {
	o.s.t.Helper()
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(event), Secret: o.s.secret, Timestamp: time.Now()})
	must(o.s.t, o.commands.ReceiveEvent(o.s.t.Context(), &o.s.connection, signed.Payload, signed.Header))
}

// An account that ended here by an answer to another question is usable once
// Stripe says that it was verified after all.
func TestAnAccountIsVerifiedAfterAll(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.debits()
	id, setup := s.namedUnheard()
	ref := remit.BankAccountRef{Tenant: s.tenant, BankAccount: id}
	must(t, s.accounts().Refuse(t.Context(), ref, "This account cannot be used. Add another."))
	_, err := s.link.Stripe.VerifySetup(t.Context(), id.String()+"/verify", setup, remit.DepositEntry{Code: "SM11AA"})
	must(t, err)
	_, err = s.accounts().LookAtBankAccount(t.Context(), ref)
	must(t, err)
	if banks := s.owned(); len(banks) != 1 || banks[0].ID != id || banks[0].Status != remit.MethodUsable || s.bankAccount(id).Reason != "" {
		t.Fatalf("saved are %+v of %+v", banks, s.bankAccount(id))
	}
}

// An account that was named on a page which is looked at days later can be verified
// as long as Stripe says, and no longer.
func TestAnAccountsTimeBeganAtStripe(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.debits()
	page := s.setupPage()
	s.typeBank(page.URL, bankPays)
	named := s.now()
	s.later(t, 72*time.Hour)
	view, err := s.link.Stripe.Session(t.Context(), page.ID)
	must(t, err)
	setup, err := s.link.Stripe.Setup(t.Context(), view.SetupIntent)
	must(t, err)
	ref, err := s.accounts().Adopt(t.Context(), s.tenant, s.link, postgres.SetupSession{ID: uuid.New(), CustomerID: s.customer.ID, Account: s.account, Actor: remit.System}, setup)
	must(t, err)
	if b := s.bankAccount(ref.BankAccount); b.VerifyBy == nil || b.VerifyBy.After(named.Add(remit.VerificationTime+time.Hour)) {
		t.Errorf("named at %s it can be verified until %v", named, b.VerifyBy)
	}
}

// Where Stripe's key may not read mandates, an account is neither locked for that nor
// asked about without end.
func TestAMandateThatIsNotToldOfStands(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	id := s.bank(bankPays)
	for _, path := range []string{"/v1/mandates/", "/v1/payment_methods/"} {
		s.watched.answer = func(method, at string) (int, string) {
			if method == "GET" && strings.HasPrefix(at, path) {
				return 403, `{"error":{"type":"invalid_request_error","message":"The provided key does not have the required permissions."}}`
			}
			return 0, ""
		}
		next, err := s.accounts().LookAtBankAccount(t.Context(), remit.BankAccountRef{Tenant: s.tenant, BankAccount: id})
		if err != nil || next.WakeIn != nil || s.bankAccount(id).State != remit.BankAccountUsable {
			t.Errorf("%s: it is %s, looked at again in %v: %v", path, s.bankAccount(id).State, next.WakeIn, err)
		}
	}
}

// setupPage is a hosted page on which a method is saved for the customer.
func (s *shop) setupPage() gateway.SessionView {
	s.t.Helper()
	who := ""
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) (err error) {
		who, err = tx.StripeCustomer(s.t.Context(), s.customer.ID, s.account, false)
		return err
	}))
	page, err := s.link.Stripe.CreateSession(s.t.Context(), "page", gateway.SessionParams{Mode: "setup", BankDebits: true, Currency: "usd", StripeCustomer: who, SuccessURL: "http://shop.test/", CancelURL: "http://shop.test/"})
	must(s.t, err)
	return page
}
