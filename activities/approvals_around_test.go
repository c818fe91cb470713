package activities_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/money"
	"remit/postgres"
)

// does carries out what Ana asks of an invoice.
func (s *fourEyes) does(ref remit.InvoiceRef, kind remit.RequestKind, payload any) {
	s.t.Helper()
	done, err := s.payments.Perform(s.t.Context(), ref, s.request(ref, kind, payload))
	must(s.t, err)
	if done.Result.Refused != nil {
		s.t.Fatalf("%s: %+v", kind, done.Result.Refused)
	}
}

// onesOwn is a sent invoice of 90.00, due today, that came with its maker's word that it
// is charged by itself.
func (s *fourEyes) onesOwn(maker remit.Actor) remit.InvoiceRef {
	s.t.Helper()
	yes := true
	return s.made(maker, &yes)
}

// made is such an invoice with a word of its own, or none.
func (s *fourEyes) made(maker remit.Actor, own *bool) (ref remit.InvoiceRef) {
	s.t.Helper()
	ctx, now := s.t.Context(), s.clock().Now(s.now())
	ref.Tenant = s.tenant
	must(s.t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		draft, err := activities.Draft(ctx, tx, remit.InvoiceInput{
			Organisation: s.branch.Path, CustomerID: s.customer.ID, Number: "OWN-" + uuid.NewString()[:8], IssueDate: s.in(0), DueDate: s.in(0), AutoCharge: own,
			Lines: []remit.Line{{Description: "Work", Quantity: "1", UnitPrice: money.Of(9000, "USD").Decimal(), Amount: 9000}},
		}, s.customer, now)
		must(s.t, err)
		draft.Settings.AutoCharge.Window = remit.ChargeWindow{From: 0, To: 24 * 60}
		_, ref.Invoice, err = activities.InsertDraft(ctx, tx, draft, maker, now)
		must(s.t, err)
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		must(s.t, err)
		return activities.Send(ctx, tx, l, s.now(), remit.System)
	}))
	return ref
}

// foretold is what a dry run of two days says of an invoice's charge.
func (s *fourEyes) foretold(ref remit.InvoiceRef) (outcome remit.ChargeOutcome) {
	s.t.Helper()
	id, now, day := uuid.New(), s.clock().Now(s.now()), s.in(2)
	run := remit.DueDateRunRef{Tenant: s.tenant, Run: &id}
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		return activities.InsertDueDateRun(s.t.Context(), tx, remit.DueDateRun{ID: id, OrganisationID: s.tenant, By: now, DryRun: true, Actor: remit.System, CreatedAt: now}, &day)
	}))
	for more := true; more; {
		var err error
		more, err = (&activities.DueDates{Payments: s.payments}).ChargeDuePage(s.t.Context(), run)
		must(s.t, err)
	}
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		entries, err := tx.DueDateEntries(s.t.Context(), id, nil, 100)
		for _, e := range entries {
			if e.InvoiceID == ref.Invoice {
				outcome = e.Forecast
			}
		}
		return err
	}))
	return outcome
}

// says has the customer say whether he is charged by himself, or somebody in his name, and
// the invoice follow, whoever has it follow.
func (s *fourEyes) says(ref remit.InvoiceRef, word bool, by *remit.Actor) {
	s.t.Helper()
	s.words(word, by)
	must(s.t, s.locked(ref, func(tx *postgres.Tx, l *postgres.LockedInvoice) error {
		must(s.t, activities.KeepCharge(s.t.Context(), tx, l, s.now()))
		return tx.SaveInvoice(s.t.Context(), l, s.now())
	}))
}

// words stores the customer's word, and who gave it.
func (s *fourEyes) words(word bool, by *remit.Actor) {
	s.t.Helper()
	now := s.clock().Now(s.now())
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		must(s.t, tx.SayWord(s.t.Context(), s.customer.ID, &word, by, now))
		must(s.t, tx.SetAutoCharge(s.t.Context(), s.customer.ID, &word))
		who, err := tx.Customer(s.t.Context(), s.customer.ID)
		s.customer = who
		return err
	}))
}

// Z9: whoever holds only invoice=edit has nothing charged above the limit without a
// second person, by whichever act he would have it charged now or sooner; a dry run
// says so before, and with an approval exactly that sum is paid.
func TestNobodyAloneHasChargedWhatNeedsAnApproval(t *testing.T) {
	t.Parallel()
	ana := remit.Actor{Kind: "user", ID: uuid.NewString(), Name: "Ana"}
	for what, act := range map[string]func(*fourEyes) (ref remit.InvoiceRef, paid int64){
		"switched on": func(s *fourEyes) (remit.InvoiceRef, int64) {
			ref := s.automatic(9000, 0, nil)
			s.does(ref, remit.RequestAutoCharge, remit.AutoChargeRequest{On: false})
			s.does(ref, remit.RequestAutoCharge, remit.AutoChargeRequest{On: true})
			return ref, 0
		},
		"switched on before its date": func(s *fourEyes) (remit.InvoiceRef, int64) {
			ref := s.automatic(9000, 1, nil)
			s.does(ref, remit.RequestAutoCharge, remit.AutoChargeRequest{On: false})
			s.does(ref, remit.RequestAutoCharge, remit.AutoChargeRequest{On: true})
			return ref, 0
		},
		"a hold lifted after its date": func(s *fourEyes) (remit.InvoiceRef, int64) {
			ref := s.automatic(9000, 1, nil)
			s.does(ref, remit.RequestHold, remit.ReasonRequest{Reason: "asks"})
			s.wait(ref, 2*aDay)
			s.does(ref, remit.RequestLiftHold, struct{}{})
			return ref, 0
		},
		"moved to today": func(s *fourEyes) (remit.InvoiceRef, int64) {
			ref := s.automatic(9000, 30, nil)
			s.does(ref, remit.RequestAmend, amendTo(s.t, 9000, s.in(0).String()))
			return ref, 0
		},
		"moved into the past": func(s *fourEyes) (remit.InvoiceRef, int64) {
			ref := s.automatic(9000, 30, nil)
			s.does(ref, remit.RequestAmend, amendTo(s.t, 9000, s.in(-1).String()))
			return ref, 0
		},
		"moved to tomorrow": func(s *fourEyes) (remit.InvoiceRef, int64) {
			ref := s.automatic(9000, 30, nil)
			s.does(ref, remit.RequestAmend, amendTo(s.t, 9000, s.in(1).String()))
			return ref, 0
		},
		"raised after it was paid": func(s *fourEyes) (remit.InvoiceRef, int64) {
			ref := s.automatic(4000, 1, nil)
			s.wait(ref, 2*aDay)
			s.does(ref, remit.RequestAmend, amendTo(s.t, 13_000, s.in(-1).String()))
			return ref, 4000
		},
		"moved on once it was late": func(s *fourEyes) (remit.InvoiceRef, int64) {
			ref := s.automatic(9000, 1, nil)
			s.wait(ref, 10*aDay)
			s.hasCaptured(ref, 0)
			s.does(ref, remit.RequestAmend, amendTo(s.t, 9000, s.in(0).String()))
			return ref, 0
		},
		"put off in a hold, which is lifted before the new date": func(s *fourEyes) (remit.InvoiceRef, int64) {
			ref := s.automatic(9000, 1, nil)
			s.does(ref, remit.RequestHold, remit.ReasonRequest{Reason: "asks"})
			s.wait(ref, 2*aDay)
			s.does(ref, remit.RequestAmend, amendTo(s.t, 9000, s.in(1).String()))
			s.does(ref, remit.RequestLiftHold, struct{}{})
			return ref, 0
		},
		"put off while its customer says no": func(s *fourEyes) (remit.InvoiceRef, int64) {
			ref := s.automatic(9000, 1, nil)
			s.says(ref, false, nil)
			s.wait(ref, 2*aDay)
			s.does(ref, remit.RequestAmend, amendTo(s.t, 9000, s.in(1).String()))
			s.says(ref, true, nil)
			return ref, 0
		},
		"its customer's no taken back, by a request that died": func(s *fourEyes) (remit.InvoiceRef, int64) {
			ref := s.automatic(9000, 1, nil)
			s.says(ref, false, nil)
			s.wait(ref, 2*aDay)
			s.words(true, &ana)
			s.says(ref, true, &ana)
			return ref, 0
		},
		"by a yes said in its customer's name": func(s *fourEyes) (remit.InvoiceRef, int64) {
			s.words(true, &ana)
			return s.made(remit.Actor{Kind: "user", ID: uuid.NewString(), Name: "Bo"}, nil), 0
		},
		"by a yes in its customer's name, of a schedule": func(s *fourEyes) (remit.InvoiceRef, int64) {
			s.words(true, &ana)
			return s.made(remit.System, nil), 0
		},
		"a schedule with its maker's word": func(s *fourEyes) (remit.InvoiceRef, int64) {
			s.bills(func(made *remit.BillingSchedule) {
				yes := true
				terms := &made.Versions[0]
				terms.Lines[0].UnitPrice, terms.AutoCharge, terms.By, terms.End, terms.DueDays = "90.00", &yes, &ana, s.in(0), new(int)
				made.Settings.AutoCharge.Window = remit.ChargeWindow{From: 0, To: 24 * 60}
			})
			s.bill()
			ref := remit.InvoiceRef{Tenant: s.tenant}
			must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
				return tx.QueryRow(s.t.Context(), "select invoice_id from billing_periods where tenant = $1", s.tenant).Scan(&ref.Invoice)
			}))
			return ref, 0
		},
		"made with one's own word": func(s *fourEyes) (remit.InvoiceRef, int64) { return s.onesOwn(ana), 0 },
		"planned anew": func(s *fourEyes) (remit.InvoiceRef, int64) {
			ref := s.onesOwn(ana)
			must(s.t, s.locked(ref, func(tx *postgres.Tx, l *postgres.LockedInvoice) error {
				must(s.t, tx.Done(s.t.Context(), remit.AgendaCharge, l.ID, l.Clock.Now(s.now())))
				return activities.KeepCharge(s.t.Context(), tx, l, s.now())
			}))
			return ref, 0
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := openFourEyes(t)
			ref, paid := act(s)
			if foretold := s.foretold(ref); foretold != remit.OutcomeSkipped {
				t.Errorf("a dry run says %q", foretold)
			}
			s.wait(ref, 2*aDay)
			s.hasCaptured(ref, paid)
			if i, _ := s.read(ref); i.Collection.State != remit.CollectionAsks {
				t.Fatalf("collection has come to %+v: %v", i.Collection, s.kinds(ref))
			}
			done, err := s.payments.Perform(t.Context(), ref, s.paysWith(ref, 9000, s.approves(ref, s.asks(ref, 9000))))
			must(t, err)
			if done.Result.Attempt == nil {
				t.Fatalf("approved, it is %+v", done.Result)
			}
			s.hasCaptured(ref, paid+9000)
		})
	}
}

// Z9: what a date of the settings has charged needs nobody, whatever else was done to
// the invoice that did not hasten it; nor does what is not above the limit.
func TestStandingInstructionsNeedNoApproval(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		amount int64
		act    func(*fourEyes) remit.InvoiceRef
	}{
		"on its date": {9000, func(s *fourEyes) remit.InvoiceRef { return s.automatic(9000, 1, nil) }},
		"held and let go before it": {9000, func(s *fourEyes) remit.InvoiceRef {
			ref := s.automatic(9000, 1, nil)
			s.does(ref, remit.RequestHold, remit.ReasonRequest{Reason: "asks"})
			s.does(ref, remit.RequestLiftHold, struct{}{})
			return ref
		}},
		"moved to a later one before it": {9000, func(s *fourEyes) remit.InvoiceRef {
			ref := s.automatic(9000, 1, nil)
			s.does(ref, remit.RequestAmend, amendTo(s.t, 9000, s.in(2).String()))
			return ref
		}},
		"its customer's no, taken back before it": {9000, func(s *fourEyes) remit.InvoiceRef {
			ref := s.automatic(9000, 1, nil)
			s.says(ref, false, nil)
			s.says(ref, true, &remit.Actor{Kind: "user", Name: "Ana"})
			return ref
		}},
		"its customer's own yes": {9000, func(s *fourEyes) remit.InvoiceRef {
			s.words(true, nil)
			return s.made(remit.Actor{Kind: "user", Name: "Ana"}, nil)
		}},
		"a yes in his name that he repeated": {9000, func(s *fourEyes) remit.InvoiceRef {
			s.words(true, &remit.Actor{Kind: "user", Name: "Ana"})
			s.words(true, nil)
			return s.made(remit.Actor{Kind: "user", Name: "Ana"}, nil)
		}},
		"a schedule's word of before it was kept whose it is": {9000, func(s *fourEyes) remit.InvoiceRef { return s.onesOwn(remit.System) }},
		"not above the limit": {5000, func(s *fourEyes) remit.InvoiceRef {
			ref := s.automatic(5000, 30, nil)
			s.does(ref, remit.RequestAmend, amendTo(s.t, 5000, s.in(0).String()))
			return ref
		}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := openFourEyes(t)
			ref := c.act(s)
			if foretold := s.foretold(ref); foretold != remit.OutcomeCharged {
				t.Errorf("a dry run says %q", foretold)
			}
			s.wait(ref, 2*aDay+time.Hour)
			s.hasCaptured(ref, c.amount)
		})
	}
}
