package program_test

import (
	"slices"
	"strings"
	"testing"
)

// An invoice that nobody pays passes two stages: each fee is billed and told with its
// reason, the second cut to what the cap leaves; one is taken back with a reason by who may
// edit it, and does not come again; the customer pays the total, and the ledger, the
// timeline and the total say the same throughout (P2).
func TestP2LateFeesFromTheDueDateToTheMoney(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	fees := map[string]any{
		"stages":      []any{map[string]any{"after_due_days": 2, "percent": "5"}, map[string]any{"after_due_days": 4, "fixed": 1000}},
		"cap_percent": "12",
	}
	for days, field := range map[int]string{2: "late_fees.stages[0].after_due_days", 3: "late_fees.stages[0].after_due_days", 60: "late_fees.stages[0].after_due_days"} {
		refused := admin.put("/v1/settings/payments", map[string]any{"auto_charge_days": days, "late_fees": fees}).want(422)
		if !strings.Contains(string(refused.raw), field) {
			t.Errorf("charged %d days after: %s", days, refused.raw)
		}
	}
	admin.put("/v1/settings/payments", map[string]any{"late_fees": fees}).want(200)
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice := w.dueIn(w.branchA, customer, 1, 10_000)
	owes := func(day int, outstanding int64, adjustments ...int64) {
		t.Helper()
		w.clockTo(firstDay().AddDays(day).String())
		got := admin.get("/v1/invoices/" + invoice).want(200)
		var told []int64
		sum := int64(10_000)
		for n := 0; got.at("adjustments", n) != nil; n++ {
			if got.text("adjustments", n, "kind") != "late_fee" {
				t.Errorf("it bills %s", got.raw)
			}
			told = append(told, got.number("adjustments", n, "amount"))
			sum += told[n]
		}
		if got.number("outstanding") != outstanding || got.number("total") != sum || !slices.Equal(told, adjustments) {
			t.Errorf("on day %d %d of %d is owed by fees of %v, want %d by %v", day, got.number("outstanding"), got.number("total"), told, outstanding, adjustments)
		}
	}
	owes(2, 10_000)
	owes(3, 10_500, 500)
	owes(4, 10_500, 500)
	owes(5, 11_200, 500, 700)
	payer.post("/v1/invoices/"+invoice+"/late-fees/reverse", map[string]any{"stage": 1, "reason": "x"}).want(403)
	admin.post("/v1/invoices/"+invoice+"/late-fees/reverse", map[string]any{"stage": 1}).want(400)
	admin.post("/v1/invoices/"+invoice+"/late-fees/reverse", map[string]any{"stage": 1, "reason": "A good customer."}).want(200)
	admin.post("/v1/invoices/"+invoice+"/late-fees/reverse", map[string]any{"stage": 1, "reason": "A good customer."}).want(409)
	owes(20, 10_700, 500, 700, -500)
	payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 10_700, "payment_method": card}).want(200)
	w.chargedOnce(map[string]int64{invoice: 10_700})
	told := slices.DeleteFunc(w.kinds(invoice), func(kind string) bool { return !strings.HasPrefix(kind, "late_fee") })
	if want := []string{"late_fee", "late_fee", "late_fee_reversed"}; !slices.Equal(told, want) {
		t.Errorf("its timeline tells %v, want %v", told, want)
	}
	entries := string(admin.get("/v1/invoices/" + invoice + "/timeline?limit=100").want(200).raw)
	for _, words := range []string{"Late fee 1, $5.00, was charged", "Late fee 2, $7.00, was charged", "Late fee 1, $5.00, was taken back: A good customer."} {
		if !strings.Contains(entries, words) {
			t.Errorf("its timeline does not say %q", words)
		}
	}
	if booked := w.sql("select coalesce(sum(l.amount), 0)::text from ledger_lines l join ledger_entries e on e.tenant = l.tenant and e.id = l.entry_id where e.invoice_id = $1::uuid and l.account = 'receivable'", invoice); booked[0][0] != "0" {
		t.Errorf("%s is left in the ledger", booked[0][0])
	}
}
