package workflows_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"remit"
)

// edge is one arrow of a diagram; "[*]" is its beginning or end.
type edge struct{ from, to string }

// The diagrams that people read name the states the code has, and draw no
// arrow that it does not have.
func TestDocumentedStates(t *testing.T) {
	raw, err := os.ReadFile("../docs/workflows.md")
	if err != nil {
		t.Fatal(err)
	}
	diagrams := drawn(string(raw))
	attempts := []remit.AttemptState{
		remit.AttemptCreated, remit.AttemptRequiresAction, remit.AttemptProcessing, remit.AttemptConfirming,
		remit.AttemptFailed, remit.AttemptCanceled, remit.AttemptSucceeded,
	}
	sameStates(t, "An attempt", diagrams, texts(attempts))
	for _, arrow := range diagrams["An attempt"] {
		if arrow.from != "[*]" && arrow.to != "[*]" && !remit.AttemptState(arrow.from).Climbs(remit.AttemptState(arrow.to)) {
			t.Errorf("an attempt is drawn to go from %s to %s, and may not", arrow.from, arrow.to)
		}
	}
	for _, from := range attempts { // the arrows there are, up to those between states that wait
		for _, to := range attempts {
			waits := from == remit.AttemptCreated || from.Live() && to.Live()
			if from.Climbs(to) && !waits && from != remit.AttemptProcessing && !slices.Contains(diagrams["An attempt"], edge{string(from), string(to)}) {
				t.Errorf("an attempt may go from %s to %s, and it is not drawn", from, to)
			}
		}
	}
	refunds := []remit.RefundState{
		remit.RefundRequested, remit.RefundSent, remit.RefundPending, remit.RefundRequiresAction, remit.RefundSucceeded, remit.RefundFailed, remit.RefundCanceled,
	}
	sameStates(t, "A refund", diagrams, texts(refunds))
	for _, arrow := range diagrams["A refund"] {
		if arrow.from != "[*]" && arrow.to != "[*]" && !remit.RefundState(arrow.from).Climbs(remit.RefundState(arrow.to)) {
			t.Errorf("a refund is drawn to go from %s to %s, and may not", arrow.from, arrow.to)
		}
	}
	sameStates(t, "A bank account", diagrams, texts(remit.BankAccountStates()))
	for _, arrow := range diagrams["A bank account"] {
		if arrow.from != "[*]" && arrow.to != "[*]" && !remit.BankAccountState(arrow.from).Climbs(remit.BankAccountState(arrow.to)) {
			t.Errorf("a bank account is drawn to go from %s to %s, and may not", arrow.from, arrow.to)
		}
	}
	items := []remit.WorkItemState{remit.WorkItemOpen, remit.WorkItemClaimed, remit.WorkItemPaying, remit.WorkItemDone, remit.WorkItemCancelled}
	sameStates(t, "A work item", diagrams, texts(items))
	for _, item := range items {
		ends := slices.Contains(diagrams["A work item"], edge{string(item), "[*]"})
		if ends == item.Live() {
			t.Errorf("a work item that is %s is drawn as if it were not", item)
		}
	}
	sameStates(t, "A connection", diagrams, allowed(t, "../postgres/migrations/0004_settings_and_connections.sql", "connections"))
	sameStates(t, "An import", diagrams, allowed(t, "../postgres/migrations/0010_agenda_and_events.sql", "imports"))
	sameStates(t, "A reconciliation", diagrams, allowed(t, "../postgres/migrations/0021_reconciliation.sql", "reconciliation_runs"))
	sameStates(t, "A due-date run", diagrams, allowed(t, "../postgres/migrations/0027_auto_charge.sql", "due_date_runs"))
	sameStates(t, "A billing schedule", diagrams, allowed(t, "../postgres/migrations/0041_billing_schedules.sql", "billing_schedules"))
	if len(diagrams["The InvoicePayment workflow"]) == 0 {
		t.Error("the workflow is not drawn")
	}
	for _, name := range []string{remit.InvoicePaymentWorkflow, remit.ImportInvoicesWorkflow, `"` + remit.UpdateRequest + `"`, `"` + remit.UpdateRefresh + `"`,
		`"` + remit.SignalWake + `"`, remit.RefundWorkflow, "SendRefund", "Load", "Perform", "Advance", "Refresh", "AfterPayment", "ImportFile", "BeginImported",
		remit.ReconciliationWorkflow, "CompareWithStripe", remit.BankAccountWorkflow, `"` + remit.UpdateVerify + `"`, "LookAtBankAccount", "VerifyDeposits",
		remit.OnboardingWorkflow, `"` + remit.UpdateLook + `"`, "LookAtConnection",
		remit.BillingWorkflow, "BillDuePage", remit.DueDateRunWorkflow, `"` + remit.UpdateAdvance + `"`, "BeginDueDateRun", "ChargeDuePage", "NoticeDuePage", "EndDueDateRun",
		string(remit.StageCharge), string(remit.StageNotices), string(remit.StageEnded)} {
		if !strings.Contains(string(raw), name) {
			t.Errorf("%s is not mentioned", name)
		}
	}
}

// drawn reads the arrows of each heading's diagram.
func drawn(text string) map[string][]edge {
	diagrams := map[string][]edge{}
	arrow := regexp.MustCompile(`^\s+(\S+) --> (\S+)`)
	heading := ""
	for line := range strings.Lines(text) {
		if title, found := strings.CutPrefix(line, "## "); found {
			heading = strings.TrimSpace(title)
		}
		if found := arrow.FindStringSubmatch(line); found != nil {
			diagrams[heading] = append(diagrams[heading], edge{found[1], found[2]})
		}
	}
	return diagrams
}

func sameStates(t *testing.T, heading string, diagrams map[string][]edge, want []string) {
	t.Helper()
	var got []string
	for _, arrow := range diagrams[heading] {
		got = append(got, arrow.from, arrow.to)
	}
	got = slices.DeleteFunc(got, func(state string) bool { return state == "[*]" })
	slices.Sort(got)
	slices.Sort(want)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("%s: drawn are %q, the code has %q", heading, got, want)
	}
}

// allowed reads the states that a table's check allows.
func allowed(t *testing.T, migration, table string) []string {
	t.Helper()
	raw, err := os.ReadFile(migration)
	if err != nil {
		t.Fatal(err)
	}
	_, definition, _ := strings.Cut(string(raw), "create table "+table+" (")
	check := regexp.MustCompile(`check \((?:state|status) in \(([^)]*)\)`).FindStringSubmatch(definition)
	if check == nil {
		t.Fatalf("%s has no states", table)
	}
	var states []string
	for state := range strings.SplitSeq(check[1], ",") {
		states = append(states, strings.Trim(state, " '"))
	}
	return states
}

func texts[S ~string](states []S) []string {
	out := make([]string, len(states))
	for n, state := range states {
		out[n] = string(state)
	}
	return out
}
