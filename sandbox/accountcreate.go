package sandbox

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

func init() {
	endpoint("POST", "/v1/accounts", createAccount)
	errandRunners["account.open"] = openAccount
}

// opening is what a platform's account tells a new one: what it is, at which
// time its clock starts and how the stand-in behaves for it.
type opening struct {
	Account  json.RawMessage `json:"account"`
	Kept     json.RawMessage `json:"kept"`
	Offset   time.Duration   `json:"offset"`
	Settings *settings       `json:"settings"`
	Bank     bool            `json:"bank"` // whether it has the test bank already
}

// createAccount makes a connected account, which the platform controls.
func createAccount(c *call) (any, error) {
	a := c.blankAccount("acct_1" + random(15))
	a.Country = must[account](c.tx, c.world.id).Country
	a.Type, a.Controller = c.p.readController()
	a.Kept.Platforms, a.Kept.Controller, a.Kept.Setup = []string{c.world.id}, c.world.id, &accountSetup{}
	if country := c.p.string("country"); country != "" {
		a.readCountry(c.p, country)
	}
	a.DefaultCurrency = currencyOf(a.Country)
	if currency := c.p.string("default_currency"); currency != "" {
		a.DefaultCurrency = c.p.readCurrency(currency)
	}
	a.readAccount(c)
	if len(a.Capabilities) == 0 && a.dashboard() == "full" {
		a.request(c.tx, "card_payments", "transfers")
	}
	if err := c.p.done(); err != nil {
		return nil, err
	}
	a.judge(c.seconds())
	c.openElsewhere(a)
	return a, nil
}

// openElsewhere has the account come into being, with the clock and the
// settings of this one.
func (t *tx) openElsewhere(a *account) {
	t.send(a.ID, "account.open", &opening{encode(a), encode(a.hidden()), t.world.offset, t.settings(), a.DetailsSubmitted})
}

func openAccount(t *tx, payload json.RawMessage) {
	if _, there := get[account](t, t.world.id); there {
		return
	}
	var o opening
	a := &account{}
	mustDecode(payload, &o)
	mustDecode(o.Account, a)
	mustDecode(o.Kept, a.hidden())
	t.starts = &o.Offset
	t.put(a)
	t.put(o.Settings)
	if o.Bank {
		t.put(t.newBankAccount(testBankNumber))
	}
}

// mustDecode reads JSON that this package wrote.
func mustDecode(from json.RawMessage, into any) {
	if err := json.Unmarshal(from, into); err != nil {
		panic("sandbox: " + err.Error())
	}
}

// readCountry takes the account's country.
func (a *account) readCountry(p *params, country string) {
	if len(country) != 2 || strings.Trim(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		p.fail("country_unsupported", "country", "Country '%s' is unknown. Try using a 2-character alphanumeric country code instead, such as 'US', 'EG', or 'GB'.", country)
	}
	a.Country = country
}

// currencyOf is what money a country's accounts are in.
func currencyOf(country string) string {
	switch country {
	case "US":
		return "usd"
	case "CA":
		return "cad"
	case "GB":
		return "gbp"
	case "AU":
		return "aud"
	case "JP":
		return "jpy"
	}
	return "eur"
}

// readAccount takes what create and update share.
func (a *account) readAccount(c *call) {
	p := c.p
	p.nullable("email", &a.Email)
	if kind := p.enum("business_type", "company", "government_entity", "individual", "non_profit"); kind != "" {
		a.BusinessType = &kind
	}
	a.Metadata = p.metadata(a.Metadata)
	a.readProfile(p.hash("business_profile"))
	a.readCapabilities(c, p.hash("capabilities"))
	a.readPayoutSettings(p.hash("settings"))
}

func (a *account) readProfile(p *params) {
	if p == nil {
		return
	}
	b := &a.BusinessProfile
	p.nullable("mcc", &b.MCC)
	p.nullable("name", &b.Name)
	p.nullable("product_description", &b.ProductDescription)
	p.nullable("support_email", &b.SupportEmail)
	p.nullable("support_phone", &b.SupportPhone)
	p.nullable("support_url", &b.SupportURL)
	p.nullable("url", &b.URL)
	b.SupportAddress = p.readAddress("support_address", b.SupportAddress)
	if b.MCC != nil && (len(*b.MCC) != 4 || keepDigits(*b.MCC) != *b.MCC) {
		p.fail("", "mcc", "Invalid mcc: must be four digits")
	}
	if b.Name != nil {
		a.Settings.Dashboard.DisplayName = b.Name
	}
}

// requestable are the capabilities that an account here can have.
var requestable = []string{"card_payments", "link_payments", "transfers", achCapability}

// readCapabilities requests capabilities, or gives them back.
func (a *account) readCapabilities(c *call, p *params) {
	if p == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(p.node.kids)) {
		wish := p.hash(name)
		if !slices.Contains(requestable, name) {
			wish.ignore("requested")
			p.fail("", name, "This server's accounts can have the capabilities %s.", orList(requestable))
			continue
		}
		if requested, sent := wish.boolean("requested"); sent {
			a.setRequested(c.tx, name, requested)
		}
	}
}

func (a *account) setRequested(t *tx, name string, requested bool) {
	if requested {
		a.request(t, name)
		return
	}
	a.Capabilities = maps.Clone(a.Capabilities)
	delete(a.Capabilities, name)
}

// request asks for capabilities; judge says what becomes of them.
func (a *account) request(t *tx, names ...string) {
	a.Capabilities, a.Kept.Requested = maps.Clone(a.Capabilities), maps.Clone(a.Kept.Requested)
	if a.Kept.Requested == nil {
		a.Kept.Requested = map[string]int64{}
	}
	for _, name := range names {
		if _, had := a.Capabilities[name]; !had {
			a.Capabilities[name], a.Kept.Requested[name] = "inactive", t.seconds()
		}
	}
}

// readPayoutSettings takes settings[payouts]. Where the owner has a dashboard of
// his own, the schedule is his to choose (docs.stripe.com/connect/manage-payout-schedule);
// Stripe's words for the refusal are not known here.
func (a *account) readPayoutSettings(p *params) {
	if p == nil {
		return
	}
	payouts := p.hash("payouts")
	if payouts == nil {
		return
	}
	if a.dashboard() == "full" {
		payouts.node.markRead()
		payouts.fail("", "schedule", "You cannot change the payout settings of an account whose owner has access to the full Stripe Dashboard.")
		return
	}
	if debit, sent := payouts.boolean("debit_negative_balances"); sent {
		a.Settings.Payouts.DebitNegativeBalances = debit
	}
	payouts.nullable("statement_descriptor", &a.Settings.Payouts.StatementDescriptor)
	h := payouts.hash("schedule")
	if h == nil {
		return
	}
	s := a.Settings.Payouts.Schedule
	if interval := h.enum("interval", "daily", "manual", "monthly", "weekly"); interval != "" {
		s.Interval, s.WeeklyAnchor, s.MonthlyAnchor = interval, nil, nil
	}
	if text, _ := h.text("delay_days"); text == "minimum" {
		s.DelayDays = 2
	} else if days, sent := h.integer("delay_days"); sent {
		s.DelayDays = days
	}
	if anchor := h.string("weekly_anchor"); anchor != "" {
		s.WeeklyAnchor = &anchor
	}
	if anchor, sent := h.integer("monthly_anchor"); sent {
		s.MonthlyAnchor = &anchor
	}
	if failed := s.check(); failed != nil {
		h.fail(failed.Code, failed.Param, "%s", failed.Message)
	}
	a.Settings.Payouts.Schedule = s
}
