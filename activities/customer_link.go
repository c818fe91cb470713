package activities

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// Linkable is a customer at Stripe who was looked at and may be linked, with the
// methods that are saved there, his default first.
type Linkable struct {
	remit.AtStripe

	Methods []gateway.MethodView
}

// LookForLink looks at a customer of the connected account and at what is saved with
// him. Returns [remit.CodeInvalid], naming the field, for one who is not there, was
// deleted, or is of the other mode.
func LookForLink(ctx context.Context, link *Link, field, id string) (Linkable, error) {
	found, err := link.Stripe.Customer(ctx, id)
	if isMissing(err) {
		return Linkable{}, remit.NoSuchAtStripe(field, id, link.Account, link.Livemode)
	}
	if err != nil {
		return Linkable{}, err
	}
	if found.Deleted {
		found.Livemode = link.Livemode // nothing else is told of him
	}
	if err := found.Linkable(field, link.Livemode); err != nil {
		return Linkable{}, err
	}
	is := Linkable{AtStripe: found}
	for _, kind := range []string{gateway.TypeCard, gateway.TypeBankAccount} {
		methods, err := link.Stripe.PaymentMethods(ctx, id, kind)
		if err != nil {
			return Linkable{}, err
		}
		is.Methods = append(is.Methods, methods...)
	}
	slices.SortStableFunc(is.Methods, func(a, b gateway.MethodView) int {
		return rank(a.ID == is.DefaultMethod) - rank(b.ID == is.DefaultMethod)
	})
	return is, nil
}

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

func isMissing(err error) bool {
	f, failed := errors.AsType[*gateway.Failure](err)
	return failed && (f.Status == 404 || f.Code == "resource_missing")
}

// LinkCustomer links a customer with one at Stripe within a transaction, in the place
// of the one he was linked with, and takes over what is saved there. It reports
// whether the link is a new one. A link that he has already is looked at again: what
// was saved since is taken over.
func LinkCustomer(ctx context.Context, tx *postgres.Tx, link *Link, customer uuid.UUID, is Linkable, now time.Time) (fresh bool, was string, err error) {
	if _, err := tx.HeldCustomer(ctx, customer); err != nil {
		return false, "", err
	}
	if was, err = tx.StripeCustomer(ctx, customer, link.Account, link.Livemode); err != nil {
		return false, "", err
	}
	if was != is.ID {
		if was != "" {
			if _, err := UnlinkCustomer(ctx, tx, link, customer, "", now); err != nil {
				return false, was, err
			}
		}
		if err := beginLink(ctx, tx, link, customer, is, now); err != nil {
			return false, was, err
		}
	}
	kept, err := keptMethods(ctx, tx, link, customer, is.Methods)
	if err != nil {
		return false, was, err
	}
	for n, view := range kept {
		id, err := newID()
		if err != nil {
			return false, was, err
		}
		status := remit.MethodUsable
		if view.Blocked != "" {
			status = remit.MethodLocked
		}
		// Of several the oldest is the default: they come in Stripe's order.
		at := now.Add(time.Duration(n) * time.Microsecond)
		if _, _, err := tx.UpsertMethod(ctx, methodOf(id, customer, link.Account, link.Livemode, view, status), at); err != nil {
			return false, was, err
		}
	}
	return was != is.ID, was, nil
}

// beginLink links a customer and takes over what Stripe keeps of him and we do not. What
// differs is left to a person.
func beginLink(ctx context.Context, tx *postgres.Tx, link *Link, customer uuid.UUID, is Linkable, now time.Time) error {
	ours, err := tx.Customer(ctx, customer)
	if err != nil {
		return err
	}
	with, taken := is.Contact.Adopted(ours)
	if err := tx.BeginLink(ctx, customer, link.Account, link.Livemode, is.ID, remit.ContactOf(with), is.Contact); err != nil || len(taken) == 0 {
		return err
	}
	return takeContact(ctx, tx, with, taken, now)
}

// keptMethods leaves out what is saved at Stripe and is not to be kept: a card that was
// typed for one payment, whoever was linked when it was, and one that is new while a page
// is open on which such a card may be typed. That one's page tells whether it is kept.
func keptMethods(ctx context.Context, tx *postgres.Tx, link *Link, customer uuid.UUID, found []gateway.MethodView) ([]gateway.MethodView, error) {
	ids := make([]string, len(found))
	for n, view := range found {
		ids[n] = view.ID
	}
	once, known, err := tx.TypedOnce(ctx, link.Account, ids)
	if err != nil {
		return nil, err
	}
	page, err := tx.TypesOnce(ctx, customer)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(found), func(view gateway.MethodView) bool {
		return once[view.ID] || page && view.Type == gateway.TypeCard && !known[view.ID]
	}), nil
}

// UnlinkCustomer takes a customer off his customer at Stripe within a transaction and
// says which that was, "" if he had none. While money is collected from him there, a
// change is on its way there, or a bank account is being verified, he stays linked
// ([remit.CodeInFlight], [remit.CodeConflict]): what is on its way would reach whoever is
// linked with that one next.
func UnlinkCustomer(ctx context.Context, tx *postgres.Tx, link *Link, customer uuid.UUID, note string, now time.Time) (string, error) {
	if err := tx.LockCustomer(ctx, customer); err != nil {
		return "", err
	}
	syncing, err := tx.Syncing(ctx, customer, link.Account, link.Livemode)
	if err != nil {
		return "", err
	}
	if syncing {
		return "", remit.Conflict(remit.CodeConflict, "A change of this customer is on its way to Stripe. Try again in a moment.")
	}
	return unlink(ctx, tx, link, customer, note, now)
}

// unlink is [UnlinkCustomer] for who is at work on the link himself, under the lock.
func unlink(ctx context.Context, tx *postgres.Tx, link *Link, customer uuid.UUID, note string, now time.Time) (string, error) {
	was, err := tx.StripeCustomer(ctx, customer, link.Account, link.Livemode)
	if err != nil || was == "" {
		return "", err
	}
	live, err := tx.TakesMoneyFrom(ctx, customer, link.Account, was)
	if err != nil {
		return "", err
	}
	if live {
		return "", remit.Conflict(remit.CodeInFlight, "A payment of this customer is under way. The link at Stripe can be changed when that is settled.")
	}
	waits, err := tx.AwaitsVerification(ctx, customer, link.Account)
	if err != nil {
		return "", err
	}
	if waits {
		return "", remit.Conflict(remit.CodeConflict, "A bank account of this customer is being verified. Wait for that, or remove it first.")
	}
	return tx.EndLink(ctx, customer, link.Account, link.Livemode, note, now)
}
