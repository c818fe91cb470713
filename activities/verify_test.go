package activities_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"remit"
	"remit/postgres"
)

// A value that no entry of the timeline tells is named with its field and both
// values, whichever of the compared fields it was written into past the
// application, and nothing is named where nothing was (Z2).
func TestVerifyNamesWhatTheTimelineDoesNotTell(t *testing.T) {
	s := openShop(t)
	ref := s.eventful()
	owner, err := pgx.Connect(t.Context(), s.url)
	must(t, err)
	defer func() { _ = owner.Close(t.Context()) }()
	_, err = owner.Exec(t.Context(), "set session_replication_role = replica") // no trigger stands in the way
	must(t, err)
	if wrong := s.verified(ref); len(wrong) > 0 {
		t.Fatalf("verify finds %q before anything was planted", wrong)
	}
	for _, plant := range []struct{ table, column, value, field, told, stored string }{
		{"invoices", "status", "'open'", "status", "partially_paid", "open"},
		{"invoices", "overdue", "false", "overdue", "true", "false"},
		{"invoices", "total", "1", "total", "13000", "1"},
		{"invoices", "due_date", "'2020-02-02'", "due date", "2020-02-03", "2020-02-02"},
		{"invoices", "label", "'Lost'", "label", "Paid", "Lost"},
		{"invoices", "hold_reason", "'no reason'", "hold", "dispute: a bank took a payment back", "dispute: no reason"},
		{"invoices", "hold_kind", "'person'", "hold", "dispute: a bank took a payment back", "person: a bank took a payment back"},
		{"invoice_balances", "billed", "billed + 1", "billed", "13000", "13001"},
		{"invoice_balances", "applied", "applied - 1", "applied", "5000", "4999"},
		{"attempts", "state", "'processing'", "live attempt", "0", "2"},
		{"attempts", "state", "'failed'", "attempt 2", "succeeded", "failed"},
		{"payments", "state", "'failed'", "state of payment", "succeeded", "failed"},
		{"payments", "amount_captured", "amount_captured + 7", "captured by payment", "10000", "10007"},
		{"payments", "amount_captured", "amount_captured + 7", "collected", "13000", "13007"},
		{"payments", "amount_refunded", "amount_refunded - 7", "refunded of payment", "2000", "1993"},
		{"payments", "amount_refunded", "amount_refunded - 7", "refunded", "2000", "1993"},
		{"refunds", "state", "'failed'", "refund", "succeeded", "failed"},
		{"disputes", "state", "'won'", "dispute", "lost, money withdrawn", "won, money withdrawn"},
		{"disputes", "withdrawn", "false", "dispute", "lost, money withdrawn", "lost"},
		{"disputes", "closed_at", "null", "contested", "false", "true"},
	} {
		where := map[string]string{
			"invoices": "id = $1", "attempts": "invoice_id = $1 and number = 2",
			"payments": "invoice_id = $1 and source = 'stripe'", "invoice_balances": "invoice_id = $1", "refunds": "invoice_id = $1", "disputes": "invoice_id = $1",
		}[plant.table]
		var before *string
		var kind string
		must(t, owner.QueryRow(t.Context(), fmt.Sprintf("select %[2]s::text, pg_typeof(%[2]s)::text from %[1]s where %[3]s", plant.table, plant.column, where), ref.Invoice).Scan(&before, &kind))
		_, err := owner.Exec(t.Context(), fmt.Sprintf("update %s set %s = %s where %s", plant.table, plant.column, plant.value, where), ref.Invoice)
		must(t, err)
		wrong := s.verified(ref)
		named := slices.ContainsFunc(wrong, func(what string) bool {
			return strings.HasPrefix(what, plant.field) && strings.HasSuffix(what, fmt.Sprintf(": its timeline tells %s, stored is %s", plant.told, plant.stored))
		})
		if !named {
			t.Errorf("%s of %s planted, verify says %q", plant.column, plant.table, wrong)
		}
		_, err = owner.Exec(t.Context(), fmt.Sprintf("update %s set %s = $2::text::%s where %s", plant.table, plant.column, kind, where), ref.Invoice, before)
		must(t, err)
	}
	for _, change := range []struct{ statement, undo, says string }{
		{"update ledger_lines l set amount = amount + 7 from ledger_entries e where e.id = l.entry_id and e.invoice_id = $1 and e.kind = 'payment'",
			"update ledger_lines l set amount = amount - 7 from ledger_entries e where e.id = l.entry_id and e.invoice_id = $1 and e.kind = 'payment'", "the ledger has"},
		{"update timeline set data = data || '{\"amount\": 1}' where invoice_id = $1 and kind = 'paid'",
			"update timeline set data = data || '{\"amount\": 10000}' where invoice_id = $1 and kind = 'paid'", "is not what was written"},
		{"update timeline set kind = 'something' where invoice_id = $1 and kind = 'amended'",
			"update timeline set kind = 'amended' where invoice_id = $1 and kind = 'something'", "cannot be told over again"},
	} {
		_, err := owner.Exec(t.Context(), change.statement, ref.Invoice)
		must(t, err)
		if wrong := s.verified(ref); !strings.Contains(strings.Join(wrong, "\n"), change.says) {
			t.Errorf("after %s, verify says %q", change.statement, wrong)
		}
		_, err = owner.Exec(t.Context(), change.undo, ref.Invoice)
		must(t, err)
	}
	if wrong := s.verified(ref); len(wrong) > 0 {
		t.Errorf("verify finds %q after all was put right", wrong)
	}
}

// eventful is an invoice to which nearly all has happened that can: amended,
// declined, paid in two ways, refunded in part, and disputed.
func (s *shop) eventful() remit.InvoiceRef {
	s.t.Helper()
	s.mayRefund()
	ref := s.invoiceDue(12000, "2020-02-03")
	l := &life{s: s, ref: ref}
	l.perform(s.request(ref, remit.RequestHold, remit.ReasonRequest{Reason: "asks about it"}))
	l.perform(s.request(ref, remit.RequestAmend, amendTo(s.t, 13000, "2020-02-03")))
	l.perform(s.pay(ref, 10000, s.save("pm_card_chargeCustomerFail")))
	l.perform(s.pay(ref, 10000, s.card))
	l.perform(s.request(ref, remit.RequestRecordPayment, remit.RecordRequest{Amount: 3000, Method: "bank_transfer", Reference: "R"}))
	_, payments := s.read(ref)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payments[0].ID, Amount: 2000, Choice: remit.RefundSettles})
	if refused != nil {
		s.t.Fatal(refused)
	}
	s.send(asked)
	dispute := s.act("/charges/"+payments[0].Charge+"/dispute", map[string]any{})
	s.hear(ref, "charge.dispute.created", dispute)
	s.advance(ref)
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "lost"})
	s.hear(ref, "charge.dispute.closed", dispute)
	s.advance(ref)
	return ref
}

// verified is what verify finds wrong with an invoice.
func (s *shop) verified(ref remit.InvoiceRef) (wrong []string) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), ref.Tenant, func(tx *postgres.Tx) (err error) {
		wrong, err = tx.VerifyInvoice(s.t.Context(), ref.Invoice)
		return err
	}))
	return wrong
}
