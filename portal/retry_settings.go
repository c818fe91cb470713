package portal

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"remit"
	"remit/commands"
	"remit/decline"
	"remit/portal/page"
	"remit/retry"
)

// retrySettings are the ladders by which failed charges are tried again.
func (v *visit) retrySettings() error {
	view, err := v.retrySettingsView(v.query("at"))
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.RetrySettingsPage(view))
}

func (v *visit) retrySettingsView(asked string) (page.RetrySettings, error) {
	places := v.placesWhere(remit.StripeView)
	view := page.RetrySettings{Shell: v.settingsShell("Retries"), Places: places, Place: v.at(asked, places)}
	s, err := v.do.RetrySettings(v.ctx(), v.caller, view.Place)
	if err != nil {
		return view, err
	}
	days := func(rule decline.Rule) string { return listed(s.Ladders[rule].Days) }
	view.Later, view.Few, view.Window, view.Represent = days(decline.RuleLater), days(decline.RuleFew), days(decline.RuleWindow), days(decline.RuleRepresent)
	view.Soon = listed(s.Ladders[decline.RuleSoon].Hours)
	view.MaxTries, view.Within, view.Final, view.SetAt = strconv.Itoa(s.MaxTries), strconv.Itoa(int(s.Within)), string(s.Final), s.SetAt
	view.MayEdit, view.MayReplay, view.Zone = v.may(view.Place, remit.StripeAll), v.may(view.Place, remit.StripeRead), v.zone(view.Place)
	return view, nil
}

// saveRetrySettings saves what was typed, or replays the past with it.
func (v *visit) saveRetrySettings() error {
	view, err := v.retrySettingsView(v.typed("at"))
	if err != nil {
		return err
	}
	view.Later, view.Few, view.Soon = v.typed("ladders.later_days"), v.typed("ladders.few_days"), v.typed("ladders.soon_hours")
	view.Window, view.Represent = v.typed("ladders.window_days"), v.typed("ladders.represent_days")
	view.MaxTries, view.Within, view.Final = v.typed("max_tries"), v.typed("within_days"), v.typed("final_action")
	typed := func() (retry.Policy, error) { return typedPolicy(view), nil }
	if v.typed("do") == "replay" {
		replay, err := v.do.ReplayRetries(v.ctx(), v.caller, view.Place, typed)
		if err == nil {
			view.Replay = shownReplay(replay)
			return v.show(http.StatusOK, page.RetrySettingsPage(view))
		}
		return v.retryProblems(view, err)
	}
	if _, err = v.do.SetRetrySettings(v.ctx(), v.caller, view.Place, typed); err != nil {
		return v.retryProblems(view, err)
	}
	return v.goTo("/settings/retries?"+url.Values{"at": {view.Place}}.Encode(), "saved")
}

func (v *visit) retryProblems(view page.RetrySettings, err error) error {
	p, status, mendable := problems(err, "ladders.later_days", "ladders.few_days", "ladders.soon_hours", "ladders.window_days", "ladders.represent_days",
		"max_tries", "within_days", "final_action")
	if !mendable {
		return err
	}
	view.Problems = p
	return v.show(status, page.RetrySettingsPage(view))
}

// typedPolicy is what a form says; what is no number is one that the policy's
// check refuses.
func typedPolicy(view page.RetrySettings) retry.Policy {
	days := func(text string) retry.Ladder { return retry.Ladder{Days: numbers[retry.Days](text)} }
	return retry.Policy{
		Ladders: map[decline.Rule]retry.Ladder{
			decline.RuleLater: days(view.Later), decline.RuleFew: days(view.Few), decline.RuleWindow: days(view.Window),
			decline.RuleRepresent: days(view.Represent), decline.RuleSoon: {Hours: numbers[int](view.Soon)},
		},
		MaxTries: number(view.MaxTries), Within: retry.Days(number(view.Within)), Final: retry.Final(view.Final),
	}
}

// numbers reads "1, 3, 5".
func numbers[N ~int](text string) (list []N) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		list = append(list, N(number(word)))
	}
	return list
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

func listed[N ~int](list []N) string {
	words := make([]string, len(list))
	for n, number := range list {
		words[n] = strconv.Itoa(int(number))
	}
	return strings.Join(words, ", ")
}

// shownCourses is how many invoices a page names that would have gone another way.
const shownCourses = 50

func shownReplay(r commands.Replay) *page.RetryReplay {
	shown := &page.RetryReplay{Since: r.Since, Cut: r.Cut, InForce: r.InForce, Other: r.Other}
	differing := r.Differing()
	for _, n := range differing[:min(shownCourses, len(differing))] {
		shown.Courses = append(shown.Courses, page.RetryCourse{InForce: r.InForce.Episodes[n], Other: r.Other.Episodes[n]})
	}
	shown.Unlisted = len(differing) - len(shown.Courses)
	return shown
}
