package remit_test

import (
	"testing"
	"time"

	"remit"
)

// Protects Stripe's limits and whoever looks: figures are read again when it is
// time, when one was hinted at or left half-way, and no oftener where that fails.
func TestWhenFiguresAreReadAgain(t *testing.T) {
	now := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) *time.Time { at := now.Add(-d); return &at }
	for name, c := range map[string]struct {
		state remit.DashboardState
		want  bool
	}{
		"never read":             {remit.DashboardState{}, true},
		"fresh":                  {remit.DashboardState{BegunAt: ago(time.Minute), FreshAt: ago(time.Minute)}, false},
		"old":                    {remit.DashboardState{BegunAt: ago(time.Hour), FreshAt: ago(time.Hour)}, true},
		"hinted at since":        {remit.DashboardState{AskedAt: ago(time.Second), BegunAt: ago(time.Minute), FreshAt: ago(time.Minute)}, true},
		"hinted at before":       {remit.DashboardState{AskedAt: ago(time.Hour), BegunAt: ago(time.Minute), FreshAt: ago(time.Minute)}, false},
		"left half-way":          {remit.DashboardState{BegunAt: ago(time.Minute), FreshAt: ago(2 * time.Minute), Pass: remit.DashboardPass{Step: remit.DashboardLines}}, true},
		"failed just now":        {remit.DashboardState{AskedAt: ago(0), TriedAt: ago(time.Second), Failure: "No."}, false},
		"failed a while ago":     {remit.DashboardState{TriedAt: ago(time.Hour), Failure: "No."}, true},
		"failed, and hinted old": {remit.DashboardState{AskedAt: ago(time.Hour), TriedAt: ago(time.Minute), Failure: "No."}, false},
	} {
		if got := c.state.Wanted(now, 5*time.Minute); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// Protects what is shown: a refresh reads no more than what may be new, once a
// day a day more, and payouts for as long as they may change.
func TestHowFarARefreshReadsBack(t *testing.T) {
	newest := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	s := remit.DashboardState{Newest: &newest}
	if since := s.TransactionsSince(); newest.Sub(*since) != time.Minute {
		t.Errorf("since %v", since)
	}
	s.Pass.Wide = true
	if since := s.TransactionsSince(); newest.Sub(*since) != 25*time.Hour {
		t.Errorf("wide, since %v", since)
	}
	open := newest.AddDate(0, -2, 0)
	if since := remit.PayoutsSince(&newest, &open); !since.Equal(open) {
		t.Errorf("payouts since %v", since)
	}
	if since := remit.PayoutsSince(&newest, nil); newest.Sub(*since) != 14*24*time.Hour {
		t.Errorf("payouts since %v", since)
	}
	if remit.PayoutsSince(nil, nil) != nil || (remit.DashboardState{}).TransactionsSince() != nil {
		t.Error("the first refresh does not begin at the beginning")
	}
}
