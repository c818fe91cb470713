package commands

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stripe/stripe-go/v79/webhook"

	"remit"
	"remit/postgres"
	"remit/secrets"
)

// connects puts a connection in force, as it was prepared while nothing was connected.
func (h *house) connects(owner Caller, mode remit.ConnectionMode, account string) (remit.Connection, error) {
	h.t.Helper()
	member, next := owner.Tenants[0], postgres.SealedConnection{}
	err := h.DB.InTenant(h.t.Context(), member.Tenant, func(tx *postgres.Tx) error {
		top, err := tx.OrganisationByPath(h.t.Context(), member.Path)
		next.Connection = remit.Connection{
			ID: uuid.Must(uuid.NewV7()), Tenant: member.Tenant, OrganisationID: top.ID, Mode: mode, Account: account, Status: remit.ConnectionActive, ChargesEnabled: true, CreatedAt: h.Now(),
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return h.putConnection(h.t.Context(), owner, member, next, "stripe.test")
}

func (h *house) disconnects(owner Caller, id uuid.UUID) {
	h.t.Helper()
	err := h.DB.InTenant(h.t.Context(), owner.Tenants[0].Tenant, func(tx *postgres.Tx) error {
		return tx.Disconnect(h.t.Context(), id, remit.EndedByPerson, false)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// Two people who connect at once get one account, and what an owner allowed is not
// ended in passing: the second of the two is refused, whichever way he connects.
func TestAccessThatWasGivenIsNotReplaced(t *testing.T) {
	h, owner := openHouse(t)
	for n, of := range []struct{ first, second remit.ConnectionMode }{
		{remit.ModeStandard, remit.ModeKeys}, {remit.ModeKeys, remit.ModeStandard}, {remit.ModeExpress, remit.ModeStandard}, {remit.ModeStandard, remit.ModeExpress},
	} {
		first, err := h.connects(owner, of.first, fmt.Sprintf("acct_first%d", n))
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.connects(owner, of.second, fmt.Sprintf("acct_second%d", n))
		wants(t, fmt.Sprintf("%s after %s", of.second, of.first), err, remit.KindConflict)
		if n := h.number("select count(*) from connections where disconnected_at is null and id = $1", first.ID); n != 1 {
			t.Errorf("%s was replaced by %s", of.first, of.second)
		}
		h.disconnects(owner, first.ID)
	}
}

// Nobody follows an account in whose place another was put: no look at it stays on the
// agenda, where it would be due for ever.
func TestAReplacedAccountLeavesTheAgenda(t *testing.T) {
	h, owner := openHouse(t)
	if _, err := h.connects(owner, remit.ModeKeys, "acct_first"); err != nil {
		t.Fatal(err)
	}
	second, err := h.connects(owner, remit.ModeKeys, "acct_second")
	if err != nil {
		t.Fatal(err)
	}
	if n := h.number("select count(*) from agenda where kind = 'connection' and done_at is null and object_id <> $1", second.ID); n != 0 {
		t.Errorf("%d looks at the account before are planned", n)
	}
	if n := h.number("select count(*) from agenda where kind = 'connection' and done_at is null and object_id = $1", second.ID); n != 1 {
		t.Errorf("%d looks at the account are planned", n)
	}
}

// Whoever connects an account has Stripe asked about the disputes of it that a person said
// are over, once each, and about no others (M7).
func TestConnectingAsksAboutDisputesThatWereSaidToBeOver(t *testing.T) {
	h, owner := openHouse(t)
	invoice := h.billed(owner, "1", "payer@example.com", 12000)
	tenant := owner.Tenants[0].Tenant
	payment := uuid.New()
	h.exec(`insert into payments (tenant, id, invoice_id, customer_id, source, account, currency, amount, state)
		select tenant, $3, id, customer_id, 'stripe', 'acct_first', 'USD', 12000, 'succeeded' from invoices where tenant = $1 and id = $2`, tenant, invoice, payment)
	for _, d := range []remit.Dispute{
		{StripeDispute: "dp_said", State: remit.DisputeWon, ByHand: true, Account: "acct_first"},
		{StripeDispute: "dp_won", State: remit.DisputeWon, Account: "acct_first"},
		{StripeDispute: "dp_elsewhere", State: remit.DisputeWon, ByHand: true, Account: "acct_other"},
		{StripeDispute: "dp_live", State: remit.DisputeWon, ByHand: true, Account: "acct_first", Livemode: true},
		{StripeDispute: "dp_lost", State: remit.DisputeLost, Account: "acct_first"},
		{StripeDispute: "dp_said_lost", State: remit.DisputeLost, ByHand: true, Account: "acct_first"},
	} {
		now := h.Now()
		d.ID, d.InvoiceID, d.PaymentID, d.Currency, d.Amount, d.CreatedAt, d.ClosedAt = uuid.New(), invoice, payment, "USD", 12000, now, &now
		h.in(owner, func(tx *postgres.Tx) error { return tx.PutDispute(t.Context(), d) })
	}
	for n := range 2 {
		c, err := h.connects(owner, remit.ModeKeys, "acct_first")
		if err != nil {
			t.Fatal(err)
		}
		if all := h.number("select count(*) from agenda where kind = 'poll' and done_at is null"); all != 2 {
			t.Errorf("connected %d times, %d looks are planned", n+1, all)
		}
		if said := h.number(`select count(*) from agenda g join disputes d on d.tenant = g.tenant and d.id = g.object_id and d.invoice_id = g.invoice_id
			where g.kind = 'poll' and g.done_at is null and g.at <= $1 and d.stripe_dispute in ('dp_said', 'dp_said_lost')`, h.Now()); said != 2 {
			t.Errorf("connected %d times, %d looks at them are due", n+1, said)
		}
		h.disconnects(owner, c.ID)
	}
}

// What Stripe reports of an account is for those whom its owner lets in now: an
// organisation whose permission has ended hears nothing of what he does with another.
// An account that was made here is the platform's, and is heard of on.
func TestAnEndedPermissionHearsNothing(t *testing.T) {
	h, owner := openHouse(t)
	h.ConnectSecret = secrets.NewSecret("whsec_platform")
	tell := func(id, account string) int {
		payload := fmt.Appendf(nil, `{"id": %q, "type": "payment_intent.succeeded", "account": %q, "data": {"object": {"id": "pi_1", "object": "payment_intent"}}}`, id, account)
		signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: payload, Secret: "whsec_platform", Timestamp: time.Now()})
		if err := h.ReceiveEvent(t.Context(), nil, signed.Payload, signed.Header); err != nil {
			t.Fatal(err)
		}
		return h.number("select count(*) from stripe_events where event_id = $1", id)
	}
	for _, of := range []struct {
		mode  remit.ConnectionMode
		after int
	}{{remit.ModeStandard, 0}, {remit.ModeExpress, 1}} {
		account := "acct_" + string(of.mode)
		c, err := h.connects(owner, of.mode, account)
		if err != nil {
			t.Fatal(err)
		}
		if n := tell("evt_now_"+string(of.mode), account); n != 1 {
			t.Errorf("connected by %s, it hears of %d events", of.mode, n)
		}
		h.disconnects(owner, c.ID)
		if n := tell("evt_later_"+string(of.mode), account); n != of.after {
			t.Errorf("disconnected from %s, it hears of %d events, want %d", of.mode, n, of.after)
		}
	}
}
