package storybook

import (
	"time"

	"remit"
	"remit/decline"
	"remit/portal/page"
	"remit/retry"
)

func (b book) retries() chapter {
	made := func(change func(*page.RetrySettings)) page.RetrySettings {
		v := page.RetrySettings{
			Shell: b.settingsShell("Retries", "/settings/retries"), Place: "/dev-v51/Branch A", Places: places, Later: "1, 3, 5, 7", Few: "3, 7", Soon: "1, 4, 24",
			Window: "1, 7", Represent: "3, 7", MaxTries: "8", Within: "14", Final: string(retry.WorkItem), MayEdit: true, MayReplay: true, Zone: newYork,
		}
		if change != nil {
			change(&v)
		}
		return v
	}
	return chapter{
		"staff/U25 retries/default": page.RetrySettingsPage(made(nil)),
		"staff/U25 retries/wrong": page.RetrySettingsPage(made(func(v *page.RetrySettings) {
			v.Later = "1, 20"
			v.Problems.Fields = []remit.FieldError{{Field: "ladders.later_days", Message: "Enter not more than 14 days after the first failure."}}
		})),
		"staff/U25 retries/viewer": page.RetrySettingsPage(made(func(v *page.RetrySettings) { v.MayEdit, v.MayReplay, v.SetAt = false, false, "/dev-v51" })),
		"staff/U25 retries/replayed": page.RetrySettingsPage(made(func(v *page.RetrySettings) {
			v.Later, v.Replay = "7", madeReplay()
		})),
		"staff/U25 retries/nothing to replay": page.RetrySettingsPage(made(func(v *page.RetrySettings) {
			v.Replay = &page.RetryReplay{Since: now.AddDate(-1, 0, 0)}
		})),
	}
}

// madeReplay replays an invoice that was paid at its third try, and one whose card
// was lost.
func madeReplay() *page.RetryReplay {
	failed := func(before time.Duration, code string) retry.Try {
		return retry.Try{At: now.Add(-before), Method: "made up", Decline: decline.Classify("card_declined", code, "", "card")}
	}
	past := []retry.Episode{
		{Name: "INV-104", Tries: []retry.Try{failed(400*time.Hour, "insufficient_funds"), failed(376*time.Hour, "insufficient_funds")}, Paid: now.Add(-328 * time.Hour), Facts: retry.Facts{Zone: newYork}},
		{Name: "INV-105", Tries: []retry.Try{failed(300*time.Hour, "lost_card"), failed(276*time.Hour, "lost_card")}},
	}
	week := retry.Default()
	week.Ladders[decline.RuleLater] = retry.Ladder{Days: []retry.Days{7}}
	r := &page.RetryReplay{Since: now.AddDate(-1, 0, 0), InForce: retry.Simulate(retry.Default(), past), Other: retry.Simulate(week, past), Unlisted: 3, Cut: true}
	r.Courses = []page.RetryCourse{{InForce: r.InForce.Episodes[0], Other: r.Other.Episodes[0]}}
	return r
}
