package commands

import (
	"encoding/base64"
	"strings"
	"testing"

	"remit"
)

// Protects customers from having their reminders switched by others: the link of one
// is no other's, in no other tenant, and neither is a payment link.
func TestUnsubscribeLinksAreOnesOwn(t *testing.T) {
	h, owner := openHouse(t)
	other := h.founder("/other", "otto@example.com")
	invoice := h.billed(owner, "INV-1", "a@acme.example", 1000)
	h.send(owner, invoice)
	sent := h.delivery(owner, invoice)
	tenant, theirs := owner.Tenants[0].Tenant, other.Tenants[0].Tenant
	one, err := h.Invoice(t.Context(), owner, invoice)
	if err != nil {
		t.Fatal(err)
	}
	link, err := h.unsubscribeLink(tenant, one.CustomerID)
	if err != nil {
		t.Fatal(err)
	}
	token := link[strings.LastIndex(link, "/")+1:]
	if page, err := h.Unsubscribing(t.Context(), token); err != nil || !page.Reminders {
		t.Fatalf("%+v, %v", page, err)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(token)
	forged := func(change func(b []byte)) string {
		b := append([]byte(nil), raw...)
		change(b)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	for name, bad := range map[string]string{
		"tenant":   forged(func(b []byte) { copy(b, theirs[:]) }),
		"customer": forged(func(b []byte) { copy(b[16:], invoice[:]) }),
		"tag":      forged(func(b []byte) { b[len(b)-1] ^= 1 }),
		"no tag":   token[:43],
		"pay link": sent.Invoice.Link[strings.LastIndex(sent.Invoice.Link, "/")+1:],
		"nothing":  "",
	} {
		if err := h.Unsubscribe(t.Context(), bad, ""); !remit.IsCode(err, remit.CodeNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range 2 {
		if err := h.Unsubscribe(t.Context(), token, ""); err != nil {
			t.Error(err)
		}
	}
	if n := h.number("select count(*) from audit where action = 'customer.reminders'"); n != 1 {
		t.Errorf("%d entries in the audit trail", n)
	}
}
