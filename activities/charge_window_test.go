package activities_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// narrow has an invoice charged in a window of its own, and at its opening.
func (s *shop) narrow(ref remit.InvoiceRef, window remit.ChargeWindow) {
	s.t.Helper()
	must(s.t, s.locked(ref, func(tx *postgres.Tx, l *postgres.LockedInvoice) error {
		l.Settings.AutoCharge.Window = window
		first, _ := remit.ChargeOf(l.Invoice, l.Zone)
		_, err := tx.Exec(s.t.Context(), "update agenda set at = $2, details = details || jsonb_build_object('planned', $2::timestamptz) where invoice_id = $1 and kind = 'charge' and done_at is null", l.ID, first.At)
		must(s.t, err)
		return tx.SaveInvoice(s.t.Context(), l, s.now())
	}))
}

func (s *shop) locked(ref remit.InvoiceRef, fn func(*postgres.Tx, *postgres.LockedInvoice) error) error {
	return s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(s.t.Context(), ref.Invoice)
		if err != nil {
			return err
		}
		return fn(tx, l)
	})
}

// M11: what was due in a window that has closed, since nobody worked, waits for the next
// one, also where a run finds it at night; a run that a person starts then charges it, once.
func TestAfterAnOutageTheWindowIsWaitedFor(t *testing.T) {
	t.Parallel()
	york := mustZone(t, "America/New_York")
	ana := remit.Actor{Kind: "user", ID: uuid.NewString(), Name: "Ana"}
	for what, act := range map[string]func(*shop, remit.InvoiceRef){
		"the next window": func(s *shop, ref remit.InvoiceRef) { s.wait(ref, 12*time.Hour+30*time.Minute) },
		"a person's run": func(s *shop, ref remit.InvoiceRef) {
			today := s.in(0)
			s.runsBy(ana, 3, &today)
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			ref := s.automatic(5000, 2, nil)
			s.narrow(ref, remit.ChargeWindow{From: 9 * 60, To: 10 * 60})
			due := s.in(2)
			night := due.At(21*60, york)
			s.passed += night.Sub(s.clock().Now(s.now()))
			must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
				_, err := tx.Exec(t.Context(), "update organisations set clock_offset = $2 where id = $1", s.tenant, s.passed)
				return err
			}))
			must(t, s.link.Stripe.MoveStandinClock(t.Context(), time.Now().Add(s.passed)))
			s.runsBy(remit.System, 3, nil)
			s.hasCaptured(ref, 0)
			row := s.nextCharge(ref)
			if row == nil || !row.At.Equal(due.AddDays(1).At(9*60, york)) || row.Plan.Round != 0 || !row.Plan.Planned.Equal(due.At(9*60, york)) {
				t.Fatalf("at night it is planned %+v: %v", row, s.kinds(ref))
			}
			act(s, ref)
			s.hasCaptured(ref, 5000)
		})
	}
}

// Credit pays what is due where nothing can be charged, for want of an account or while
// somebody has a page open and leaves it.
func TestCreditPaysWhatCannotBeCharged(t *testing.T) {
	t.Parallel()
	for what, act := range map[string]func(*shop, remit.InvoiceRef){
		"the account takes no charges": func(s *shop, ref remit.InvoiceRef) {
			s.giveCredit(5000)
			must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
				_, err := tx.Exec(s.t.Context(), "update connections set charges_enabled = false")
				return err
			}))
			s.wait(ref, 2*aDay)
		},
		"a page is open, and no method saved": func(s *shop, ref remit.InvoiceRef) {
			must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
				_, err := tx.Exec(s.t.Context(), "update payment_methods set status = 'detached'")
				return err
			}))
			s.wait(ref, s.nextCharge(ref).At.Sub(s.clock().Now(s.now()))-10*time.Minute)
			s.checkout(ref, 5000, false)
			s.giveCredit(5000)
			s.wait(ref, 2*time.Hour)
			if s.credit() != 5000 {
				s.t.Errorf("while the page is open %d of credit is left: %v", s.credit(), s.kinds(ref))
			}
			s.wait(ref, aDay)
			s.wait(ref, aDay)
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			ref := s.automatic(5000, 1, nil)
			act(s, ref)
			if invoice, _ := s.read(ref); invoice.Status != remit.InvoicePaid || s.credit() != 0 {
				t.Errorf("it is %s, %+v, and %d of credit is left: %v", invoice.Status, invoice.Collection, s.credit(), s.kinds(ref))
			}
		})
	}
}

// A page that is open when a charge takes its place is closed before credit is used, and
// what came of it is looked at: whoever pays there in that moment has paid, his credit is
// left, and nothing is paid twice. Unpaid, credit pays first and the card the rest (M2c, M9).
func TestPageIsClosedBeforeCreditIsUsed(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		pays                 bool // in the moment in which it is closed
		credit               int64
		captured, creditLeft int64
	}{
		"paid in that moment":                    {true, 2000, 5000, 2000},
		"paid in that moment, and credit enough": {true, 5000, 5000, 5000},
		"unpaid":                                 {false, 2000, 3000, 0},
		"unpaid, and credit enough":              {false, 5000, 0, 0},
		"unpaid, and no credit":                  {false, 0, 5000, 0},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			ref := s.automatic(5000, 1, nil)
			s.wait(ref, s.nextCharge(ref).At.Sub(s.clock().Now(s.now()))-time.Hour)
			page := s.checkout(ref, 5000, false)
			if c.credit > 0 {
				s.giveCredit(c.credit)
			}
			s.watched.stop = func(_, path string) error {
				if c.pays && hasSuffix(path, "/expire") {
					c.pays = false
					s.submit(page, "4242424242424242", false)
				}
				return nil
			}
			s.wait(ref, 2*time.Hour)
			s.watched.stop = nil
			s.wait(ref, time.Hour)
			s.hasCaptured(ref, c.captured)
			invoice, _ := s.read(ref)
			if excess := s.excessOf(ref); invoice.Status != remit.InvoicePaid || s.credit() != c.creditLeft || len(excess) != 0 || s.nextCharge(ref) != nil {
				t.Errorf("it is %s, %d of credit is left and %v is excess: %v", invoice.Status, s.credit(), excess, s.kinds(ref))
			}
			s.soundly(ref)
		})
	}
}
