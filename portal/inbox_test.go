package portal_test

import (
	"net/url"
	"strings"
	"testing"
)

// Protects whoever works from the inbox: it says why an invoice is there that is on
// hold or that charging by itself has given up on, and so does the item's own page,
// without the reason a bank gave.
func TestTheInboxSaysWhyAnInvoiceIsThere(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	invoice := w.invoice(admin)
	payer := w.signIn("payer")
	payer.open("/inbox").want(200, "To do").lacks("On hold")
	admin.open(invoice.path()+"/hold").submit(invoice.path()+"/hold", url.Values{"reason": {"disputed"}}).want(200, "The invoice is on hold.")
	item := payer.open("/inbox").want(200, "On hold: disputed").link("/inbox/0")
	payer.open(item).want(200, "On hold: disputed")
	w.sql("update invoices set hold_reason = null, hold_kind = null, hold_since = null, collection_state = 'ended', collection_why = 'not retried: insufficient_funds', collection_since = now() where id::text = $1", strings.TrimPrefix(invoice.path(), "/invoices/"))
	payer.open("/inbox").want(200, "Charging ended").lacks("insufficient")
	payer.open(item).want(200, "Charging ended").lacks("insufficient")
}
