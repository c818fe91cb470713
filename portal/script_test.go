package portal_test

import (
	"context"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Protects paying by keyboard, in six keys from the page's load by way of the
// skip link, and what a reader hears: the heading of what became of it has the
// focus, and nothing broke the content security policy.
func TestPayByKeyboard(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	w.invoice(admin)
	payer := w.signIn("payer")
	item := payer.open("/inbox").link("/inbox/0")
	payer.open(item).submit(item, map[string][]string{"amount": {"50"}, "method": {"save"}}).hosted("4242424242424242").want(200, "Paid $50.00")

	tab := startBrowser(t)
	complaints := listen(tab)
	must(t, chromedp.Do(tab, chromedp.Navigate(w.program.URL+"/sign-in"), chromedp.SendKeys("#email", w.mail("payer")), chromedp.SendKeys("#password", "remit-demo"+kb.Enter),
		chromedp.WaitVisible(".items"), chromedp.Navigate(w.program.URL+item), chromedp.WaitVisible("button.pay")))
	says(tab, t, `document.querySelector("button.pay").textContent`, "Pay $1,150.00")
	must(t, chromedp.Do(tab, chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab)))
	says(tab, t, `document.activeElement.textContent`, "Pay $1,150.00")
	must(t, chromedp.Do(tab, chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("#outcome")))
	says(tab, t, `document.activeElement.textContent`, "Paid $1,150.00")
	says(tab, t, `document.title.split(" – ")[0]`, "Payment of "+number(tab, t))
	says(tab, t, `location.pathname.endsWith("/result") ? "result" : location.pathname`, "result")
	if heard := complaints(); len(heard) > 0 {
		t.Errorf("the browser complains: %q", heard)
	}
}

// listen collects what a page's console says of exceptions and of the content
// security policy.
func listen(tab context.Context) (heard func() []string) {
	var mu sync.Mutex
	var list []string
	messages := chromedp.Console(tab)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.IsException() || strings.Contains(strings.ToLower(m.Text), "content security policy") {
				mu.Lock()
				list = append(list, m.Text)
				mu.Unlock()
			}
		}
	}()
	return func() []string { mu.Lock(); defer mu.Unlock(); return list }
}

// Protects who makes a mistake with script on: the summary of what is wrong has
// the focus, the title says so, what was typed stays, and set right the form
// leads on to the hosted page.
func TestErrorTakesTheFocus(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	w.invoice(admin)
	item := w.signIn("payer").open("/inbox").link("/inbox/0")
	tab := startBrowser(t)
	must(t, chromedp.Do(tab, chromedp.Navigate(w.program.URL+"/sign-in"), chromedp.SendKeys("#email", w.mail("payer")), chromedp.SendKeys("#password", "remit-demo"+kb.Enter),
		chromedp.WaitVisible(".items"), chromedp.Navigate(w.program.URL+item), chromedp.WaitVisible("#amount"),
		chromedp.SetValue("#amount", "1,200.001"), chromedp.Click("button.pay"), chromedp.WaitVisible("#problem")))
	says(tab, t, `document.activeElement.id`, "problem")
	says(tab, t, `document.title.slice(0, 6)`, "Error:")
	says(tab, t, `document.getElementById("amount").value`, "1,200.001")
	must(t, chromedp.Do(tab, chromedp.SetValue("#amount", "100"), chromedp.Click("input[value=once]"), chromedp.Click("button.pay"), chromedp.WaitVisible("[name=card_number]")))
}

func number(tab context.Context, t *testing.T) string {
	t.Helper()
	text, err := chromedp.Run(tab, chromedp.Evaluate[string](`document.querySelector("#outcome .lead").textContent.split(" · ")[0]`))
	must(t, err)
	return text
}

// says waits until an expression gives a text.
func says(tab context.Context, t *testing.T, expression, want string) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := chromedp.Run(tab, chromedp.Evaluate[string]("String("+expression+")"))
		must(t, err)
		if strings.TrimSpace(got) == want {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%s is %q, want %q", expression, got, want)
		case <-tick.C:
		}
	}
}

// startBrowser gives a tab of Chromium; without Chromium the test fails.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("there is no Chromium on the PATH; install the package chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		// Colours change at once, so that a picture shows what stays.
		chromedp.Flag("force-prefers-reduced-motion", true))
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	tab, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	must(t, chromedp.Do(tab))
	return tab
}
