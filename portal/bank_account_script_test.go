package portal_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Protects who mistypes a routing number with script on: the account number stays
// in its field, though no answer holds it.
func TestTheAccountNumberStaysInTheBrowser(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	add := admin.open(w.invoice(admin).link("/customers/0")).path() + "/bank-accounts/new"
	tab := startBrowser(t)
	complaints := listen(tab)
	must(t, chromedp.Do(tab, chromedp.Navigate(w.program.URL+"/sign-in"), chromedp.SendKeys("#email", w.mail("admin")), chromedp.SendKeys("#password", "remit-demo"+kb.Enter),
		chromedp.WaitVisible(".tabs"), chromedp.Navigate(w.program.URL+add), chromedp.WaitVisible("#account-number"),
		chromedp.SendKeys("#account-holder-name", "Tara Torres"), chromedp.Click("#account-holder-type"), chromedp.SendKeys("#routing-number", "1100"),
		chromedp.SendKeys("#account-number", accountNumber), chromedp.Click("#mandate-accepted"), chromedp.SendKeys("#account-number", kb.Enter), chromedp.WaitVisible("#problem")))
	says(tab, t, `document.querySelector("#account-number").value`, accountNumber)
	says(tab, t, `document.querySelector("#account-number").getAttribute("value") ?? "none"`, "none")
	must(t, chromedp.Do(tab, chromedp.SetValue("#routing-number", "110000000"), chromedp.SendKeys("#account-number", kb.Enter), chromedp.WaitVisible("#outcome")))
	says(tab, t, `document.querySelector("h1").textContent`, "STRIPE TEST BANK account 6789")
	if heard := complaints(); len(heard) > 0 {
		t.Errorf("the browser complains: %q", heard)
	}
}
