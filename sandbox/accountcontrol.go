package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// accountWish is what may be done to an account by hand: what its owner does in
// the dashboard, and what Stripe does.
type accountWish struct {
	BusinessName *string          `json:"business_name"`
	Country      *string          `json:"country"`
	ACH          *string          `json:"us_bank_account_ach_payments"`
	Restrict     *restrictionWish `json:"restrict"`
	Clear        bool             `json:"clear"`
	Reject       string           `json:"reject"`
	Verification string           `json:"verification"`
	Charges      *bool            `json:"charges_enabled"`
	Payouts      *bool            `json:"payouts_enabled"`
	// Deauthorize takes a platform's access back, true for that of all.
	Deauthorize json.RawMessage `json:"deauthorize"`
}

type restrictionWish struct {
	Fields   []string        `json:"fields"`
	Deadline json.RawMessage `json:"deadline"` // RFC 3339, or days from now; absent: it is past
	Charges  *bool           `json:"charges"`
	Payouts  *bool           `json:"payouts"`
}

// changeAccount changes what is left out of nothing: the business's name, as its
// owner gives it in the dashboard, by which hosted pages name the seller; the
// country; what Stripe lets the account do and what it wants to know; and who
// may act for it.
func (t *tx) changeAccount(r *http.Request) (any, *apiError) {
	var wish accountWish
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	own := must[account](t, t.world.id)
	was := *own
	failed := own.rename(wish.BusinessName)
	if failed == nil {
		failed = own.move(wish.Country)
	}
	if failed == nil {
		failed = t.steerSetup(own, &wish)
	}
	if failed == nil && wish.ACH != nil && !slices.Contains([]string{"active", "inactive", "pending"}, *wish.ACH) {
		failed = invalidParam("", achCapability, "%s must be active, inactive or pending.", achCapability)
	}
	if failed != nil {
		t.discard()
		return nil, failed
	}
	if wish.ACH != nil {
		t.setACH(own, *wish.ACH)
	}
	t.put(own)
	if wish.steers() {
		t.putJudged(&was, own)
		t.afterSteering(&wish)
	} else if wish.Country != nil || wish.ACH != nil {
		t.emitChange("account.updated", &was, own)
	}
	if failed := t.takeBack(wish.Deauthorize); failed != nil {
		t.discard()
		return nil, failed
	}
	return must[account](t, t.world.id).steered(), nil
}

// steered is the answer to a control of an account.
func (a *account) steered() any {
	name := ""
	if a.BusinessProfile.Name != nil {
		name = *a.BusinessProfile.Name
	}
	return map[string]any{
		"account": a.ID, "business_name": name, "country": a.Country, achCapability: a.ach(),
		"charges_enabled": a.ChargesEnabled, "payouts_enabled": a.PayoutsEnabled, "details_submitted": a.DetailsSubmitted,
		"requirements": a.Requirements, "connected_to": append([]string{}, a.Kept.Platforms...),
	}
}

func (a *account) rename(name *string) *apiError {
	switch {
	case name == nil:
	case *name == "" || len(*name) > 500:
		return invalidParam("", "business_name", "business_name must have 1 to 500 bytes.")
	default:
		a.BusinessProfile.Name, a.Settings.Dashboard.DisplayName = name, name
	}
	return nil
}

func (a *account) move(country *string) *apiError {
	switch {
	case country == nil:
	case len(*country) != 2 || strings.Trim(*country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return invalidParam("", "country", "country must be two capital letters, as in ISO 3166-1.")
	default:
		a.Country = *country
	}
	return nil
}

// steers says that the wish is about what Stripe makes of the account.
func (w *accountWish) steers() bool {
	return w.Restrict != nil || w.Clear || w.Reject != "" || w.Verification != "" || w.Charges != nil || w.Payouts != nil
}

// rejectable are the reasons for which Stripe turns an account away.
var rejectable = []string{"fraud", "incomplete_verification", "listed", "other", "terms_of_service"}

func (t *tx) steerSetup(own *account, wish *accountWish) *apiError {
	if !wish.steers() {
		return nil
	}
	s := own.ownSetup()
	if wish.Clear {
		s.Restriction, s.Rejected, s.ChargesOff, s.PayoutsOff, s.Doubtful = nil, "", false, false, false
		if s.Verification == isUnproven {
			s.Verification = isVerified
		}
	}
	if wish.Restrict != nil {
		limits, failed := wish.Restrict.read(t.at)
		if failed != nil {
			return failed
		}
		s.Restriction = limits
	}
	if wish.Reject != "" {
		if !slices.Contains(rejectable, wish.Reject) {
			return invalidParam("", "reject", "reject must be one of %s.", orList(rejectable))
		}
		s.Rejected = wish.Reject
	}
	if wish.Verification != "" {
		if !slices.Contains([]string{"instant", "pending", "fail"}, wish.Verification) {
			return invalidParam("", "verification", "verification must be instant, pending or fail.")
		}
		s.Steer = wish.Verification
		if s.Submitted && s.Verification != verifying {
			s.Verification = verifying // Stripe looks once more
		}
	}
	if wish.Charges != nil {
		s.ChargesOff = !*wish.Charges
	}
	if wish.Payouts != nil {
		s.PayoutsOff = !*wish.Payouts
	}
	return nil
}

func (w *restrictionWish) read(now time.Time) (*restriction, *apiError) {
	if len(w.Fields) == 0 {
		w.Fields = []string{"individual.verification.document"}
	}
	yes := func(wish *bool) bool { return wish == nil || *wish }
	out := &restriction{Fields: w.Fields, Charges: yes(w.Charges), Payouts: yes(w.Payouts)}
	if len(w.Deadline) == 0 || string(w.Deadline) == "null" {
		return out, nil
	}
	var days int64
	var at time.Time
	switch {
	case json.Unmarshal(w.Deadline, &days) == nil && days > 0 && days <= 3650:
		out.Deadline = now.Add(time.Duration(days) * day).Unix()
	case json.Unmarshal(w.Deadline, &at) == nil:
		out.Deadline = at.Unix()
	default:
		return nil, invalidParam("", "restrict", "restrict.deadline must be a time as in RFC 3339 or a number of days.")
	}
	return out, nil
}

// afterSteering plans what comes of it later, or at once.
func (t *tx) afterSteering(wish *accountWish) {
	setup := must[account](t, t.world.id).Kept.Setup
	if limits := setup.Restriction; limits != nil && limits.Deadline > t.seconds() {
		t.schedule(time.Unix(limits.Deadline, 0), "account.deadline", t.world.id)
	}
	if wish.Verification != "" && wish.Verification != "pending" {
		t.verify()
	}
}

// takeBack ends the access of a platform, or of all.
func (t *tx) takeBack(wish json.RawMessage) *apiError {
	var all bool
	var one string
	switch {
	case len(wish) == 0 || json.Unmarshal(wish, &all) == nil && !all:
		return nil
	case all:
		for _, platform := range must[account](t, t.world.id).Kept.Platforms {
			t.disconnect(platform)
		}
		return nil
	case json.Unmarshal(wish, &one) == nil && t.disconnect(one):
		return nil
	}
	return invalidParam("", "deauthorize", "deauthorize must be true, or the id of a platform that the account is connected to.")
}
