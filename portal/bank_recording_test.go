package portal_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Protects a customer on a telephone who pays by bank for the first time: he adds
// his account, reads that deposits are on their way, enters wrong amounts and then
// right ones, pays what is open, sees that the bank has it, and, once it has
// settled, that it is paid.
func TestABankAccountPaysOnATelephone(t *testing.T) { bankPays(t, "amounts") }

// The same with one deposit and its code.
func TestABankAccountWithACodePaysOnATelephone(t *testing.T) { bankPays(t, "descriptor_code") }

func bankPays(t *testing.T, deposits string) {
	t.Helper()
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	w.control("/settings", `{"microdeposits": "`+deposits+`"}`)
	invoice := w.invoice(admin)
	customer := invoice.link("/customers/")
	w.customersUser("globex", strings.TrimPrefix(customer, "/customers/"))
	at := w.program.URL + customer
	s := record(t, "bank-"+deposits)
	s.take("sign in", chromedp.EmulateViewport(360, 740), chromedp.Navigate(w.program.URL+"/sign-in"),
		chromedp.SendKeys("#email", w.mail("globex")), chromedp.SendKeys("#password", "remit-demo"+kb.Enter), chromedp.WaitVisible("nav"))
	s.take("payment settings", chromedp.Navigate(at), chromedp.WaitVisible(`a[href$="/bank-accounts/new"]`))
	s.take("form", follow(`a[href$="/bank-accounts/new"]`), chromedp.WaitVisible("[name=account_number]"))
	s.take("typed", chromedp.SendKeys("[name=account_holder_name]", "Tara Torres"), chromedp.Click("[name=account_holder_type][value=individual]"),
		chromedp.SendKeys("[name=routing_number]", "110000000"), chromedp.SendKeys("[name=account_number]", accountNumber), chromedp.Click("[name=mandate_accepted]"))
	field, wrong, right := "[name=amounts]", []string{"0.11", "0.12"}, []string{"32", "45"}
	if deposits == "descriptor_code" {
		field, wrong, right = "[name=descriptor_code]", []string{"SM99ZZ"}, []string{"SM11AA"}
	}
	s.take("announced", follow("form:has([name=account_number]) button"), chromedp.WaitVisible(field))
	says(s.tab, t, `document.querySelector("main").textContent.includes("Deposit on its way")`, "true")
	// Values are set and the button is pressed: a key would go to whatever the page
	// moves the focus to meanwhile.
	enter := func(step, until string, typed []string) {
		t.Helper()
		for n, text := range typed {
			says(s.tab, t, `(input => { input.value = "`+text+`"; return input.value })(document.querySelectorAll("`+field+`")[`+strconv.Itoa(n)+`])`, text)
		}
		s.take(step, follow("form:has("+field+") button"), chromedp.WaitVisible(until))
	}
	enter("wrong", field, wrong)
	says(s.tab, t, `document.querySelector("main").textContent.includes("match. `+map[string]string{"amounts": "2", "descriptor_code": "9"}[deposits]+` tries left.")`, "true")
	enter("right", `form[action="/portal/pay"] button`, right)
	says(s.tab, t, `document.querySelector("main").textContent.includes("is ready.")`, "true")
	s.take("pay form", follow(`form[action="/portal/pay"] button`), chromedp.WaitVisible("button.pay"))
	s.take("processing", follow("button.pay"), chromedp.WaitVisible("#outcome"))
	s.take("invoices", chromedp.Navigate(w.program.URL+"/portal"), chromedp.WaitVisible("main"))
	says(s.tab, t, `document.querySelector("main").textContent.includes("Processing")`, "true")
	w.eventually("it has settled", func() bool {
		return !strings.Contains(admin.open("/demo/clock").submit("/demo/clock", url.Values{"days": {"7"}}).raw, "There is a problem") &&
			strings.Contains(admin.open(invoice.path()).raw, "Paid")
	})
	s.take("paid", chromedp.Navigate(w.program.URL+"/portal"), chromedp.WaitVisible("main"))
	says(s.tab, t, `document.querySelector("main").textContent.includes("Paid")`, "true")
}
