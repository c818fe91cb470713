package demo_test

import (
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/apiclient"
	"remit/commands"
	"remit/demo"
	"remit/postgres"
)

// The demo shows a store with stock, an approval and a billing schedule, and each works
// as README tells: a large payment waits for Branch B's manager, and as the clock
// moves invoices are made and charged.
func TestDemoShowsStoreApprovalAndSchedule(t *testing.T) {
	t.Parallel()
	options := running(t)
	must(t, demo.Seed(t.Context(), options))
	admin := signIn(t, options.URL, demo.Administrator.Email)
	shows(t, admin)
	paysWithApproval(t, options.URL, admin)

	later := time.Now().AddDate(0, 0, 45)
	for done := false; !done; {
		var moved struct{ Done bool }
		must(t, post(t, admin, "/v1/clock/advance", map[string]any{"organisation": demo.Top, "to": later}, &moved))
		done = moved.Done
	}
	tellsOfFailedCharge(t, options, admin)
	billed := map[string]remit.InvoiceStatus{}
	for _, i := range invoices(t, admin) {
		if strings.HasPrefix(i.Number, "SUMMIT-") {
			billed[i.Number] = i.Status
		}
	}
	if len(billed) != 2 {
		t.Errorf("45 days made the invoices %v, want two", billed)
	}
	for number, status := range billed {
		if status != remit.InvoicePaid {
			t.Errorf("%s is %s after its due date, want %s", number, status, remit.InvoicePaid)
		}
	}
}

// A demo of an older Remit gets what it lacks, on its clock's present day; a user's own
// words stay, what he took away does not come back, and one that lets nobody in is left
// as it is.
func TestOlderDemoIsExtended(t *testing.T) {
	t.Parallel()
	options := running(t)
	must(t, demo.SeedFirst(t.Context(), options))
	admin := signIn(t, options.URL, demo.Administrator.Email)
	must(t, post(t, admin, "/v1/clock/advance", map[string]any{"organisation": demo.Top, "to": time.Now().AddDate(0, 0, 2)}, nil))
	must(t, demo.Seed(t.Context(), options))
	shows(t, admin)

	products := goods(t, admin)
	must(t, admin.Do(t.Context(), apiclient.Request{Method: http.MethodDelete, Path: "/v1/products/" + products[0].ID}, nil))
	must(t, demo.Seed(t.Context(), options))
	must(t, os.Remove(options.StateFile)) // as if the note was never written
	must(t, demo.Seed(t.Context(), options))
	if left := goods(t, admin); len(left) != len(products)-1 {
		t.Errorf("the store sells %v after one product was taken away", left)
	}
	if got := len(invoices(t, admin)); got != 41 {
		t.Errorf("%d invoices, want 41", got)
	}
}

// A demo whose administrator has another password by now starts as it is, once and again.
func TestClosedDemoIsLeftAlone(t *testing.T) {
	t.Parallel()
	options := running(t)
	must(t, demo.SeedFirst(t.Context(), options))
	admin := signIn(t, options.URL, demo.Administrator.Email)
	must(t, admin.Do(t.Context(), apiclient.Request{
		Method: http.MethodPut, Path: "/v1/me/password", Body: map[string]string{"current_password": "remit-demo", "new_password": "another long password 7"},
	}, nil))
	for range 2 {
		must(t, demo.Seed(t.Context(), options))
	}
}

type product struct {
	ID    string
	Name  string
	Stock *int64
}

func goods(t *testing.T, admin *apiclient.Client) []product {
	t.Helper()
	all, err := apiclient.All[product](t.Context(), admin, "/v1/products", url.Values{"organisation": {demo.BranchB}})
	must(t, err)
	return all
}

// shows looks for the store, the schedule with its next invoice, and who may approve.
func shows(t *testing.T, admin *apiclient.Client) {
	t.Helper()
	branchB := url.Values{"organisation": {demo.BranchB}}
	var store struct {
		Slug string
		Open bool
	}
	must(t, admin.Get(t.Context(), "/v1/settings/store", branchB, &store))
	counted := 0
	products := goods(t, admin)
	for _, p := range products {
		if p.Stock != nil {
			counted++
		}
	}
	if store.Slug != demo.Shop || !store.Open || len(products) != 3 || counted != 1 {
		t.Errorf("the store %+v sells %v, want three products, one of them with a stock", store, products)
	}
	schedules, err := apiclient.All[struct{ ID, Number string }](t.Context(), admin, "/v1/billing-schedules", nil)
	must(t, err)
	if len(schedules) != 1 {
		t.Fatalf("the schedules %v, want one", schedules)
	}
	var schedule struct {
		State    remit.BillingState
		Upcoming []struct{ Number string }
		Periods  []struct{}
	}
	must(t, admin.Get(t.Context(), "/v1/billing-schedules/"+schedules[0].ID, nil, &schedule))
	if schedule.State != remit.BillingActive || len(schedule.Upcoming) != 12 || len(schedule.Periods) != 0 {
		t.Errorf("the schedule %+v, want a year ahead of it and nothing billed", schedule)
	}
	var rules struct {
		Above *int64
	}
	must(t, admin.Get(t.Context(), "/v1/settings/approvals", branchB, &rules))
	large := numbered(t, admin, "B-9001")
	if rules.Above == nil || large.Status != remit.InvoiceOpen || large.Outstanding <= *rules.Above {
		t.Errorf("B-9001 is %+v and needs an approval above %v", large, rules.Above)
	}
}

// paysWithApproval pays B-9001 as its payer, who needs the manager for it.
func paysWithApproval(t *testing.T, at string, admin *apiclient.Client) {
	t.Helper()
	payer, manager := signIn(t, at, postgres.DemoAddress("payer.b")), signIn(t, at, postgres.DemoAddress("manager.b"))
	large := numbered(t, payer, "B-9001")
	methods, err := apiclient.All[struct{ ID string }](t.Context(), payer, "/v1/customers/"+large.CustomerID+"/payment-methods", nil)
	must(t, err)
	if len(methods) != 1 {
		t.Fatalf("the methods %v, want one", methods)
	}
	payment := map[string]any{"amount": large.Outstanding, "payment_method": methods[0].ID}
	if err := post(t, payer, "/v1/invoices/"+large.ID+"/pay", payment, nil); !apiclient.IsCode(err, remit.CodeApprovalRequired) {
		t.Fatalf("paying alone says %v, want %s", err, remit.CodeApprovalRequired)
	}
	var asked struct{ Data []struct{ ID, Number string } }
	must(t, manager.Get(t.Context(), "/v1/approvals", nil, &asked))
	if len(asked.Data) != 1 || asked.Data[0].Number != "B-9001" {
		t.Fatalf("the manager is asked about %v, want B-9001", asked.Data)
	}
	must(t, post(t, manager, "/v1/approvals/"+asked.Data[0].ID+"/approve", map[string]any{}, nil))
	must(t, post(t, payer, "/v1/invoices/"+large.ID+"/pay", payment, nil))
	paid := time.After(time.Minute)
	for numbered(t, admin, "B-9001").Status != remit.InvoicePaid {
		select {
		case <-paid:
			t.Fatal("B-9001 is not paid although it was approved")
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func numbered(t *testing.T, as *apiclient.Client, number string) invoice {
	t.Helper()
	for _, i := range invoices(t, as) {
		if i.Number == number {
			return i
		}
	}
	t.Fatalf("there is no invoice %s", number)
	return invoice{}
}

func post(t *testing.T, as *apiclient.Client, path string, body, into any) error {
	t.Helper()
	return as.Do(t.Context(), apiclient.Request{Method: http.MethodPost, Path: path, Body: body}, into)
}

// tellsOfFailedCharge finds, in the demo's mailbox, the mail to whoever may act that a
// charge by itself was declined.
func tellsOfFailedCharge(t *testing.T, options demo.Options, admin *apiclient.Client) {
	t.Helper()
	var me struct{ ID uuid.UUID }
	must(t, admin.Get(t.Context(), "/v1/me", nil, &me))
	caller, err := options.Commands.ActAs(t.Context(), me.ID)
	must(t, err)
	box, err := options.Commands.Mails(t.Context(), caller, demo.Top, commands.Page{Limit: 100})
	must(t, err)
	var told []string
	for _, m := range box.Items {
		if m.Invoice != nil && m.Invoice.Stage.ToSeller() {
			told = append(told, m.Invoice.Number+" to "+m.To)
		}
	}
	if !slices.Contains(told, "A-1017 to "+demo.Administrator.Email) {
		t.Errorf("nobody is told that the charge of A-1017 failed, only %v", told)
	}
}
