package sandbox

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The ways to give a bank account on a checkout page, as the field method says
// them: signing in at the bank, which verifies at once, or typing the numbers.
const (
	bankSignIn = "bank_sign_in"
	bankTyped  = "bank_account"
)

// bankEntry is what a person gave of his bank account on a page. The numbers
// live only as long as the request.
type bankEntry struct {
	cardForm

	holder, kind, routing, number string
	account                       *bankSpec // chosen at the bank's sign-in
	seen                          acceptance
}

// readBankEntry reads and judges a form. What is wrong is in errors.
func readBankEntry(r *http.Request) *bankEntry {
	values := r.PostForm
	f := &bankEntry{cardForm: cardForm{
		Email: strings.TrimSpace(values.Get("email")), Name: strings.TrimSpace(values.Get("name")),
		Save: values.Get("save") == "yes", Method: values.Get("method"), errors: map[string]string{},
	}}
	f.judgeEmail()
	if f.Name == "" {
		f.errors["name"] = "Enter the name on the account."
	}
	f.holder, f.kind = oneOf(values, "account_holder_type", "individual", "company"), oneOf(values, "account_type", "checking", "savings")
	f.seen = acceptance{Type: "online", Online: &onlineAcceptance{IPAddress: caller(r), UserAgent: r.UserAgent()}}
	if f.Method == bankSignIn {
		f.routing = testBankRouting
		if f.account = banksByName[values.Get("account")]; f.account == nil {
			f.errors["account"] = "Choose an account."
		}
		return f
	}
	f.routing, f.number = keepDigits(values.Get("routing_number")), keepDigits(values.Get("account_number"))
	if failed := checkBankNumbers(usBankAccount, f.routing, f.number); failed != nil {
		field, words := "account_number", "Use one of the test account numbers below."
		if failed.Code == "routing_number_invalid" {
			field, words = "routing_number", "Your routing number is invalid."
		}
		f.errors[field] = words
		return f
	}
	f.account = banksByNumber[f.number]
	return f
}

// oneOf is a field's value if it is allowed, and the first of them if not.
func oneOf(values url.Values, field string, allowed ...string) string {
	if value := values.Get(field); slices.Contains(allowed, value) {
		return value
	}
	return allowed[0]
}

// caller is the address that a request came from.
func caller(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// takeBank goes on with a form that gives a bank account.
func (t *tx) takeBank(cs *checkoutSession, r *http.Request) reply {
	form := readBankEntry(r)
	offered := cs.PaymentMethodOptions.USBankAccount
	if offered == nil || form.Method == bankTyped && offered.VerificationMethod == "instant" {
		return reply{to: cs.page()}
	}
	if len(form.errors) > 0 {
		return t.refuse(cs, &form.cardForm, http.StatusUnprocessableEntity)
	}
	return t.submitBank(cs, form)
}

// submitBank makes an attempt with the account that the person gave. Sending
// the form is his permission to debit it.
func (t *tx) submitBank(cs *checkoutSession, form *bankEntry) reply {
	cs.Kept.Submits++
	cs.Kept.Refused = nil
	cs.Kept.Email, cs.Kept.Name, cs.Kept.Save = form.Email, form.Name, form.Save
	if cs.makesCustomer() {
		t.customerForSession(cs)
	}
	m := t.newMethodForSession(cs, usBankAccount, &form.cardForm)
	t.setBank(m, form.account, bankForm{routing: form.routing, holder: form.holder, kind: form.kind})
	m.Kept.Verified = form.Method == bankSignIn
	t.put(m)
	failed := t.confirmForSession(cs, m, confirmOptions{acceptance: &form.seen})
	if failed == nil {
		return t.whereItStands(must[checkoutSession](t, cs.ID))
	}
	form.blame(declineWords(failed))
	return t.refuse(must[checkoutSession](t, cs.ID), &form.cardForm, http.StatusPaymentRequired)
}

// confirmForSession confirms the session's intent with a method, as the seller's
// own call would.
func (t *tx) confirmForSession(cs *checkoutSession, m *paymentMethod, o confirmOptions) error {
	acting := &call{tx: t}
	if cs.Mode == "setup" {
		si := must[setupIntent](t, *cs.SetupIntent)
		si.PaymentMethod, si.Status = &m.ID, needsConfirm
		t.put(cs)
		return acting.confirmSetup(si, o)
	}
	pi := t.intentForSession(cs)
	pi.PaymentMethod, pi.Status = &m.ID, needsConfirm
	t.put(cs)
	return acting.confirm(pi, o)
}

// bankView is the part of a checkout page that takes bank accounts.
type bankView struct {
	SignIn, Typed                []formField
	SignInProblem, TypedProblem  string
	OffersTyped                  bool
	Seller, SignInName, TypeName string
}

// bankViewOf is nil where the session takes no bank accounts. An account that
// the seller wants verified at once cannot be typed.
func (s *checkoutSession) bankViewOf(seller string, form *cardForm) *bankView {
	if !s.takes(usBankAccount) {
		return nil
	}
	v := &bankView{Seller: seller, SignInName: bankSignIn, TypeName: bankTyped, OffersTyped: s.PaymentMethodOptions.USBankAccount.VerificationMethod != "instant"}
	accounts := formField{Name: "account", Label: "Account at STRIPE TEST BANK"}
	for _, spec := range bankSpecs {
		accounts.Options = append(accounts.Options, fieldOption{spec.name, "•••• " + spec.number[len(spec.number)-4:] + ", " + strings.ReplaceAll(spec.name, "_", " ")})
	}
	holder := formField{Name: "account_holder_type", Label: "Whose account", Half: true, Options: []fieldOption{{"individual", "A person's"}, {"company", "A company's"}}}
	v.SignIn = bankFields("sign_in", form, form.Method == bankSignIn, s.emailFixed(), accounts, holder)
	v.Typed = bankFields("typed", form, form.Method == bankTyped, s.emailFixed(), holder,
		formField{Name: "account_type", Label: "Kind of account", Half: true, Options: []fieldOption{{"checking", "Checking"}, {"savings", "Savings"}}},
		formField{Name: "routing_number", Label: "Routing number", Type: "text", Placeholder: testBankRouting, Numeric: true},
		formField{Name: "account_number", Label: "Account number", Type: "text", Placeholder: bankSpecs[0].number, Numeric: true})
	switch form.Method {
	case bankSignIn:
		v.SignInProblem = form.errors[""]
	case bankTyped:
		v.TypedProblem = form.errors[""]
	}
	return v
}

// bankFields are the fields of one of the forms, with what was wrong in it if it
// was the one that was sent.
func bankFields(id string, form *cardForm, sent, emailFixed bool, own ...formField) []formField {
	fields := slices.Concat([]formField{
		{Name: "email", Label: "Email", Type: "email", Value: form.Email, Autocomplete: "email", Fixed: emailFixed},
		{Name: "name", Label: "Name on account", Type: "text", Value: form.Name, Autocomplete: "name"},
	}, own)
	for i := range fields {
		fields[i].ID = id + "_" + fields[i].Name
		if sent {
			fields[i].Error = form.errors[fields[i].Name]
		}
	}
	return fields
}
