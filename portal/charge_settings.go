package portal

import (
	"strconv"

	"remit"
	"remit/portal/page"
)

// chargeView is when methods are charged by themselves, as a form shows it: days
// are counted away from the due date, to either side.
func chargeView(a remit.AutoCharge) page.ChargeSettings {
	view := page.ChargeSettings{
		On: a.On, At: string(a.At), Days: "0", From: a.Window.From.String(), To: a.Window.To.String(), TooLate: strconv.Itoa(a.TooLate), Announce: strconv.Itoa(a.Announce),
	}
	switch {
	case a.Days < 0:
		view.At, view.Days = "before", strconv.Itoa(-a.Days)
	case a.Days > 0:
		view.At, view.Days = "after", strconv.Itoa(a.Days)
	}
	return view
}

// chargeTyped reads the form back; what is wrong is said of its field.
func chargeTyped(view page.ChargeSettings) (a remit.AutoCharge, err error) {
	a.On, a.At = view.On, remit.ChargeTiming(view.At)
	if view.At == "before" || view.At == "after" {
		a.At = remit.ChargeOnDueDate
		if a.Days, err = strconv.Atoi(view.Days); err != nil || a.Days < 1 {
			return a, wrong("auto_charge_days", "Enter a number of days from 1 to "+strconv.Itoa(remit.MaxChargeDays)+".")
		}
	}
	if view.At == "before" {
		a.Days = -a.Days
	}
	if a.Window.From, err = remit.ParseTimeOfDay(view.From); err == nil {
		a.Window.To, err = remit.ParseTimeOfDay(view.To)
	}
	if err != nil {
		return a, wrong("charge_window", "Enter times like 09:00 and 18:00.")
	}
	for _, days := range []struct {
		field, text string
		into        *int
	}{{"too_late_days", view.TooLate, &a.TooLate}, {"announce_days", view.Announce, &a.Announce}} {
		if *days.into, err = strconv.Atoi(days.text); err != nil {
			return a, wrong(days.field, "Enter a number of days.")
		}
	}
	return a, a.Check()
}
