package sandbox

import (
	"strconv"
	"strings"
	"time"
)

// payoutSchedule is when an account's money goes to its bank
// (docs.stripe.com/api/accounts, settings.payouts.schedule).
type payoutSchedule struct {
	DelayDays     int64   `json:"delay_days"`
	Interval      string  `json:"interval"`
	MonthlyAnchor *int64  `json:"monthly_anchor,omitempty"`
	WeeklyAnchor  *string `json:"weekly_anchor,omitempty"`
}

const day = 24 * time.Hour

var weekdays = map[string]time.Weekday{
	"sunday": time.Sunday, "monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday,
	"thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday,
}

func init() { runners["payouts.run"] = runPayouts }

// next is the first midnight (UTC) after a time at which money is paid out;
// never for manual payouts.
func (s payoutSchedule) next(after time.Time) (at time.Time, ever bool) {
	at = after.UTC().Truncate(day).Add(day)
	switch s.Interval {
	case "daily":
		return at, true
	case "weekly":
		for at.Weekday() != weekdays[*s.WeeklyAnchor] {
			at = at.Add(day)
		}
		return at, true
	case "monthly":
		for int64(at.Day()) != min(*s.MonthlyAnchor, daysIn(at)) {
			at = at.Add(day)
		}
		return at, true
	}
	return at, false
}

func daysIn(at time.Time) int64 {
	return int64(time.Date(at.Year(), at.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day())
}

// delay is how long a charge's money is pending.
func (s payoutSchedule) delay() time.Duration { return time.Duration(s.DelayDays) * day }

// check returns what is wrong with a schedule.
func (s payoutSchedule) check() *apiError {
	switch {
	case s.DelayDays < 2 || s.DelayDays > 365:
		return invalidParam("", "delay_days", "delay_days must be from 2 to 365.")
	case s.Interval == "weekly" && (s.WeeklyAnchor == nil || !known(weekdays, *s.WeeklyAnchor)):
		return invalidParam("", "weekly_anchor", "weekly_anchor must be one of %s.", strings.Join(sortedKeys(weekdays), ", "))
	case s.Interval == "monthly" && (s.MonthlyAnchor == nil || *s.MonthlyAnchor < 1 || *s.MonthlyAnchor > 31):
		return invalidParam("", "monthly_anchor", "monthly_anchor must be from 1 to 31.")
	case !known(map[string]bool{"manual": true, "daily": true, "weekly": true, "monthly": true}, s.Interval):
		return invalidParam("", "interval", "interval must be manual, daily, weekly or monthly.")
	}
	return nil
}

func known[V any](m map[string]V, key string) bool { _, ok := m[key]; return ok }

// planPayouts makes sure that money of that time is paid out when the schedule
// says so. One run is for all of the account's money.
func (t *tx) planPayouts(available time.Time) {
	at, ever := must[account](t, t.world.id).Settings.Payouts.Schedule.next(available)
	if !ever {
		return
	}
	id := "job_payouts_" + strconv.FormatInt(at.Unix(), 10)
	if t.find(jobs, id) == nil {
		t.put(&job{ID: id, Created: t.seconds(), At: at.UnixNano(), Runner: "payouts.run", Target: t.world.id})
	}
}

// runPayouts pays out what is available in each currency, or takes from the
// bank what the balance is short of.
func runPayouts(t *tx, _ string) {
	own, to := must[account](t, t.world.id), t.bank()
	set := own.Settings.Payouts
	if set.Schedule.Interval == "manual" || to == nil || !own.PayoutsEnabled {
		return
	}
	for _, currency := range sortedKeys(t.book.byCurrency) {
		amount := int64(0)
		var carried []string
		for _, o := range t.table(balanceTransactions).all("unpaid:" + currency) {
			if b := o.(*balanceTransaction); b.AvailableOn <= t.seconds() {
				amount += b.Net
				carried = append(carried, b.ID)
			}
		}
		if amount == 0 || amount < 0 && !set.DebitNegativeBalances {
			continue
		}
		p := t.newPayout(to, amount, currency)
		p.Automatic, p.Status, p.ReconciliationStatus = true, "in_transit", "completed"
		carried = append(carried, *p.BalanceTransaction)
		p.Kept.Carried = carried
		t.sendPayout(p)
		t.emit("payout.reconciliation_completed", p)
	}
}
