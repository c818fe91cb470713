package gateway

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/stripe/stripe-go/v79"

	"remit"
)

// LoginLink makes a link into the dashboard that Stripe gives the owner of an
// Express account, good for one visit within minutes. It is made with the
// platform's key, not on behalf of the account.
func (c *Client) LoginLink(ctx context.Context, key string) (string, error) {
	params := &stripe.LoginLinkParams{}
	params.Context = ctx
	params.SetIdempotencyKey(key)
	link := &stripe.LoginLink{}
	path := "/v1/accounts/" + url.PathEscape(c.access.Account) + "/login_links"
	if err := c.backend.Call(http.MethodPost, path, c.access.Key, params, link); err != nil {
		return "", failureOf(err)
	}
	return link.URL, nil
}

// DashboardURL is the address of an account in Stripe's dashboard.
func DashboardURL(account string, livemode bool) string {
	at := "https://dashboard.stripe.com/" + url.PathEscape(account)
	if !livemode {
		at += "/test"
	}
	return at
}

func scheduleOf(a *stripe.Account) remit.PayoutSchedule {
	if a.Settings == nil || a.Settings.Payouts == nil || a.Settings.Payouts.Schedule == nil {
		return remit.PayoutSchedule{}
	}
	s := a.Settings.Payouts.Schedule
	return remit.PayoutSchedule{Interval: string(s.Interval), DelayDays: s.DelayDays, Weekday: s.WeeklyAnchor, DayOf: s.MonthlyAnchor}
}

// banksOf reads where payouts go, as far as the account itself lists it: ten.
func banksOf(list *stripe.AccountExternalAccountList) (banks []remit.PayoutBank) {
	if list == nil {
		return nil
	}
	for _, each := range list.Data {
		switch {
		case each.BankAccount != nil:
			b := each.BankAccount
			banks = append(banks, remit.PayoutBank{
				ID: b.ID, Kind: "bank_account", BankName: b.BankName, Last4: b.Last4, Country: b.Country, Currency: strings.ToUpper(string(b.Currency)),
				Default: b.DefaultForCurrency, Status: string(b.Status),
			})
		case each.Card != nil:
			k := each.Card
			banks = append(banks, remit.PayoutBank{
				ID: k.ID, Kind: "card", BankName: string(k.Brand), Last4: k.Last4, Country: k.Country, Currency: strings.ToUpper(string(k.Currency)),
				Default: k.DefaultForCurrency, Status: k.Status,
			})
		}
	}
	return banks
}
