package api

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func reconciliations(c *call) (answer, error) {
	list, err := c.server.commands.Reconciliations(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, reconciliationShape))
}

func startReconciliation(c *call) (answer, error) {
	found, err := c.server.commands.Reconcile(c.ctx(), c.caller, "", body(c, func(w reconcileWire) (commands.ReconcileInput, error) {
		in := commands.ReconcileInput{Organisation: w.Organisation}
		if w.Since != nil {
			in.Since = *w.Since
		}
		return in, nil
	}))
	if err != nil {
		return answer{}, err
	}
	status := http.StatusCreated
	if found.State == remit.RunRunning {
		status = http.StatusAccepted
	}
	return answer{status: status, body: reconciliationShape(found)}, nil
}

func fetchMissing(c *call) (answer, error) {
	n, err := c.server.commands.FetchMissing(c.ctx(), c.caller, c.id(), body(c, func(w fetchWire) (string, error) { return w.StripeID, nil }))
	if err != nil {
		return answer{}, err
	}
	return ok(fetchedBody{Fetched: n})
}

type reconcileWire struct {
	Organisation string     `json:"organisation"`
	Since        *time.Time `json:"since"`
}

type fetchWire struct {
	StripeID string `json:"stripe_id"`
}

type fetchedBody struct {
	Fetched int `json:"fetched"`
}

// reconciliationBody is a reconciliation as it leaves. Until it is done there
// are no amounts.
type reconciliationBody struct {
	ID           uuid.UUID        `json:"id"`
	Organisation string           `json:"organisation"`
	State        remit.RunState   `json:"state"`
	Since        *time.Time       `json:"since"`
	At           time.Time        `json:"at"`
	Currency     string           `json:"currency"`
	Unexplained  *int64           `json:"unexplained"`
	Totals       *totalsBody      `json:"totals"`
	Differences  []differenceBody `json:"differences"`
}

type totalsBody struct {
	Charges  bothSidesBody `json:"charges"`
	Refunds  bothSidesBody `json:"refunds"`
	Disputes bothSidesBody `json:"disputes"`
	Foreign  int64         `json:"foreign"`
	Other    int64         `json:"other"`
	Fees     int64         `json:"fees"`
	PaidOut  int64         `json:"paid_out"`
	Payouts  int64         `json:"payouts"`
	Net      int64         `json:"net"`
}

type bothSidesBody struct {
	Ledger int64 `json:"ledger"`
	Stripe int64 `json:"stripe"`
}

type differenceBody struct {
	Kind      remit.MovementKind `json:"kind"`
	StripeID  string             `json:"stripe_id"`
	Amount    int64              `json:"amount"`
	Cause     remit.Cause        `json:"cause"`
	Explained bool               `json:"explained"`
	Fetchable bool               `json:"fetchable"`
	InvoiceID *uuid.UUID         `json:"invoice_id"`
	At        time.Time          `json:"at"`
}

func reconciliationShape(r remit.Reconciliation) reconciliationBody {
	body := reconciliationBody{ID: r.ID, Organisation: r.Organisation, State: r.State, At: r.At.UTC(), Currency: r.Currency, Differences: make([]differenceBody, len(r.Differences))}
	if !r.Since.IsZero() {
		body.Since = utc(&r.Since)
	}
	if r.State == remit.RunDone {
		t := r.Totals
		body.Unexplained = &r.Unexplained
		body.Totals = &totalsBody{
			Charges: bothSidesBody(t.Charges), Refunds: bothSidesBody(t.Refunds), Disputes: bothSidesBody(t.Disputes),
			Foreign: t.Foreign, Other: t.Other, Fees: t.Fees, PaidOut: t.PaidOut, Payouts: t.Payouts, Net: t.Net(),
		}
	}
	for n, d := range r.Differences {
		body.Differences[n] = differenceBody{
			Kind: d.Kind, StripeID: d.StripeID, Amount: d.Amount, Cause: d.Cause, Explained: d.Cause.Explained(), Fetchable: d.Fetchable(),
			InvoiceID: d.InvoiceID, At: d.At.UTC(),
		}
	}
	return body
}
