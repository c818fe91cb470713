package sandbox_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v79"
)

// express makes a connected account with the capabilities of a seller.
func (s *stand) express() *stripe.Account {
	s.t.Helper()
	wish := &stripe.AccountCapabilitiesCardPaymentsParams{Requested: stripe.Bool(true)}
	a, err := s.Accounts.New(&stripe.AccountParams{
		Type: stripe.String("express"), Country: stripe.String("US"), Email: stripe.String("owner@seller.example"),
		Capabilities: &stripe.AccountCapabilitiesParams{
			CardPayments: wish, Transfers: &stripe.AccountCapabilitiesTransfersParams{Requested: stripe.Bool(true)},
			USBankAccountACHPayments: &stripe.AccountCapabilitiesUSBankAccountACHPaymentsParams{Requested: stripe.Bool(true)},
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *stand) account(id string) *stripe.Account {
	s.t.Helper()
	a, err := s.Accounts.GetByID(id, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// link makes an account link and says where it leads.
func (s *stand) link(account string) string {
	s.t.Helper()
	l, err := s.AccountLinks.New(&stripe.AccountLinkParams{
		Account: &account, Type: stripe.String("account_onboarding"),
		RefreshURL: stripe.String("https://platform.example/refresh"), ReturnURL: stripe.String("https://platform.example/return"),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return l.URL
}

// answers are what a person types into the form, step by step.
var answers = map[string]url.Values{
	"business": {"business_type": {"individual"}, "business_name": {"Harbour Works"}, "mcc": {"7392"}, "url": {"https://harbour.example"}},
	"company": {
		"company_name": {"Harbour Works LLC"}, "tax_id": {"000000000"}, "company_phone": {"5550100"}, "company_line1": {"1 Quay"},
		"company_city": {"Boston"}, "company_state": {"MA"}, "company_postal_code": {"02110"},
	},
	"person": {
		"first_name": {"Pat"}, "last_name": {"Harbour"}, "email": {"pat@harbour.example"}, "phone": {"5550100"}, "dob": {"1980-02-03"},
		"title": {"Owner"}, "line1": {"1 Quay"}, "city": {"Boston"}, "state": {"MA"}, "postal_code": {"02110"}, "id_number": {"0000"},
	},
	"bank":   {"routing_number": {"110000000"}, "account_number": {"000123456789"}},
	"review": {}, "update": {},
}

// fillForm goes through the form from where it stands to its end, or to the
// step at which it is left, and says where that leads.
func (s *stand) fillForm(at, leaveAt string, changes url.Values) string {
	s.t.Helper()
	for range 8 {
		seen := s.visit(s.web.URL + at)
		if seen.to != "" && !strings.HasPrefix(seen.to, "/") {
			return seen.to
		}
		if seen.to != "" {
			at = seen.to
			continue
		}
		step := at[strings.LastIndex(at, "/")+1:]
		form := url.Values{"then": {"next"}}
		for name, value := range answers[step] {
			form[name] = value
			if changed, ok := changes[name]; ok {
				form[name] = changed
			}
		}
		if step == leaveAt {
			form.Set("then", "later")
		}
		response, err := browser.PostForm(s.web.URL+at, form)
		sent := s.shown(response, err)
		if sent.to == at || sent.to == "" {
			s.t.Fatalf("%s does not go on: %s", at, s.visit(s.web.URL+at).page)
		}
		if at = sent.to; !strings.HasPrefix(at, "/") {
			return at
		}
	}
	s.t.Fatal("the form never ends")
	return ""
}

// setUp makes an Express account and has its owner fill in the form.
func (s *stand) onboarded(changes url.Values) string {
	s.t.Helper()
	a := s.express()
	s.fillForm(s.visit(s.link(a.ID)).to, "", changes)
	return a.ID
}

// seconds of a connected account's clock.
func (s *stand) pass(account string, seconds int) {
	s.t.Helper()
	if status := s.control("POST", "/_sandbox/accounts/"+account+"/clock", map[string]any{"advance_seconds": seconds}, nil); status != 200 {
		s.t.Fatal(status)
	}
}

// A new Express account owes everything and may do nothing; its owner fills in
// the form, leaves in between and goes on; Stripe looks for half a minute and
// then lets it charge and be paid out.
func TestOnboarding(t *testing.T) {
	s := open(t)
	a := s.express()
	if a.ChargesEnabled || a.PayoutsEnabled || a.DetailsSubmitted || a.Capabilities.CardPayments != "inactive" ||
		a.Requirements.DisabledReason != "requirements.past_due" || a.Controller.Fees.Payer != "application_express" ||
		a.Controller.StripeDashboard.Type != "express" || !a.Controller.IsController {
		t.Fatalf("%+v", a)
	}
	for _, field := range []string{"business_type", "business_profile.mcc", "business_profile.url", "individual.dob.day", "individual.ssn_last_4", "external_account", "tos_acceptance.date"} {
		if !slices.Contains(a.Requirements.CurrentlyDue, field) {
			t.Error("does not owe", field)
		}
	}
	address := s.link(a.ID)
	if left := s.fillForm(s.visit(address).to, "person", nil); left != "https://platform.example/return" {
		t.Error(left)
	}
	if to := s.visit(address).to; to != "https://platform.example/refresh" {
		t.Error("the link opens twice:", to)
	}
	half := s.account(a.ID)
	if half.DetailsSubmitted || slices.Contains(half.Requirements.CurrentlyDue, "individual.first_name") || !slices.Contains(half.Requirements.CurrentlyDue, "external_account") {
		t.Errorf("%v", half.Requirements.CurrentlyDue)
	}
	s.fillForm(s.visit(s.link(a.ID)).to, "review", nil)
	again := s.visit(s.link(a.ID)).to
	s.post(s.web.URL+again+"/bank", url.Values{"routing_number": {"110000000"}, "account_number": {"000111111113"}})
	if banks := s.account(a.ID).ExternalAccounts.Data; len(banks) != 1 || banks[0].BankAccount.Last4 != "1113" {
		t.Error("another bank typed is not the only one:", len(banks))
	}
	if wrong := s.post(s.web.URL+again+"/bank", url.Values{"routing_number": {"021000021"}, "account_number": {"1"}}); wrong.status != http.StatusUnprocessableEntity || !strings.Contains(wrong.page, "110000000") {
		t.Error(wrong.status)
	}
	s.fillForm(again, "", nil)
	pending := s.account(a.ID)
	if !pending.DetailsSubmitted || pending.ChargesEnabled || len(pending.Requirements.CurrentlyDue) != 0 ||
		pending.Requirements.DisabledReason != "requirements.pending_verification" || len(pending.Requirements.PendingVerification) == 0 {
		t.Errorf("%+v", pending.Requirements)
	}
	s = s.reopen()
	s.pass(a.ID, 31)
	done := s.account(a.ID)
	if !done.ChargesEnabled || !done.PayoutsEnabled || done.Capabilities.CardPayments != "active" || done.Capabilities.USBankAccountACHPayments != "active" ||
		done.Requirements.DisabledReason != "" || len(done.ExternalAccounts.Data) != 1 {
		t.Errorf("%+v", done)
	}
	if s.visit(s.link(a.ID)).to == "" || s.fillForm(s.visit(s.link(a.ID)).to, "", nil) != "https://platform.example/return" {
		t.Error("a form with nothing to fill in does not lead back")
	}
}

// A link is dead after 300 seconds of the account's clock.
func TestAccountLinkExpires(t *testing.T) {
	s := open(t)
	a := s.express()
	address := s.link(a.ID)
	s.pass(a.ID, 301)
	if to := s.visit(address).to; to != "https://platform.example/refresh" {
		t.Error(to)
	}
	s.refused(400, "POST", "/v1/account_links", "type=account_update&account="+a.ID+"&refresh_url=https://a.example&return_url=https://a.example")
	s.refused(403, "POST", "/v1/account_links", "type=account_onboarding&account=acct_none&refresh_url=https://a.example&return_url=https://a.example")
}

// Who cannot be verified owes a document, with the reason; giving it lets
// Stripe look once more.
func TestFailedVerification(t *testing.T) {
	s := open(t)
	s.control("POST", "/_sandbox/settings", map[string]any{"verification_ms": 0}, nil)
	id := s.onboarded(url.Values{"id_number": {"111111111"}, "business_type": {"company"}})
	a := s.account(id)
	if a.ChargesEnabled || !slices.Equal(a.Requirements.CurrentlyDue, []string{"representative.verification.document"}) ||
		len(a.Requirements.Errors) != 1 || a.Requirements.Errors[0].Requirement != "representative.verification.document" {
		t.Fatalf("%+v", a.Requirements)
	}
	s.fillForm(s.visit(s.link(id)).to, "", nil)
	if a = s.account(id); !a.ChargesEnabled || len(a.Requirements.CurrentlyDue) != 0 {
		t.Errorf("%+v", a.Requirements)
	}
}

// What a platform may do to the accounts that it made, and to no others.
func TestConnectedAccountsAPI(t *testing.T) {
	s := open(t)
	first, second := s.express(), s.express()
	var listed []string
	list := s.Accounts.List(&stripe.AccountListParams{ListParams: stripe.ListParams{Limit: stripe.Int64(1)}})
	for list.Next() {
		listed = append(listed, list.Account().ID)
	}
	if list.Err() != nil || len(listed) != 2 || !slices.Contains(listed, first.ID) || !slices.Contains(listed, second.ID) {
		t.Error(listed, list.Err())
	}
	s.ok("POST", "/v1/accounts/"+first.ID, "metadata[a]=b&business_profile[url]=https://a.example&settings[payouts][schedule][interval]=weekly&settings[payouts][schedule][weekly_anchor]=friday")
	a := s.account(first.ID)
	if a.Metadata["a"] != "b" || a.Settings.Payouts.Schedule.WeeklyAnchor != "friday" || slices.Contains(a.Requirements.CurrentlyDue, "business_profile.url") {
		t.Errorf("%+v", a)
	}
	s.ok("GET", "/v1/accounts/"+first.ID+"/capabilities", "")
	s.ok("GET", "/v1/accounts/"+first.ID+"/capabilities/card_payments", "")
	s.ok("POST", "/v1/accounts/"+first.ID+"/capabilities/link_payments", "requested=true")
	s.ok("GET", "/v1/accounts/"+first.ID+"/external_accounts", "object=bank_account")
	s.ok("POST", "/v1/accounts/"+first.ID+"/reject", "reason=fraud")
	if a = s.account(first.ID); a.Requirements.DisabledReason != "rejected.fraud" || a.ChargesEnabled {
		t.Errorf("%+v", a.Requirements)
	}
	s.ok("DELETE", "/v1/accounts/"+second.ID, "")
	s.refused(403, "GET", "/v1/accounts/"+second.ID, "")
	standard := s.ok("POST", "/v1/accounts", "type=standard&business_type=company")
	if a = s.account(standard); a.Controller.Fees.Payer != "account" || a.Controller.StripeDashboard.Type != "full" || a.Capabilities.CardPayments != "inactive" {
		t.Errorf("%+v", a.Controller)
	}
	s.refused(400, "POST", "/v1/accounts/"+standard, "settings[payouts][schedule][interval]=manual")
	s.refused(400, "POST", "/v1/accounts/"+standard+"/reject", "reason=fraud")
	s.ok("POST", "/v1/accounts", "controller[fees][payer]=application&controller[losses][payments]=application&controller[stripe_dashboard][type]=none&controller[requirement_collection]=application&country=CA")
	s.refused(400, "POST", "/v1/accounts", "controller[stripe_dashboard][type]=express")
	s.refused(400, "POST", "/v1/accounts", "type=express&controller[fees][payer]=account")
	other := *s
	other.key = "sk_test_stranger"
	other.refused(403, "GET", "/v1/accounts/"+first.ID, "")
	other.refused(403, "POST", "/v1/accounts/"+first.ID, "metadata[a]=b")
	status, body := s.form("POST", "/v1/accounts", "type=express", http.Header{"Idempotency-Key": {"same"}})
	again, copied := s.form("POST", "/v1/accounts", "type=express", http.Header{"Idempotency-Key": {"same"}})
	if status != 200 || again != 200 || string(body) != string(copied) {
		t.Error("the key makes another account")
	}
}
