package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"remit/demo"
)

// Whoever stops Remit finds everything at the next start; whoever kills it, or
// a part of it, does as well.
func TestDevLosesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	r := runDev(t, folder)
	before := states(r)
	if len(before) != 41 {
		t.Fatalf("the demo has %d invoices, want 41", len(before))
	}
	sells(t, r)
	if out, code := command(t, folder, nil, "dev"); code != exitFailure || !strings.Contains(out, "in use") {
		t.Errorf("a second start in the same folder said %q and ended with %d", out, code)
	}
	r.stop()

	started := time.Now()
	r = runDev(t, folder)
	t.Logf("ready again after %s", time.Since(started))
	same(t, "after Ctrl-C", before, states(r))
	r.signal(syscall.SIGKILL)
	<-r.ended

	r = runDev(t, folder)
	same(t, "after kill -9", before, states(r))
	for _, file := range []string{"sandbox.pid", "temporal.pid", filepath.Join("postgres", "postmaster.pid")} {
		killed := r.child(file)
		if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		r.await("another process of "+file, func() bool {
			raw, err := os.ReadFile(filepath.Join(folder, file))
			first, _, _ := strings.Cut(string(raw), "\n")
			return err == nil && first != "" && strings.TrimSpace(first) != strconv.Itoa(killed)
		})
		r.await("Remit to answer again", func() bool { return r.api("GET", "/v1/me", "", &struct{}{}) == nil && r.status("/readyz") == 200 })
	}
	same(t, "after each part was killed", before, states(r))
	pays(t, r)
	for _, check := range [][]string{{"verify"}, {"rebuild"}, {"healthcheck"}} {
		if out, code := command(t, folder, nil, check...); code != 0 {
			t.Errorf("remit %s ended with %d: %s", check[0], code, out)
		}
	}
	r.stop()
	log, err := os.ReadFile(filepath.Join(folder, "remit.log"))
	if err != nil || !strings.HasPrefix(string(log), `{"time":`) {
		t.Errorf("the log begins with %.60q, %v; want JSON", log, err)
	}
}

// T38: nothing of the demo comes up where others could reach it, or with a key
// to real money, and the message says so.
func TestDevRefusesExposure(t *testing.T) {
	t.Parallel()
	for name, environ := range map[string][]string{
		"every address":     {"REMIT_ADDR=0.0.0.0:8080"},
		"no address":        {"REMIT_ADDR=:8080"},
		"a public URL":      {"REMIT_PUBLIC_URL=https://pay.example.com"},
		"a live key":        {"STRIPE_SECRET_KEY=sk_live_51abc"},
		"a live restricted": {"STRIPE_SECRET_KEY=rk_live_51abc"},
	} {
		folder := filepath.Join(t.TempDir(), "data")
		out, code := command(t, folder, environ, "dev")
		if code != exitFailure || !strings.Contains(out, "the demo stays on this machine") {
			t.Errorf("%s: ended with %d and said %q", name, code, out)
		}
		if _, err := os.Stat(folder); err == nil {
			t.Errorf("%s: something was set up", name)
		}
	}
}

// sells looks at the demo's store as anybody does, at the address that README names.
func sells(t *testing.T, r *running) {
	t.Helper()
	path := "/store/" + demo.Shop
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil || !strings.Contains(string(readme), path) {
		t.Errorf("README does not lead to %s: %v", path, err)
	}
	response, err := http.Get(r.url() + path)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(page), "How many"); response.StatusCode != http.StatusOK || got != 3 {
		t.Errorf("%s answers %d with %d products, want three", path, response.StatusCode, got)
	}
}

// states are the invoices by number with what is owed on them.
func states(r *running) map[string]string {
	r.t.Helper()
	var list struct {
		Data []struct {
			Number      string
			Status      string
			Outstanding int64
		}
	}
	// A connection that died with PostgreSQL may still be met once.
	r.await("the invoices", func() bool { return r.api("GET", "/v1/invoices?limit=100", "", &list) == nil })
	all := map[string]string{}
	for _, i := range list.Data {
		all[i.Number] = fmt.Sprint(i.Status, " ", i.Outstanding)
	}
	return all
}

func same(t *testing.T, when string, before, after map[string]string) {
	t.Helper()
	for number, state := range before {
		if after[number] != state {
			t.Errorf("%s invoice %s is %q, was %q", when, number, after[number], state)
		}
	}
}

// pays pays one of the open invoices, through everything that was restarted.
func pays(t *testing.T, r *running) {
	t.Helper()
	var list struct {
		Data []struct {
			ID          string
			CustomerID  string `json:"customer_id"`
			Outstanding int64
		}
	}
	if err := r.api("GET", "/v1/invoices?limit=1&number=A-1001", "", &list); err != nil || len(list.Data) != 1 {
		t.Fatal(err, list)
	}
	invoice := list.Data[0]
	var methods struct{ Data []struct{ ID string } }
	if err := r.api("GET", "/v1/customers/"+invoice.CustomerID+"/payment-methods", "", &methods); err != nil || len(methods.Data) != 1 {
		t.Fatal(err, methods)
	}
	var outcome struct{ Invoice struct{ Status string } }
	body := fmt.Sprintf(`{"amount": %d, "payment_method": %q}`, invoice.Outstanding, methods.Data[0].ID)
	if err := r.api("POST", "/v1/invoices/"+invoice.ID+"/pay", body, &outcome); err != nil {
		t.Fatal(err)
	}
	r.await("the payment", func() bool {
		err := r.api("GET", "/v1/invoices/"+invoice.ID, "", &outcome.Invoice)
		return err == nil && outcome.Invoice.Status == "paid"
	})
}
