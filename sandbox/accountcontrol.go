package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// changeAccount changes what is left out of nothing: the business's name, as its
// owner gives it in the dashboard, by which hosted pages name the seller; the
// country; and whether Stripe lets the account debit banks.
func (t *tx) changeAccount(r *http.Request) (any, *apiError) {
	var wish struct {
		BusinessName *string `json:"business_name"`
		Country      *string `json:"country"`
		ACH          *string `json:"us_bank_account_ach_payments"`
	}
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	own := must[account](t, t.world.id)
	was := *own
	if name := wish.BusinessName; name != nil {
		if *name == "" || len(*name) > 500 {
			return nil, invalidParam("", "business_name", "business_name must have 1 to 500 bytes.")
		}
		own.BusinessProfile.Name, own.Settings.Dashboard.DisplayName = name, name
	}
	if country := wish.Country; country != nil {
		if len(*country) != 2 || strings.Trim(*country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return nil, invalidParam("", "country", "country must be two capital letters, as in ISO 3166-1.")
		}
		own.Country = *country
	}
	if state := wish.ACH; state != nil {
		if !slices.Contains([]string{"active", "inactive", "pending"}, *state) {
			return nil, invalidParam("", achCapability, "%s must be active, inactive or pending.", achCapability)
		}
		t.setACH(own, *state)
	}
	t.put(own)
	if wish.Country != nil || wish.ACH != nil {
		t.emitChange("account.updated", &was, own)
	}
	return map[string]string{
		"account": t.world.id, "business_name": *own.BusinessProfile.Name, "country": own.Country, achCapability: own.ach(),
	}, nil
}
