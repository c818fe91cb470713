package portal_test

import (
	"net/url"
	"strings"
	"testing"
)

// Protects who pays by bank: the result says until when the bank answers and that
// nothing is to be paid again, the inbox shows it under way, and while the bank does
// not have it yet it is called back, by its payer alone.
func TestADebitIsUnderWayAndCalledBack(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	invoice := w.invoice(admin)
	customer := admin.open(invoice.link("/customers/0")).path()
	add := customer + "/bank-accounts/new"
	verify := admin.open(add).submit(add, typedAccount(nil))
	verify.submit(verify.path(), url.Values{"descriptor_code": {"SM11AA"}}).want(200, "is ready")
	payer := w.signIn("payer")
	inbox := payer.open("/inbox")
	item := inbox.link("/inbox/0")
	paid := inbox.submit(item+"/claim", nil).want(200, "By paying with it you authorise").submit(item, nil)
	w.eventually("the bank has it", func() bool { return strings.Contains(payer.open(paid.path()).raw, "Your bank has it") })
	result := payer.open(paid.path()).want(200, "Result by", "do not pay again.")
	payer.open(item).want(200, "A payment is already under way.")
	payer.open("/inbox?tab=underway").want(200, "Under way")
	cancel := result.link("/payments/")
	at, _, _ := strings.Cut(cancel, "?")
	admin.open(invoice.path()).want(200, "Processing").link(at)
	viewer := w.signIn("viewer")
	if strings.Contains(viewer.open(invoice.path()).want(200).raw, at) {
		t.Error("who may not pay is led to calling it back")
	}
	remove := admin.open(customer).link(customer + "/methods/")
	admin.open(remove).submit(remove, nil).want(409, "Remove STRIPE TEST BANK account 6789?", "A payment with this method is under way. Remove it when that is settled.")
	asked := payer.open(cancel).want(200, "Cancel the payment of $1,200.00?", "Keep it")
	viewer.post(at, nil).want(403)
	asked.submit(at, nil).want(200, "The payment is cancelled. Nothing was charged.", "This payment was cancelled")
	const over = "Nothing of this payment is on its way."
	asked.submit(at, nil).want(409, "This payment cannot be cancelled", over)
	payer.open(cancel).want(409, "This payment cannot be cancelled", over).lacks("Keep it")
	payer.open(item).want(200, "Pay with")
}

// Protects whoever pays several invoices by bank: each that the bank takes on is
// followed by the next, and an account that has used up its presentments is refused
// in words.
func TestSeveralInvoicesAreDebitedAtOnce(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	first := w.invoice(admin)
	customer := admin.open(first.link("/customers/0")).path()
	second := w.invoiceFor(admin, strings.TrimPrefix(customer, "/customers/"))
	add := customer + "/bank-accounts/new"
	verify := admin.open(add).submit(add, typedAccount(nil))
	verify.submit(verify.path(), url.Values{"descriptor_code": {"SM11AA"}}).want(200, "is ready")
	ids := url.Values{"invoice": {strings.TrimPrefix(first.path(), "/invoices/"), strings.TrimPrefix(second.path(), "/invoices/")}}
	paid := admin.open(customer+"/pay?"+ids.Encode()).want(200, "Pay 2 invoices").submit(customer+"/pay", nil)
	w.eventually("the bank has both", func() bool {
		return strings.Contains(admin.open(paid.at.String()).raw, "2 of 2 invoices at your bank")
	})
}

// Protects an account that has been presented three times: the fourth debit is
// refused on the form, before anything is tried, and is no failure of ours.
func TestADebitTooManyIsRefusedInWords(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	invoice := w.invoice(admin)
	customer := admin.open(invoice.link("/customers/0")).path()
	add := customer + "/bank-accounts/new"
	verify := admin.open(add).submit(add, typedAccount(url.Values{"account_number": {"000222222227"}}))
	verify.submit(verify.path(), url.Values{"descriptor_code": {"SM11AA"}}).want(200, "is ready")
	pay := customer + "/pay?" + url.Values{"invoice": {strings.TrimPrefix(invoice.path(), "/invoices/")}}.Encode()
	for n := range 3 {
		paid := admin.open(pay).want(200, "Pay 1 invoice").submit(customer+"/pay", nil)
		w.eventually("the bank has it", func() bool { return strings.Contains(admin.open(paid.at.String()).raw, "Your bank has it") })
		w.eventually("the bank returns it", func() bool {
			admin.open("/demo/clock").submit("/demo/clock", url.Values{"days": {"7"}})
			return strings.Contains(admin.open(paid.at.String()).raw, "Use another method")
		})
		t.Logf("returned %d times", n+1)
	}
	admin.open(pay).submit(customer+"/pay", nil).want(402, "There is a problem", "Nothing was charged. Too many tries with this account. Use another.")
}

// Protects a customer whose payment the bank took back: his pages and the public one
// say so, and give no receipt for it.
func TestAPaymentThatCameBackIsNoReceipt(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	invoice := w.invoice(admin)
	customer := admin.open(invoice.link("/customers/0")).path()
	w.customersUser("tenant", strings.TrimPrefix(customer, "/customers/"))
	add := customer + "/bank-accounts/new"
	verify := admin.open(add).submit(add, typedAccount(url.Values{"account_number": {"000555555559"}}))
	verify.submit(verify.path(), url.Values{"descriptor_code": {"SM11AA"}}).want(200, "is ready")
	id := strings.TrimPrefix(invoice.path(), "/invoices/")
	admin.open(customer+"/pay?invoice="+id).submit(customer+"/pay", nil)
	tara := w.signInTo("tenant", "Invoices")
	own := "/portal" + invoice.path()
	w.eventually("the bank takes it back", func() bool {
		admin.open("/demo/clock").submit("/demo/clock", url.Values{"days": {"7"}})
		return strings.Contains(tara.open(own).raw, "Returned by the bank.")
	})
	for _, page := range []*shown{tara.open(own), w.stranger().open(admin.open(invoice.path()).cut(w.program.URL + "/pay/"))} {
		page.want(200, "The bank returned the payment").lacks("Receipt")
	}
	tara.open("/portal/paid?invoice="+id).want(200, "Returned by the bank.")
}
