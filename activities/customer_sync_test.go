package activities_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stripe/stripe-go/v79"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// aligned is a shop whose customer's change is to be sent to Stripe.
type aligned struct {
	*shop
	stripeCustomer string
}

func openAligned(t *testing.T) *aligned {
	a := &aligned{shop: openShop(t)}
	a.in(func(tx *postgres.Tx) (err error) {
		a.stripeCustomer, err = tx.StripeCustomer(t.Context(), a.customer.ID, a.account, false)
		return err
	})
	a.rename("Globex Europe")
	return a
}

func (a *aligned) in(do func(tx *postgres.Tx) error) {
	a.t.Helper()
	must(a.t, a.db.InTenant(a.t.Context(), a.tenant, do))
}

func (a *aligned) rename(name string) {
	a.t.Helper()
	a.in(func(tx *postgres.Tx) error {
		is, err := tx.HeldCustomer(a.t.Context(), a.customer.ID)
		if err != nil {
			return err
		}
		is.Name = name
		return tx.SaveCustomer(a.t.Context(), is)
	})
}

func (a *aligned) sync() error {
	_, err := a.payments.Connector.SyncCustomer(a.t.Context(), a.tenant, a.link, a.customer.ID, time.Now)
	return err
}

// once does something the first time that Stripe is asked for the customer in a way.
func (a *aligned) once(method string, do func()) {
	done := false
	a.watched.stop = func(asked, path string) error {
		if asked == method && strings.HasSuffix(path, "/customers/"+a.stripeCustomer) && !done {
			done = true
			do()
		}
		return nil
	}
}

// correct links another customer with the one at Stripe, as if no claim stood against it.
func (a *aligned) correct() (other uuid.UUID) {
	a.t.Helper()
	other = uuid.New()
	a.in(func(tx *postgres.Tx) error {
		ctx := a.t.Context()
		must(a.t, tx.InsertCustomer(ctx, remit.Customer{ID: other, OrganisationID: a.branch.ID, Name: "Initech", Currency: "USD", CreatedAt: time.Now()}))
		if _, err := tx.EndLink(ctx, a.customer.ID, a.account, false, "", time.Now()); err != nil {
			return err
		}
		contact := remit.Contact{Name: "Initech"}
		return tx.BeginLink(ctx, other, a.account, false, a.stripeCustomer, contact, contact)
	})
	return other
}

func (a *aligned) sent() int { return a.watched.count("POST", "/customers/"+a.stripeCustomer) }

// While a change is on its way to Stripe a link stays: it would reach whoever is linked
// with that one next.
func TestALinkStaysWhileAChangeIsOnItsWay(t *testing.T) {
	t.Parallel()
	a := openAligned(t)
	refused := 0
	for _, method := range []string{"GET", "POST"} {
		a.once(method, func() {
			err := a.db.InTenant(t.Context(), a.tenant, func(tx *postgres.Tx) error {
				_, err := activities.UnlinkCustomer(t.Context(), tx, a.link, a.customer.ID, "", time.Now())
				return err
			})
			if remit.IsCode(err, remit.CodeConflict) {
				refused++
			}
			err = a.db.InTenant(t.Context(), a.tenant, func(tx *postgres.Tx) error {
				_, _, err := activities.LinkCustomer(t.Context(), tx, a.link, a.customer.ID, activities.Linkable{AtStripe: remit.AtStripe{ID: "cus_other"}}, time.Now())
				return err
			})
			if remit.IsCode(err, remit.CodeConflict) {
				refused++
			}
		})
		must(t, a.sync())
		a.rename("Globex " + method)
	}
	if refused != 4 {
		t.Errorf("the link was kept %d times of 4", refused)
	}
	must(t, a.sync())
	a.in(func(tx *postgres.Tx) error {
		was, err := activities.UnlinkCustomer(t.Context(), tx, a.link, a.customer.ID, "", time.Now())
		if was != a.stripeCustomer {
			t.Errorf("afterwards %q is unlinked", was)
		}
		return err
	})
}

// A link that was corrected while Stripe was looked at gets nothing of the other
// customer's; what had left already is in the audit trail.
func TestNothingCrossesOverWhereALinkWasCorrected(t *testing.T) {
	t.Parallel()
	for _, during := range []string{"GET", "POST"} {
		t.Run(during, func(t *testing.T) {
			t.Parallel()
			a := openAligned(t)
			var other uuid.UUID
			a.once(during, func() { other = a.correct() })
			must(t, a.sync())
			if want := map[string]int{"GET": 0, "POST": 1}[during]; a.sent() != want {
				t.Errorf("%d changes left, not %d", a.sent(), want)
			}
			a.in(func(tx *postgres.Tx) error {
				is, err := tx.Customer(t.Context(), other)
				if is.Name != "Initech" || is.Email != "" {
					t.Errorf("the other customer is %+v", is)
				}
				if err != nil {
					return err
				}
				var noted int
				err = tx.QueryRow(t.Context(), "select count(*) from audit where action = 'customer.sent' and object = $1", "customer "+a.customer.ID.String()).Scan(&noted)
				if noted != a.sent() {
					t.Errorf("%d entries tell of %d changes", noted, a.sent())
				}
				return err
			})
		})
	}
}

// Nothing is sent of a customer who was deleted meanwhile, and nothing is written into him.
func TestWhoWasDeletedMeanwhileIsNotFilledAgain(t *testing.T) {
	t.Parallel()
	for _, during := range []string{"GET", "POST"} {
		t.Run(during, func(t *testing.T) {
			t.Parallel()
			a := openAligned(t)
			a.once(during, func() {
				a.in(func(tx *postgres.Tx) error {
					is, err := tx.HeldCustomer(t.Context(), a.customer.ID)
					if err != nil {
						return err
					}
					must(t, tx.EndAtStripe(t.Context(), is.ID, a.account, false, remit.StripeDelete))
					return tx.DeleteCustomer(t.Context(), is, time.Now())
				})
				_, err := a.stripe.Customers.Update(a.stripeCustomer, &stripe.CustomerParams{Phone: stripe.String("020 1")})
				must(t, err)
			})
			must(t, a.sync())
			a.in(func(tx *postgres.Tx) error {
				is, err := tx.Customer(t.Context(), a.customer.ID)
				if is.Email != "" || is.Details.Telephone != "" {
					t.Errorf("who was deleted is %+v", is)
				}
				if err != nil {
					return err
				}
				due, err := tx.DueSyncs(t.Context(), a.account, false, 10)
				if len(due) != 1 {
					t.Errorf("to be ended at Stripe at once: %v", due)
				}
				return err
			})
			if during == "GET" && a.sent() != 0 {
				t.Errorf("%d changes left", a.sent())
			}
			must(t, a.sync())
			if n := a.watched.count("DELETE", "/customers/"+a.stripeCustomer); n != 1 {
				t.Errorf("deleted %d times at Stripe", n)
			}
		})
	}
}

// A failure puts nothing off that became due meanwhile, and frees no other's claim.
func TestPuttingOffLeavesWhatBecameDueMeanwhile(t *testing.T) {
	t.Parallel()
	a := openAligned(t)
	state := func() (s *postgres.CustomerSync, due []uuid.UUID) {
		a.in(func(tx *postgres.Tx) (err error) {
			if s, err = tx.CustomerSync(t.Context(), a.customer.ID, a.account, false); err == nil {
				due, err = tx.DueSyncs(t.Context(), a.account, false, 10)
			}
			return err
		})
		return s, due
	}
	a.watched.stop = func(string, string) error { return errors.New("lost") }
	if a.sync() == nil {
		t.Fatal("a lost call is no failure")
	}
	if s, due := state(); len(due) != 0 || s.Tries != 1 || s.Failure == "" {
		t.Errorf("after a failure it stands at %+v, due %v", s, due)
	}
	a.watched.stop = func(string, string) error { a.rename("Globex " + uuid.NewString()); return errors.New("lost") }
	_ = a.sync()
	if s, due := state(); len(due) != 1 || s.Tries != 0 || s.Failure != "" {
		t.Errorf("changed meanwhile it stands at %+v, due %v", s, due)
	}
	a.in(func(tx *postgres.Tx) error {
		mine, err := tx.ClaimSync(t.Context(), a.customer.ID, a.account, false)
		if err != nil {
			return err
		}
		late := *mine
		late.ClaimedAt = mine.ClaimedAt.Add(-time.Hour)
		must(t, tx.PutOffSync(t.Context(), late, time.Minute, "late"))
		is, err := tx.Syncing(t.Context(), a.customer.ID, a.account, false)
		if !is {
			t.Error("who is late frees the claim of another")
		}
		return err
	})
}
