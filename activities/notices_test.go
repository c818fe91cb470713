package activities_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"remit"
	"remit/postgres"
)

// notices are what the outbox holds about an invoice beside the mail that brought it,
// the first first.
func (s *shop) notices(ref remit.InvoiceRef) (stages []string) {
	s.t.Helper()
	for stage, list := range s.mails(ref) {
		for range list {
			if stage != "sent" {
				stages = append(stages, stage)
			}
		}
	}
	slices.Sort(stages)
	return stages
}

// run writes what the agenda has due of an invoice's notices, twice at once, as two
// runs would that overlap.
func (s *shop) run(ref remit.InvoiceRef) {
	s.t.Helper()
	row := s.planned(ref)
	if row == nil || row.At.After(s.now()) {
		return
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := s.payments.WriteNotice(s.t.Context(), s.tenant, *row); err != nil {
				s.t.Error(err)
			}
		})
	}
	both.Wait()
}

func (s *shop) planned(ref remit.InvoiceRef) (row *postgres.AgendaRow) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) (err error) {
		row, err = tx.AgendaOf(s.t.Context(), remit.AgendaNotice, ref.Invoice)
		return err
	}))
	return row
}

func (s *shop) wants(settings remit.NoticeSettings) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		if _, err := tx.SetSetting(s.t.Context(), s.branch.ID, postgres.NoticesSetting, settings, s.payer); err != nil {
			return err
		}
		return tx.RecheckNotices(s.t.Context(), nil, s.branch.Path, s.now())
	}))
}

// M13, N6, R13: a stage is written once however often it is asked for, a customer is
// reminded of one invoice a day, and of one that is paid never.
func TestFailure37NoticesAreWrittenOnce(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	zone, err := time.LoadLocation("America/New_York")
	must(t, err)
	due := remit.DateOf(time.Now().In(zone)).AddDays(10)
	first, second := s.invoiceDue(5000, due.String()), s.invoiceDue(7000, due.String())
	if s.planned(first) != nil {
		t.Fatal("a reminder is planned though nobody turned them on")
	}
	settings := remit.DefaultNoticeSettings()
	settings.Reminders, settings.BCC = true, []string{"books@acme.test"}
	s.wants(settings)
	s.run(first)
	s.run(second)
	opening := remit.DefaultChargeWindow().OpensOn(due.AddDays(-3), zone)
	if row := s.planned(first); row == nil || !row.At.Equal(opening) || row.What != "Reminds the customer" {
		t.Fatalf("planned is %+v", row)
	}
	s.payments.Now = func() time.Time { return opening.Add(time.Minute) }
	for range 3 {
		s.run(first)
		s.run(second)
	}
	if got, other := s.notices(first), s.notices(second); !slices.Equal(got, []string{"reminder"}) || len(other) != 0 {
		t.Errorf("on one day %v and %v were written", got, other)
	}
	if told := s.told(first, "mail"); len(told) != 2 || !strings.Contains(told[1].What, "A reminder is in the outbox") {
		t.Errorf("the timeline says %+v", told)
	}
	s.payments.Now = func() time.Time { return opening.Add(24 * time.Hour) }
	s.run(first)
	s.run(second)
	if got, other := s.notices(first), s.notices(second); len(got) != 1 || !slices.Equal(other, []string{"reminder"}) {
		t.Errorf("by the next day %v and %v were written", got, other)
	}
	if _, err := s.payments.Perform(t.Context(), first, s.asksNow(s.pay(first, 5000, s.card))); err != nil {
		t.Fatal(err)
	}
	if row := s.planned(first); row != nil {
		t.Errorf("of a paid invoice %+v is planned", row)
	}
	if got := s.notices(first); !slices.Equal(got, []string{"paid", "reminder"}) {
		t.Errorf("with its receipt %v were written", got)
	}
	if receipt := s.mails(first)["paid"][0]; !strings.Contains(receipt.Body, "has received $50.00") || !strings.Contains(receipt.Body, "Nothing is left to pay.") {
		t.Errorf("the receipt says %q", receipt.Body)
	}
}
