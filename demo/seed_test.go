package demo_test

import (
	"cmp"
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/apiclient"
	"remit/credentials"
	"remit/demo"
	"remit/embedded"
	"remit/postgres"
	"remit/program"
	"remit/sandbox"
	"remit/secrets"
)

// The demo shows every state, reads the same however often it is made, and has
// what somebody who tries a payment looks for: five of Branch A's ten earliest
// open items can be paid and two are declined.
func TestSeed(t *testing.T) {
	t.Parallel()
	options := running(t)
	started := time.Now()
	must(t, demo.Seed(t.Context(), options))
	t.Logf("seeded in %s", time.Since(started))
	admin := signIn(t, options.URL, demo.Administrator.Email)
	before := invoices(t, admin)
	states := map[remit.InvoiceStatus]int{}
	for _, i := range before {
		states[i.Status]++
	}
	if len(before) != 41 {
		t.Errorf("%d invoices, want 41", len(before))
	}
	for _, status := range []remit.InvoiceStatus{remit.InvoiceDraft, remit.InvoiceOpen, remit.InvoicePartiallyPaid, remit.InvoicePaid, remit.InvoiceVoid} {
		if states[status] == 0 {
			t.Errorf("no invoice is %s: %v", status, states)
		}
	}
	token, err := os.ReadFile(options.TokenFile)
	must(t, err)
	cli, err := apiclient.New(options.URL, secrets.NewSecret(strings.TrimSpace(string(token))))
	must(t, err)
	must(t, cli.Get(t.Context(), "/v1/me", nil, nil))

	earliest(t, options.URL)
	must(t, demo.Seed(t.Context(), options))
	must(t, os.Remove(options.StateFile)) // as if the note was never written
	must(t, demo.Seed(t.Context(), options))
	if after := invoices(t, admin); !slices.EqualFunc(before, after, func(a, b invoice) bool {
		return a.ID == b.ID && a.Status == b.Status && a.Outstanding == b.Outstanding
	}) {
		t.Errorf("seeding again changed the demo:\n%v\n%v", before, after)
	}
}

// A demo that was cut off anywhere is completed by the next start.
func TestSeedIsResumed(t *testing.T) {
	t.Parallel()
	options := running(t)
	for _, until := range []string{"Stripe", "cards", "invoices"} {
		cutOff, cancel := context.WithCancel(t.Context())
		again := options
		again.Report = func(step string) {
			if strings.Contains(step, until) {
				cancel()
			}
		}
		if err := demo.Seed(cutOff, again); err == nil {
			t.Fatalf("seeding ended although it was cut off at %q", until)
		}
		cancel()
	}
	must(t, demo.Seed(t.Context(), options))
	if got := len(invoices(t, signIn(t, options.URL, demo.Administrator.Email))); got != 41 {
		t.Errorf("%d invoices after three interruptions, want 41", got)
	}
}

// earliest looks at Branch A's inbox as its payer does.
func earliest(t *testing.T, url string) {
	t.Helper()
	payer := signIn(t, url, postgres.DemoAddress("payer.a"))
	items, err := apiclient.All[struct {
		State   remit.WorkItemState
		Invoice struct {
			CustomerID   string `json:"customer_id"`
			Organisation string
			Outstanding  int64
		}
	}](t.Context(), payer, "/v1/work-items", nil)
	must(t, err)
	cards := map[string]int{}
	open := 0
	for _, item := range items {
		if item.Invoice.Organisation != demo.BranchA {
			t.Errorf("Branch A's payer sees an item of %s", item.Invoice.Organisation)
		}
		if item.State != remit.WorkItemOpen || open == 10 {
			continue
		}
		open++
		methods, err := apiclient.All[struct{ Last4 string }](t.Context(), payer, "/v1/customers/"+item.Invoice.CustomerID+"/payment-methods", nil)
		must(t, err)
		if len(methods) == 1 {
			cards[methods[0].Last4]++
		}
	}
	if open != 10 || cards["4242"] != 5 || cards["0341"] != 2 {
		t.Errorf("the %d earliest open items have the cards %v, want 10 with five 4242 and two 0341", open, cards)
	}
}

type invoice struct {
	ID          string
	Number      string
	CustomerID  string `json:"customer_id"`
	Status      remit.InvoiceStatus
	Outstanding int64
}

func invoices(t *testing.T, as *apiclient.Client) []invoice {
	t.Helper()
	all, err := apiclient.All[invoice](t.Context(), as, "/v1/invoices", nil)
	must(t, err)
	slices.SortFunc(all, func(a, b invoice) int { return cmp.Compare(a.Number, b.Number) })
	return all
}

func signIn(t *testing.T, url, email string) *apiclient.Client {
	t.Helper()
	client, err := apiclient.New(url, secrets.Secret{})
	must(t, err)
	must(t, client.SignIn(t.Context(), email, secrets.NewSecret(credentials.DemoPassword)))
	return client
}

// running starts a Remit beside a stand-in, with nothing in it.
func running(t *testing.T) demo.Options {
	t.Helper()
	stripe, err := sandbox.Open(sandbox.Options{Dir: t.TempDir()})
	must(t, err)
	standin := httptest.NewServer(stripe.Handler())
	stripe.SetPublicURL(standin.URL)
	t.Cleanup(func() { standin.Close(); must(t, stripe.Close()) })
	address, namespace := embedded.TestTemporal(t)
	folder := t.TempDir()
	kek := filepath.Join(folder, "kek")
	must(t, secrets.CreateKEK(kek))
	p, err := program.Start(t.Context(), program.Config{
		DatabaseURL: embedded.TestDatabaseFrom(t, "migrated", postgres.Migrate), TemporalAddress: address, Namespace: namespace,
		StripeURL: standin.URL, KEKFile: kek, Listen: "127.0.0.1:0", Work: true, Sandbox: true, SweepEvery: time.Second,
		Logger: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	t.Cleanup(func() { must(t, p.Close(context.Background())) })
	return demo.Options{
		URL: p.URL, Commands: p.Commands, StripeKey: secrets.NewSecret("sk_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")),
		StateFile: filepath.Join(folder, "demo.json"), TokenFile: filepath.Join(folder, "token"), Now: time.Now,
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
