package activities

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// SyncCustomer brings what we keep of a customer and what Stripe keeps in line: what was
// changed here is sent, what was changed there is noted, and taken where we have nothing.
// One who was deleted there is unlinked, with a note; ended says so. Repeated it changes
// nothing more; what Stripe does not answer is asked again later, and nothing is lost.
func (c *Connector) SyncCustomer(ctx context.Context, tenant uuid.UUID, link *Link, customer uuid.UUID, now func() time.Time) (ended bool, err error) {
	var claim *postgres.CustomerSync
	var who remit.Customer
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		if claim, err = tx.ClaimSync(ctx, customer, link.Account, link.Livemode); err != nil || claim == nil {
			if err == nil {
				err = tx.AskSync(ctx, customer, link.Account, link.Livemode) // whoever is at work may have looked before
			}
			return err
		}
		who, err = tx.Customer(ctx, customer)
		return err
	})
	if err != nil || claim == nil {
		return false, err
	}
	s := &syncing{Connector: c, tenant: tenant, link: link, claim: *claim, who: who, now: now}
	switch {
	case claim.Ending != "":
		ended, err = s.endAtStripe(ctx)
	default:
		ended, err = s.align(ctx)
	}
	if err == nil {
		return ended, nil
	}
	failure := ""
	if f, failed := errors.AsType[*gateway.Failure](err); failed {
		failure = "Stripe does not answer. It is tried again."
		if f.Refused() {
			failure = "Stripe refused this (" + f.Named() + "). It is tried again after a change, or in a day."
		}
	}
	return false, errors.Join(err, c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		return tx.PutOffSync(ctx, s.claim, syncAgain(err, claim.Tries), failure)
	}))
}

// syncAgain is how long until it is tried again: from ten seconds on, twice as long each
// time, an hour at most; what Stripe refused, in a day.
func syncAgain(err error, tries int) time.Duration {
	if f, failed := errors.AsType[*gateway.Failure](err); failed && f.Refused() {
		return 24 * time.Hour
	}
	return min(10*time.Second<<min(tries, 10), time.Hour)
}

// syncing is one customer who is brought in line.
type syncing struct {
	*Connector

	tenant uuid.UUID
	link   *Link
	claim  postgres.CustomerSync
	who    remit.Customer
	now    func() time.Time
}

func (s *syncing) align(ctx context.Context) (ended bool, err error) {
	is, err := s.link.Stripe.Customer(ctx, s.claim.StripeCustomer)
	if isMissing(err) {
		is, err = remit.AtStripe{Deleted: true}, nil
	}
	if err != nil {
		return false, err
	}
	if is.Deleted {
		return s.gone(ctx)
	}
	held, sent, pending, err := s.sends(ctx)
	if err != nil || !held {
		return false, err
	}
	if len(pending) == 0 {
		return false, s.record(ctx, is.Contact, sent, nil, nil)
	}
	was := is.Contact
	body, err := json.Marshal(struct {
		remit.Contact

		Parts []remit.ContactField
	}{sent, pending})
	if err != nil {
		return false, fmt.Errorf("write what is sent of a customer: %w", err)
	}
	// The key follows version and text: a state that comes again is sent again.
	key := fmt.Sprintf("customer/%s/%s/update/%d/%x", s.who.ID, s.claim.StripeCustomer, s.claim.Version, shortSum(body))
	if is, err = s.link.Stripe.UpdateCustomer(ctx, key, s.claim.StripeCustomer, sent, pending); err != nil {
		return false, err
	}
	return false, s.record(ctx, is.Contact, sent, pending, &was)
}

// sends asks right before it what is still to be sent: the customer may have been changed
// while Stripe was looked at. Where the link is not held any more, or the customer was
// deleted, it is nothing, and somebody else goes on.
func (s *syncing) sends(ctx context.Context) (held bool, ours remit.Contact, pending []remit.ContactField, err error) {
	err = s.DB.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		link, err := tx.SyncHeld(ctx, s.claim)
		if err != nil {
			return err
		}
		if link == nil || link.Ending != "" {
			return tx.PutOffSync(ctx, s.claim, 0, "")
		}
		if s.who, err = tx.Customer(ctx, s.who.ID); err != nil {
			return err
		}
		held, s.claim.Version, ours = true, link.Version, remit.ContactOf(s.who)
		pending = link.Pending(ours)
		return nil
	})
	return held, ours, pending, err
}

// record writes what Stripe keeps now, what was sent to it, and what is taken of it.
// Where the link was ended or corrected meanwhile the audit trail alone tells what was
// sent: it reached the one at Stripe. Nothing is written into who was deleted meanwhile.
func (s *syncing) record(ctx context.Context, theirs, sent remit.Contact, parts []remit.ContactField, was *remit.Contact) error {
	return s.DB.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		if err := tx.LockCustomer(ctx, s.who.ID); err != nil {
			return err
		}
		who, err := tx.Customer(ctx, s.who.ID)
		if err != nil {
			return err
		}
		current, err := tx.CustomerSync(ctx, s.who.ID, s.link.Account, s.link.Livemode)
		if err != nil {
			return err
		}
		deleted := who.DeletedAt != nil || current != nil && current.Ending != ""
		if err := s.noteSent(ctx, tx, who, sent, parts, was, deleted); err != nil {
			return err
		}
		if deleted {
			return tx.PutOffSync(ctx, s.claim, 0, "")
		}
		if current == nil || current.StripeCustomer != s.claim.StripeCustomer || !current.ClaimedAt.Equal(s.claim.ClaimedAt) {
			return nil // linked elsewhere meanwhile, or somebody else goes on
		}
		ours := remit.ContactOf(who)
		if current.Shared == nil {
			current.Shared = &ours
		}
		shared := *current.Shared
		for _, part := range parts {
			shared, theirs = shared.With(part, sent), theirs.With(part, sent)
		}
		current.Shared = &shared
		with, taken := current.Taken(who, theirs)
		for _, part := range taken {
			shared = shared.With(part, theirs)
		}
		current.Shared, current.Seen, current.Failure = &shared, &theirs, ""
		if len(taken) > 0 {
			if err := takeContact(ctx, tx, with, taken, s.now()); err != nil {
				return err
			}
		}
		return tx.EndSync(ctx, *current)
	})
}

// noteSent says in the audit trail what was sent to Stripe; of who was deleted only which
// parts, and not again what is not to be kept.
func (s *syncing) noteSent(ctx context.Context, tx *postgres.Tx, who remit.Customer, sent remit.Contact, parts []remit.ContactField, was *remit.Contact, deleted bool) error {
	if len(parts) == 0 {
		return nil
	}
	if deleted {
		return noteContact(ctx, tx, "customer.sent", who, nil, parts, s.now())
	}
	return noteContact(ctx, tx, "customer.sent", who, words(*was, parts), words(sent, parts), s.now())
}

// takeContact writes the parts that are taken over from Stripe.
func takeContact(ctx context.Context, tx *postgres.Tx, with remit.Customer, taken []remit.ContactField, now time.Time) error {
	if err := tx.TakeContact(ctx, with); err != nil {
		return err
	}
	return noteContact(ctx, tx, "customer.taken", with, nil, words(remit.ContactOf(with), taken), now)
}

func words(c remit.Contact, parts []remit.ContactField) map[remit.ContactField]string {
	said := map[remit.ContactField]string{}
	for _, part := range parts {
		said[part] = c.Of(part)
	}
	return said
}

// noteContact says in the audit trail what was sent to Stripe, or taken from it.
func noteContact(ctx context.Context, tx *postgres.Tx, action string, who remit.Customer, before, after any, now time.Time) error {
	change, err := json.Marshal(map[string]any{"before": before, "after": after})
	if err != nil {
		return fmt.Errorf("write a change: %w", err)
	}
	return tx.AppendAudit(ctx, &remit.AuditEntry{
		At: now, Actor: remit.System, Action: action, Object: "customer " + who.ID.String(), Path: who.Organisation, Outcome: remit.AuditDone, Change: change,
	})
}

// gone ends the link with a customer who was deleted at Stripe. While money is collected
// from him it stays, and is looked at again.
func (s *syncing) gone(ctx context.Context) (ended bool, err error) {
	err = s.DB.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		zone, err := tx.ZoneOf(ctx, s.who.OrganisationID)
		if err != nil {
			return err
		}
		now := clock.Now(s.now())
		note := fmt.Sprintf("%s was deleted at Stripe on %s. The payment methods saved there are gone.", s.claim.StripeCustomer, now.In(zone).Format("2 Jan 2006"))
		held, err := tx.SyncHeld(ctx, s.claim)
		if err != nil {
			return err
		}
		if held == nil || held.Ending != "" {
			return tx.PutOffSync(ctx, s.claim, 0, "") // corrected or deleted here meanwhile
		}
		if _, err := unlink(ctx, tx, s.link, s.who.ID, note, now); err != nil {
			return err
		}
		ended = true
		return noteContact(ctx, tx, "customer.unlink", s.who, held.StripeCustomer, nil, s.now())
	})
	if remit.IsCode(err, remit.CodeInFlight) || remit.IsCode(err, remit.CodeConflict) {
		return false, s.DB.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
			return tx.PutOffSync(ctx, s.claim, time.Minute, s.claim.StripeCustomer+" was deleted at Stripe. The link ends when the payment under way is settled.")
		})
	}
	return ended, err
}

// endAtStripe takes away, at Stripe, what was saved of a customer who was deleted here:
// the customer there with all that is saved, or what is saved alone. While money is
// collected from him, on a page that is open, it waits.
func (s *syncing) endAtStripe(ctx context.Context) (ended bool, err error) {
	var taking bool
	err = s.DB.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		if taking, err = tx.TakesMoneyFrom(ctx, s.who.ID, s.link.Account, s.claim.StripeCustomer); err != nil || !taking {
			return err
		}
		return tx.PutOffSync(ctx, s.claim, time.Minute, "")
	})
	if err != nil || taking {
		return false, err
	}
	if s.claim.Ending == remit.StripeDelete {
		if err := s.link.Stripe.DeleteCustomer(ctx, s.claim.StripeCustomer); err != nil && !isMissing(err) {
			return false, err
		}
	} else {
		for _, kind := range []string{gateway.TypeCard, gateway.TypeBankAccount} {
			methods, err := s.link.Stripe.PaymentMethods(ctx, s.claim.StripeCustomer, kind)
			if err != nil && !isMissing(err) {
				return false, err
			}
			for _, m := range methods {
				err := s.link.Stripe.DetachPaymentMethod(ctx, fmt.Sprintf("customer/%s/detach/%s", s.who.ID, m.ID), m.ID)
				if f, failed := errors.AsType[*gateway.Failure](err); failed && f.Refused() {
					err = nil // it is nobody's already
				}
				if err != nil {
					return false, err
				}
			}
		}
	}
	err = s.DB.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		_, err = tx.EndLink(ctx, s.who.ID, s.link.Account, s.link.Livemode, "", clock.Now(s.now()))
		return err
	})
	return err == nil, err
}

// shortSum tells texts apart well enough for a key.
func shortSum(text []byte) []byte {
	sum := sha256.Sum256(text)
	return slices.Clone(sum[:8])
}
