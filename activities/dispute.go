package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// settleDisputes looks at the disputes that events point to, and at the open
// ones that the agenda has due. Where something happened to a charge, all
// disputes of the invoice's payments are listed, so that one whose own events
// were lost is found. looked is false where Stripe could not be asked: the
// events then wait.
func (p *Payments) settleDisputes(ctx context.Context, ref remit.InvoiceRef) (looked bool, err error) {
	var s disputeSearch
	err = p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		s, err = p.disputesToSeek(ctx, tx, ref)
		return err
	})
	if err != nil {
		return false, err
	}
	all := true
	for _, at := range s.places {
		looked, err := p.settleDisputesAt(ctx, ref, at)
		if err != nil {
			return false, err
		}
		all = all && looked
	}
	return all, nil
}

// disputeSearch is what to ask Stripe about disputes, for each account that the
// invoice's payments lie at.
type disputeSearch struct{ places []disputePlace }

type disputePlace struct {
	account  string
	livemode bool
	payments []remit.Payment // whose disputes are listed
	ids      []string        // of disputes that are retrieved
}

func (p *Payments) disputesToSeek(ctx context.Context, tx *postgres.Tx, ref remit.InvoiceRef) (disputeSearch, error) {
	hints, err := tx.DisputeHints(ctx, ref.Invoice)
	if err != nil {
		return disputeSearch{}, err
	}
	due, err := p.disputesDue(ctx, tx, ref)
	if err != nil || !hints.Charges && len(due) == 0 {
		return disputeSearch{}, err
	}
	payments, err := tx.Payments(ctx, ref.Invoice)
	if err != nil {
		return disputeSearch{}, err
	}
	var s disputeSearch
	at := func(account string, livemode bool) *disputePlace {
		for n := range s.places {
			if s.places[n].account == account && s.places[n].livemode == livemode {
				return &s.places[n]
			}
		}
		s.places = append(s.places, disputePlace{account: account, livemode: livemode})
		return &s.places[len(s.places)-1]
	}
	for _, payment := range payments {
		if payment.PaymentIntent == "" || !hints.Charges {
			continue
		}
		// Where an event's dispute lies is not said by it: each account is asked.
		place := at(payment.Account, payment.Livemode)
		place.payments, place.ids = append(place.payments, payment), hints.Disputes
	}
	for _, d := range due {
		place := at(d.Account, d.Livemode)
		if !slices.Contains(place.ids, d.StripeDispute) {
			place.ids = append(slices.Clone(place.ids), d.StripeDispute)
		}
	}
	return s, nil
}

// disputesDue are the open disputes that are to be asked about now.
func (p *Payments) disputesDue(ctx context.Context, tx *postgres.Tx, ref remit.InvoiceRef) ([]remit.Dispute, error) {
	disputes, err := tx.Disputes(ctx, ref.Invoice)
	if err != nil || len(disputes) == 0 {
		return nil, err
	}
	rows, err := tx.InvoiceAgenda(ctx, ref.Invoice)
	if err != nil {
		return nil, err
	}
	clock, err := tx.Clock(ctx)
	if err != nil {
		return nil, err
	}
	now := clock.Now(p.Now())
	return slices.DeleteFunc(disputes, func(d remit.Dispute) bool {
		return !slices.ContainsFunc(rows, func(row postgres.AgendaRow) bool {
			return row.Kind == remit.AgendaPoll && row.ObjectID == d.ID && !row.At.After(now)
		})
	}), nil
}

func (p *Payments) settleDisputesAt(ctx context.Context, ref remit.InvoiceRef, at disputePlace) (looked bool, err error) {
	link, err := p.Connector.At(ctx, ref.Tenant, at.account, at.livemode)
	if isUnreachable(err) {
		return false, nil // until the account can be asked again
	}
	if err != nil {
		return false, err
	}
	looked = true
	views := map[string]gateway.DisputeView{}
	for _, payment := range at.payments {
		listed, err := link.Stripe.DisputesOf(ctx, payment.PaymentIntent)
		if err != nil && gateway.MeaningOf(err) == gateway.Stop {
			continue // looked at: Stripe knows no such payment
		}
		if err != nil {
			p.Logger.WarnContext(ctx, "the disputes of a payment were not listed", "error", err)
			looked = false // what stands behind it must not be held up by it
			continue
		}
		for _, view := range listed {
			views[view.ID] = view
		}
	}
	for _, id := range at.ids {
		if _, listed := views[id]; listed {
			continue
		}
		view, err := link.Stripe.Dispute(ctx, id)
		if noted := p.noteKept(ctx, ref.Tenant, link, err); noted != nil {
			return false, noted
		}
		if err != nil && gateway.MeaningOf(err) == gateway.Stop {
			continue // looked at: Stripe knows no such dispute at this account
		}
		if err != nil {
			p.Logger.WarnContext(ctx, "a dispute was not retrieved", "error", err)
			looked = false
			continue
		}
		views[id] = view
	}
	for _, id := range slices.Sorted(maps.Keys(views)) {
		known, err := p.recordDispute(ctx, ref, link, views[id])
		if err != nil {
			return false, err
		}
		looked = looked && known
	}
	return looked, nil
}

// recordDispute brings the record in line with what Stripe says of a dispute, in
// one transaction. It reports false where the payment it is about is not booked
// yet: the look has to be repeated then.
func (p *Payments) recordDispute(ctx context.Context, ref remit.InvoiceRef, link *Link, view gateway.DisputeView) (known bool, err error) {
	if !remit.DisputeState(view.Status).Known() {
		p.Logger.ErrorContext(ctx, "a dispute is in a state that is not known", "dispute", view.ID, "state", view.Status)
		return true, nil
	}
	err = p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		payment, err := tx.PaymentByIntent(ctx, link.Account, view.PaymentIntent)
		if err != nil {
			return err
		}
		if payment == nil || payment.InvoiceID != l.ID {
			known = true // of another invoice, whose own workflow looks
			return nil
		}
		if payment.State != remit.AttemptSucceeded {
			return nil
		}
		known = true
		return p.takeDispute(ctx, tx, l, *payment, view)
	})
	if facts := factsOf(view); err == nil && (facts.Reinstated || facts.State == remit.DisputeWon || facts.State == remit.DisputeWarningClosed) {
		err = p.closeOverpaying(ctx, ref) // however often it is recorded: whoever did may have died before
	}
	return known, err
}

// reconcileDisputes records the disputes that were opened at an account since a
// time and are not known here.
func (p *Payments) reconcileDisputes(ctx context.Context, tenant uuid.UUID, link *Link, since time.Time) (found []string, err error) {
	for view, err := range link.Stripe.DisputesSince(ctx, since) {
		if err != nil {
			return found, err
		}
		var payment *remit.Payment
		var known *remit.Dispute
		err := p.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
			if payment, err = tx.PaymentByIntent(ctx, link.Account, view.PaymentIntent); err == nil {
				known, err = tx.DisputeAtStripe(ctx, link.Account, view.ID)
			}
			return err
		})
		if err != nil {
			return found, err
		}
		if payment == nil || known != nil && !known.Doubted() {
			continue // of a charge that is not ours, or one that is looked at every day
		}
		if _, err := p.recordDispute(ctx, remit.InvoiceRef{Tenant: tenant, Invoice: payment.InvoiceID}, link, view); err != nil {
			return found, err
		}
		if known != nil {
			if string(known.State) != view.Status {
				found = append(found, fmt.Sprintf("The dispute %s is %s, and a person had said %s; it is recorded on the invoice %s.",
					view.ID, strings.ReplaceAll(view.Status, "_", " "), strings.ReplaceAll(string(known.State), "_", " "), payment.InvoiceID))
			}
			continue
		}
		found = append(found, fmt.Sprintf("The dispute %s was not known here; it is recorded on the invoice %s.", view.ID, payment.InvoiceID))
	}
	return found, nil
}
