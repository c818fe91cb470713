package workflows_test

import (
	"encoding/base64"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"remit"
	"remit/activities"
	"remit/worker"
	"remit/workflows"
)

// histories is where `make histories` keeps what the true program recorded.
const histories = "testdata/histories"

// recorded are the paths of which there has to be a history.
var recorded = []string{
	"bank_account_expired", "bank_account_verified", "billed", "charged_by_itself", "checkout_completed", "checkout_expired_by_a_card", "connection_followed", "dashboard_refreshed", "declined_then_paid", "due_date_run", "held_and_lifted", "imported", "lost_answer_settled",
	"overdue_by_the_clock", "paid_by_card", "paid_by_transfer", "paid_in_two_parts", "reconciled", "refund_reserved", "refund_sent", "script_after_payment",
	"settled_by_hand",
	"voided", "woken_at_rest", "worker_killed",
}

// Workflows that have been running for months go on under today's code: every
// recorded history replays. Where one does not, the change needs
// workflow.GetVersion, not a new recording.
func TestReplayOfRecordedHistories(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(histories, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".json"))
	}
	slices.Sort(names)
	if difference := cmp.Diff(recorded, names); difference != "" {
		t.Fatalf("paths and their histories differ (`make histories` records): %s", difference)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			replayer, err := sdk.NewWorkflowReplayerWithOptions(sdk.WorkflowReplayerOptions{
				DisableRegistrationAliasing: true,
				DisableDeadlockDetection:    true, // within a second, which a busy machine may not keep
			})
			if err != nil {
				t.Fatal(err)
			}
			register(&registered{replayer: replayer})
			if err := replayer.ReplayWorkflowHistoryFromJSONFile(silent{}, file); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Every registered workflow and activity is in a recorded history, so that
// nothing new goes without one.
func TestReplayCoversWhatIsRegistered(t *testing.T) {
	var names registered
	register(&names)
	var each []string
	for _, name := range recorded {
		each = append(each, history(t, name))
	}
	all := strings.Join(each, "")
	for _, name := range slices.Concat(names.workflows, slices.DeleteFunc(names.activities, func(name string) bool { return name == "Load" })) {
		if !regexp.MustCompile(`"(workflow|activity)Type": \{\s*"name": "` + name + `"`).MatchString(all) {
			t.Errorf("no history has a %s; `make histories` records", name)
		}
	}
	if !strings.Contains(all, "EVENT_TYPE_MARKER_RECORDED") { // of the local activity Load
		t.Error("no history has a Load")
	}
}

// What is registered under a name stays so: renaming one is a migration of all
// running workflows, not a refactoring. So are the names of messages and ids.
func TestRegisteredNamesArePinned(t *testing.T) {
	var names registered
	register(&names)
	slices.Sort(names.activities)
	slices.Sort(names.workflows)
	want := registered{
		workflows:  []string{"BankAccountVerification", "Billing", "DashboardRefresh", "DueDateRun", "ImportInvoices", "InvoicePayment", "Onboarding", "Reconciliation", "Refund"},
		activities: []string{"Advance", "AfterPayment", "BeginDueDateRun", "BeginImported", "BillDuePage", "ChargeDuePage", "CompareWithStripe", "EndDueDateRun", "ImportFile", "Load", "LookAtBankAccount", "LookAtConnection", "NoticeDuePage", "Perform", "Refresh", "RefreshDashboard", "SendRefund", "VerifyDeposits"},
	}
	if !slices.Equal(names.workflows, want.workflows) || !slices.Equal(names.activities, want.activities) {
		t.Errorf("registered are %q and %q, want %q and %q", names.workflows, names.activities, want.workflows, want.activities)
	}
	id := uuid.MustParse("01a20882-91fd-7c84-b7a4-8efd01e642f8")
	pinned := map[string]string{
		remit.TaskQueue: "remit", remit.UpdateRequest: "request", remit.UpdateRefresh: "refresh", remit.UpdateAdvance: "advance", remit.BatchQueue: "remit-batch", remit.SignalWake: "wake", remit.QueryState: "state",
		remit.InvoiceWorkflowID(id):        "invoice-payment/01a20882-91fd-7c84-b7a4-8efd01e642f8",
		remit.UpdateVerify:                 "verify",
		remit.UpdateLook:                   "look",
		remit.OnboardingWorkflowID(id):     "onboarding/01a20882-91fd-7c84-b7a4-8efd01e642f8",
		remit.DueDateRunWorkflowID(id):     "due-date-run/01a20882-91fd-7c84-b7a4-8efd01e642f8",
		remit.DueDateSchedule(id):          "due-dates/01a20882-91fd-7c84-b7a4-8efd01e642f8",
		remit.BankAccountWorkflowID(id):    "bank-account/01a20882-91fd-7c84-b7a4-8efd01e642f8",
		remit.BillingWorkflowID(id):        "billing/01a20882-91fd-7c84-b7a4-8efd01e642f8",
		remit.DashboardWorkflowID(id):      "dashboard-refresh/01a20882-91fd-7c84-b7a4-8efd01e642f8",
		remit.ImportWorkflowID(id):         "import/01a20882-91fd-7c84-b7a4-8efd01e642f8",
		remit.ReconciliationWorkflowID(id): "reconciliation/01a20882-91fd-7c84-b7a4-8efd01e642f8",
		remit.SearchState:                  "RemitState", remit.SearchInvoice: "RemitInvoice", remit.SearchOrganisation: "RemitOrganisation", remit.SearchDueDate: "RemitDueDate",
	}
	for got, want := range maps.All(pinned) {
		if got != want {
			t.Errorf("%q was %q", got, want)
		}
	}
}

// Histories are in the repository: they hold ids and states, and nothing that
// nobody should read, and stay small.
func TestHistoriesHoldNoSecrets(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)sk_(test|live)|pk_(test|live)|rk_(test|live)|whsec|pm_1|client_secret|password|@[a-z]|binary/encrypted|/root/|/home/|/tmp/|"identity"`)
	encoded := regexp.MustCompile(`"data": "([A-Za-z0-9+/=]*)"`)
	for _, name := range recorded {
		raw := history(t, name)
		if len(raw) > 128<<10 {
			t.Errorf("%s has %d bytes", name, len(raw))
		}
		plain := encoded.ReplaceAllStringFunc(raw, func(field string) string { return decode(t, encoded.FindStringSubmatch(field)[1]) })
		for _, text := range []string{raw, plain} {
			if found := forbidden.FindString(text); found != "" {
				t.Errorf("%s holds %q", name, found)
			}
		}
	}
}

// registered notes what is registered, and passes workflows on to a replayer.
type registered struct {
	sdk.Registry
	workflows, activities []string
	replayer              sdk.WorkflowReplayer
}

func (r *registered) RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions) {
	r.workflows = append(r.workflows, options.Name)
	if r.replayer != nil {
		r.replayer.RegisterWorkflowWithOptions(w, options)
	}
}

func (r *registered) RegisterActivityWithOptions(_ any, options activity.RegisterOptions) {
	r.activities = append(r.activities, options.Name)
}

func register(r *registered) {
	worker.Register(r, worker.Steps{Payments: &activities.Payments{}, Imports: &activities.Imports{}, Reconciliations: &activities.Reconciliations{}, BankAccounts: &activities.BankAccounts{}}, workflows.DefaultTimes)
}

func history(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(histories, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func decode(t *testing.T, text string) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
