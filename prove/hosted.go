package prove

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

var attemptField = regexp.MustCompile(`name="attempt" value="([^"]*)"`)

// typeCard fills in one of the stand-in's hosted pages, and passes the bank's
// where that asks. It returns where the page leads in the end, "" where the card
// was declined or the page is gone.
func (v *visitor) typeCard(ctx context.Context, page, number string) (string, error) {
	return v.typeIn(ctx, page, url.Values{"card_number": {number}, "card_expiry": {"12 / 44"}, "card_cvc": {"123"}})
}

// banks are the test accounts of the hosted page, by the word a story has for them:
// whoever signs in at his bank pays at once, and verifies no deposits for days.
var banks = map[string]string{"bank": "success", "bank-broke": "insufficient_funds", "bank-returns": "dispute"}

// typeAccount is typeCard for who signs in at his bank.
func (v *visitor) typeAccount(ctx context.Context, page, account string) (string, error) {
	return v.typeIn(ctx, page, url.Values{"method": {"bank_sign_in"}, "account_holder_type": {"individual"}, "account": {account}})
}

func (v *visitor) typeIn(ctx context.Context, page string, form url.Values) (string, error) {
	shown, _, err := v.visit(ctx, page, nil)
	if err != nil {
		return "", err
	}
	found := attemptField.FindSubmatch(shown.raw)
	if shown.status != http.StatusOK || found == nil {
		return "", nil // it is over
	}
	form.Set("attempt", html.UnescapeString(string(found[1])))
	form.Set("email", "pay@example.test")
	form.Set("name", "Pat Payer")
	_, to, err := v.visit(ctx, page, form)
	for steps := 0; err == nil && strings.Contains(to, "/_hosted/") && steps < 3; steps++ {
		if page, err = join(page, to); err != nil {
			return "", err
		}
		form := url.Values{"outcome": {"complete"}} // the bank's page
		if strings.HasSuffix(page, "/return") {
			form = nil
		}
		_, to, err = v.visit(ctx, page, form)
	}
	return to, err
}

func join(page, to string) (string, error) {
	base, err := url.Parse(page)
	if err != nil {
		return "", fmt.Errorf("the address of a page: %w", err)
	}
	joined, err := base.Parse(to)
	if err != nil {
		return "", fmt.Errorf("where a page leads: %w", err)
	}
	return joined.String(), nil
}
