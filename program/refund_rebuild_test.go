package program_test

import (
	"testing"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"

	"remit"
)

// A refund is followed to its end though the history of its workflow is lost: a
// rebuild starts it again from the database alone, and so does the sweep once the
// agenda has it due; on an organisation's test clock it ends on its way (M14, M15).
func TestRefundOutlivesItsHistory(t *testing.T) {
	for name, revive := range map[string]func(*world){
		"rebuilt": func(w *world) {
			report, err := w.program.Commands.Rebuild(t.Context())
			must(w.t, err)
			if report.Started == 0 {
				w.t.Errorf("nothing was started: %+v", report)
			}
		},
		"swept": func(w *world) { // its row is due, however often Stripe was asked by now
			w.sql("update agenda set at = created_at where kind = 'refund' and done_at is null")
			must(w.t, w.program.Commands.Sweep(t.Context(), 0))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openWorld(t)
			admin := w.signIn("admin")
			customer, card := w.customer(w.branchA, "4000000000007726") // whose refunds are pending for days
			invoice, _ := w.invoice(w.branchA, customer, 5000)
			payment := admin.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200).text("payment", "id")
			refund := admin.post("/v1/payments/"+payment+"/refunds", map[string]any{"amount": 5000, "reason": "sent back", "then": "settle"}).want(201).text("id")
			state := func() string { return w.sql("select state from refunds where id = $1::uuid", refund)[0][0] }
			w.until("Stripe has it", func() bool { return state() == "pending" })

			temporal, id := w.program.Commands.Temporal, remit.RefundWorkflowID(uuid.MustParse(refund))
			must(t, temporal.TerminateWorkflow(t.Context(), id, "", "its history is lost"))
			revive(w)
			described, err := temporal.DescribeWorkflowExecution(t.Context(), id, "")
			must(t, err)
			if status := described.GetWorkflowExecutionInfo().GetStatus(); status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
				t.Fatalf("its workflow is %s", status)
			}

			for range 20 {
				if admin.post("/v1/clock/advance", map[string]any{"organisation": w.top, "days": 7}).want(200, 202).status == 200 {
					break
				}
			}
			w.until("it has ended", func() bool { return state() == "succeeded" })
			if sums := w.sql("select coalesce(sum(amount), 0)::text from ledger_lines where account in ('stripe', 'refunds') and payment_id = $1::uuid", payment); sums[0][0] != "0" {
				t.Errorf("at Stripe are %s", sums[0][0])
			}
		})
	}
}
