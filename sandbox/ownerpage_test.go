package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v79"
)

// A login link opens an Express account's dashboard once; other accounts have
// none, nor have those whose form is not finished.
func TestLoginLinks(t *testing.T) {
	s := open(t)
	unfinished := s.express()
	if _, err := s.LoginLinks.New(&stripe.LoginLinkParams{Account: &unfinished.ID}); failure(t, err).HTTPStatusCode != http.StatusBadRequest {
		t.Error(err)
	}
	id := s.seller()
	s.direct(id)
	l, err := s.LoginLinks.New(&stripe.LoginLinkParams{Account: &id})
	if err != nil {
		t.Fatal(err)
	}
	first := s.visit(l.URL)
	page := s.visit(s.web.URL + first.to)
	if page.status != http.StatusOK || !strings.Contains(page.page, "$95.80 USD") || !strings.Contains(page.page, "STRIPE TEST BANK •••• 6789") {
		t.Error(page.status, page.page)
	}
	if again := s.visit(l.URL); again.status != http.StatusGone || again.to != "" {
		t.Error(again.status, again.to)
	}
	s.refused(400, "POST", "/v1/accounts/"+s.standard("new_ready")+"/login_links", "")
}

// The owner of a Standard account sees who may act for it and takes that back;
// he refunds, and finishes his form.
func TestOwnerPage(t *testing.T) {
	s := open(t)
	id := s.standard("new_ready")
	s.direct(id)
	address := s.web.URL + "/_hosted/dashboard/" + id
	if page := s.visit(address).page; !strings.Contains(page, "Refund $100.00 USD") || !strings.Contains(page, "Revoke the access of Sandbox") {
		t.Error(page)
	}
	own, err := s.Accounts.Get()
	if err != nil {
		t.Fatal(err)
	}
	charge := s.Charges.List(&stripe.ChargeListParams{ListParams: stripe.ListParams{StripeAccount: &id}})
	if !charge.Next() {
		t.Fatal(charge.Err())
	}
	if page := s.post(address, url.Values{"refund": {charge.Charge().ID}}).page; !strings.Contains(page, "refunded $100.00 USD") {
		t.Error(page)
	}
	if page := s.post(address, url.Values{"revoke": {own.ID}}).page; !strings.Contains(page, "No platform is connected.") {
		t.Error(page)
	}
	if status, _ := s.form("GET", "/v1/balance", "", on(id)); status != http.StatusForbidden {
		t.Error(status)
	}
	unfinished := s.standard("new_unfinished")
	begun := s.post(s.web.URL+"/_hosted/dashboard/"+unfinished, url.Values{"finish": {"yes"}})
	s.control("POST", "/_sandbox/accounts/"+unfinished, map[string]any{"verification": "instant"}, nil)
	if back := s.fillForm(begun.to, "", nil); back != s.web.URL+"/_hosted/dashboard/"+unfinished {
		t.Error(back)
	}
	if a := s.account(unfinished); !a.ChargesEnabled {
		t.Errorf("%+v", a.Requirements)
	}
	if page := s.visit(s.web.URL + "/_hosted/dashboard/" + s.seller()); page.status != http.StatusNotFound {
		t.Error("an Express account has a full dashboard:", page.status)
	}
}
