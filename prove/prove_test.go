package prove

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// proved are the runs of the test suite: enough to see that a rule is broken by
// what was changed, in the time that everybody waits for.
const proved = 12

// Whatever is killed and lied about, every cent is where it should be. A failure
// prints the seed, and `remit prove` says more.
func TestProve(t *testing.T) {
	failed := filepath.Join(t.TempDir(), "story.json")
	err := Run(t.Context(), t.Output(), Options{Runs: proved, Program: built(t), Shrink: -1, Failed: failed})
	if err != nil {
		raw, _ := os.ReadFile(failed)
		t.Fatalf("%v\n%s", err, raw)
	}
}

// A charge that somebody makes at Stripe in an invoice's name, behind Remit's
// back, is found by the questions asked afterwards: they do not take Remit's word.
func TestAChargeBehindRemitsBackIsFound(t *testing.T) {
	ctx := t.Context()
	h, err := openHouse(ctx, filepath.Join(temporary(t), "data"), built(t), nil, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.close(ctx); err != nil {
			t.Error(err)
		}
	}()
	w, err := openWorld(ctx, h, Story{Seed: 1, Invoices: []Bill{{Amount: 5000, Due: 9}}, Days: []Day{{Acts: []Act{{Kind: "pay", Card: "saved", Times: 1}}, Night: Night{Hours: 1}}}})
	if err != nil {
		t.Fatal(err)
	}
	w.live(ctx)
	if wrong, err := w.verdict(ctx); err != nil || len(wrong) > 0 {
		t.Fatalf("a payment that nothing disturbed: %q %v", wrong, err)
	}
	if b, err := w.books(ctx); err != nil || len(b.Charges) != 1 || b.Charges[0].Amount != 5000 {
		t.Fatalf("the books hold %+v %v", b, err)
	}
	w.chargeBehindRemitsBack(t, w.invoices[0].id)
	wrong, err := w.verdict(ctx)
	said := strings.Join(wrong, "\n")
	if err != nil || !strings.Contains(said, "P-0 bills 5000, and 10000 was captured") || !strings.Contains(said, "is no payment here") {
		t.Fatalf("it says %q %v", wrong, err)
	}
}

func (w *world) chargeBehindRemitsBack(t *testing.T, invoice string) {
	t.Helper()
	form := "amount=5000&currency=usd&confirm=true&payment_method=pm_card_visa&payment_method_types[]=card&metadata[remit_invoice]=" + invoice
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.house.standin+"/v1/payment_intents", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+w.account.token.Reveal())
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got, err := send(http.DefaultClient, request)
	if err != nil || got.status != http.StatusOK {
		t.Fatalf("charge behind Remit's back: %d %s %v", got.status, got.raw, err)
	}
}

// A process that can be killed at a boundary, and whose clocks can be moved, is
// not to be had for real money.
func TestNoPartInEarnest(t *testing.T) {
	for name, o := range map[string]PartOptions{
		"at Stripe itself":          {},
		"beside a stand-in afar":    {StripeURL: "https://stripe.example.com"},
		"served to the whole world": {StripeURL: "http://127.0.0.1:1", Listen: "0.0.0.0:8080"},
	} {
		if err := Part(t.Context(), o); err == nil || !strings.Contains(err.Error(), "the demo stays on this machine") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// built is remit, built for a test.
func built(t *testing.T) string {
	t.Helper()
	file := filepath.Join(temporary(t), "remit")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", file, "remit/cmd/remit")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v %s", err, said)
	}
	return file
}

// temporary is not t.TempDir, whose long names PostgreSQL's own user may not
// reach and which goes before the servers are stopped.
func temporary(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "remit-prove-test") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	return folder
}
