package portal_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"

	"remit/commands"
)

// Protects who has a link, a keyboard and no script: three keys lead from the
// page's load to Stripe's page, by way of the first skip link, and back here it
// says that the invoice is paid.
//
// With REMIT_SHOTS=folder, this and the recordings below leave a picture of each
// step there.
func TestLinkIsPaidByKeyboard(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	link := w.invoice(admin).cut(w.program.URL + "/pay/")
	s := record(t, "link")
	must(t, chromedp.Do(s.tab, withoutScript))
	s.take("opened", chromedp.EmulateViewport(1280, 900), chromedp.Navigate(link), chromedp.WaitVisible("#pay-now"))
	s.take("first key", press(kb.Tab))
	s.take("second key", press(kb.Enter))
	says(s.tab, t, `document.activeElement.id + " of " + location.origin`, "pay-now of "+w.program.URL)
	must(t, chromedp.Do(s.tab, press(kb.Enter)))
	w.eventually("Stripe's page is open", func() bool {
		at, err := chromedp.Run(s.tab, chromedp.Location())
		must(t, err)
		return !strings.HasPrefix(at, w.program.URL)
	})
	s.take("third key")
	s.take("typed", chromedp.SendKeys("[name=email]", "pay@globex.test"), chromedp.SendKeys("[name=card_number]", "4242424242424242"),
		chromedp.SendKeys("[name=card_expiry]", "12 / 34"), chromedp.SendKeys("[name=card_cvc]", "123"), chromedp.SendKeys("[name=name]", "Globex"))
	s.take("back", chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("#outcome"))
	w.eventually("the page says that it is paid", func() bool {
		must(t, chromedp.Do(s.tab, chromedp.Navigate(link), chromedp.WaitVisible("#outcome")))
		said, err := chromedp.Run(s.tab, chromedp.Text("#outcome"))
		must(t, err)
		return strings.Contains(said, "Payment successful")
	})
	s.take("paid")
}

// Protects a customer on a telephone who pays two invoices in one go: he ticks
// them, sees the total, and reads what became of each; who ticks none is told.
func TestSeveralArePaidOnATelephone(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	made := w.invoice(admin)
	customer := made.link("/customers/")
	id := strings.TrimPrefix(customer, "/customers/")
	w.invoiceFor(admin, id)
	w.customersUser("globex", id)
	w.signInTo("globex", "Invoices").open(customer).submit(customer+"/methods", nil).hosted("4242424242424242").want(200, "The payment method is saved.")

	s := record(t, "several")
	s.take("sign in", chromedp.EmulateViewport(360, 740), chromedp.Navigate(w.program.URL+"/sign-in"),
		chromedp.SendKeys("#email", w.mail("globex")), chromedp.SendKeys("#password", "remit-demo"))
	s.take("invoices", chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("button.pay"))
	s.take("none ticked", follow("button.pay"), chromedp.WaitVisible(".note.warn"))
	says(s.tab, t, `document.querySelector("h1").textContent`, "Nothing is ticked")
	s.take("ticked", follow(".buttons a"), chromedp.WaitVisible("[name=invoice]"),
		chromedp.Click("tbody tr:nth-child(1) [name=invoice]"), chromedp.Click("tbody tr:nth-child(2) [name=invoice]"))
	s.take("total", follow("button.pay"), chromedp.WaitVisible("#method"))
	says(s.tab, t, `document.querySelector("button.pay").textContent`, "Pay USD 2,400.00")
	s.take("paid", follow("button.pay"), chromedp.WaitVisible("#outcome"))
	says(s.tab, t, `document.querySelector("h1").textContent`, "2 of 2 invoices paid")
}

// Protects who writes a script: after Try and after Save the page stands where
// the answer is.
func TestScriptPageStaysAtItsAnswer(t *testing.T) {
	w := openWorld(t)
	w.signIn("admin")
	s := record(t, "script")
	s.take("opened", chromedp.EmulateViewport(1280, 900), chromedp.Navigate(w.program.URL+"/sign-in"), chromedp.SendKeys("#email", w.mail("admin")), chromedp.SendKeys("#password", "remit-demo"+kb.Enter),
		chromedp.WaitVisible(".tabs"), chromedp.Navigate(w.program.URL+"/settings/workflow"), chromedp.WaitVisible("#source"))
	must(t, chromedp.Do(s.tab, chromedp.Click("button[value=try]"), chromedp.WaitVisible("#trial")))
	says(s.tab, t, inView("#trial"), "true")
	s.take("tried")
	must(t, chromedp.Do(s.tab, chromedp.Click("form[action*=script] button[value=save]"), chromedp.WaitVisible("#versions")))
	says(s.tab, t, inView("#script"), "true")
	s.take("saved")
}

// inView is true of what is on the screen; a page scrolls to whole pixels, give
// or take the parts of one.
func inView(selector string) string {
	return `(r => r && r.top > -1 && r.top < innerHeight)(document.querySelector("` + selector + `")?.getBoundingClientRect())`
}

// follow clicks on what leads to another page and waits for that page: what is looked for
// next may stand on the page that is left too.
func follow(selector string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, _ *chromedp.Target) (none chromedp.Void, err error) {
		_, err = chromedp.RunResponse(ctx, chromedp.Click(selector))
		return none, err
	}
}

// withoutScript switches scripts off in a tab.
func withoutScript(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
	_, err := cdp.Call(ctx, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	return chromedp.Void{}, err
}

// press presses a key as a keyboard does: a key that did something when it went
// down types nothing. chromedp's own keys do both, so that one Enter follows a
// link and then presses the button that the link leads to.
func press(key string) chromedp.Action[chromedp.Void] {
	return chromedp.KeyEvent(key, func(event *input.DispatchKeyEventParams) {
		if event.Type == input.DispatchKeyEventTypeKeyDown {
			event.Type = input.DispatchKeyEventTypeRawKeyDown
		}
	})
}

// customersUser makes the user of a customer.
func (w *world) customersUser(name, customer string) {
	id, err := uuid.Parse(customer)
	must(w.t, err)
	_, err = w.program.Commands.CreateDemoUser(w.t.Context(), commands.DemoUser{Organisation: w.top, Email: w.mail(name), Name: name, CustomerID: &id})
	must(w.t, err)
}

// recording takes a picture after each step in a tab of its own.
type recording struct {
	tab  context.Context
	t    *testing.T
	name string
	n    int
}

func record(t *testing.T, name string) *recording {
	return &recording{tab: startBrowser(t), t: t, name: name}
}

// take carries out a step and leaves its picture where pictures are asked for.
func (r *recording) take(step string, actions ...chromedp.Action[chromedp.Void]) {
	r.t.Helper()
	must(r.t, chromedp.Do(r.tab, actions...))
	r.n++
	folder := os.Getenv("REMIT_SHOTS")
	if folder == "" {
		return
	}
	picture, err := chromedp.Run(r.tab, chromedp.CaptureScreenshot())
	must(r.t, err)
	file := fmt.Sprintf("%s.%02d.%s.png", r.name, r.n, strings.ReplaceAll(step, " ", "-"))
	must(r.t, os.WriteFile(filepath.Join(folder, file), picture, 0o600))
}
