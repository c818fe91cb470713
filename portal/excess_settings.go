package portal

import (
	"net/http"
	"net/url"
	"strconv"

	"remit"
	"remit/portal/page"
)

// excessSettings are what becomes of money that could not be applied where
// nobody decides.
func (v *visit) excessSettings() error {
	view, err := v.excessSettingsView(v.query("at"))
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.ExcessSettingsPage(view))
}

func (v *visit) excessSettingsView(asked string) (page.ExcessSettings, error) {
	places := v.placesWhere(remit.StripeView)
	view := page.ExcessSettings{Shell: v.settingsShell("Excess"), Places: places, Place: v.at(asked, places)}
	s, err := v.do.ExcessSettings(v.ctx(), v.caller, view.Place)
	if err != nil {
		return view, err
	}
	view.Action, view.Days, view.SetAt = string(s.Action), strconv.Itoa(s.Days), s.SetAt
	view.MayEdit = v.may(view.Place, remit.StripeAll)
	return view, nil
}

func (v *visit) saveExcessSettings() error {
	view, err := v.excessSettingsView(v.typed("at"))
	if err != nil {
		return err
	}
	view.Action, view.Days = v.typed("action"), v.typed("days")
	_, err = v.do.SetExcessSettings(v.ctx(), v.caller, view.Place, func() (remit.ExcessSettings, error) {
		days, err := strconv.Atoi(view.Days)
		if err != nil {
			days = -1 // which the check refuses in words
		}
		return remit.ExcessSettings{Action: remit.ExcessAction(view.Action), Days: days}, nil
	})
	if err == nil {
		return v.goTo("/settings/excess?"+url.Values{"at": {view.Place}}.Encode(), "saved")
	}
	p, status, mendable := problems(err, "action", "days")
	if !mendable {
		return err
	}
	view.Problems = p
	return v.show(status, page.ExcessSettingsPage(view))
}
