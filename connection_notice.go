package remit

import (
	"fmt"
	"time"
)

// ConnectionNotice is a mail about a connection to those who may change it.
// Connection, stage and receiver name one mail: it is written once (M13).
type ConnectionNotice struct {
	Stage   MailStage
	Subject string
	Body    string
}

// When somebody who has not finished Stripe's form is reminded, after it was begun.
const (
	stuckSoon = 3 * 24 * time.Hour
	stuckLong = 10 * 24 * time.Hour
)

// ConnectionNotices are the mails that a look at an account gives rise to, by what
// it was before; page is where the connection is shown.
func ConnectionNotices(before, after Connection, business, page string, now time.Time) []ConnectionNotice {
	var list []ConnectionNotice
	add := func(stage, subject, body string) {
		list = append(list, ConnectionNotice{MailStage(stage), subject, body + "\n\n" + page + "\n"})
	}
	moment := now.UTC().Format("2006-01-02T15:04")
	if before.Status != after.Status {
		switch {
		case after.Status == ConnectionActive:
			add("active/"+moment, "Stripe is ready for "+business, "Stripe has verified the account. Charges and payouts are on.")
		case after.Status == ConnectionRestricted:
			add("restricted/"+moment, "Stripe restricts the account of "+business, statusSentence(after)+" What Stripe needs is listed here:")
		case after.Status == ConnectionDisconnected && after.EndedBy == EndedByStripe:
			add("gone/"+moment, "Stripe was disconnected from "+business, "Access to the account was taken away at Stripe. Nothing can be charged, and links show bank details only.")
		}
	}
	if before.KeysRefused == nil && after.KeysRefused != nil {
		add("keys/"+moment, "Stripe does not take the API keys of "+business, "Nothing can be charged until new ones are entered here:")
	}
	if after.Live() && after.Status == ConnectionOnboarding {
		for _, reminder := range []struct {
			stage string
			wait  time.Duration
		}{{"stuck/3", stuckSoon}, {"stuck/10", stuckLong}} {
			if now.Sub(after.CreatedAt) >= reminder.wait {
				add(reminder.stage, "Stripe's form for "+business+" is not finished", "Nothing can be charged before it is. Go on where it was left:")
			}
		}
	}
	if d := after.Deadline; d != nil && after.Live() {
		for _, days := range []int{7, 1} {
			if left := d.Sub(now); left > 0 && left <= time.Duration(days)*24*time.Hour {
				add(fmt.Sprintf("deadline/%s/%d", DateOf(*d), days), fmt.Sprintf("Stripe needs something from %s by %s", business, DateOf(*d).Words()),
					"Where it is not there by then, charges or payouts go off. What is needed is listed here:")
			}
		}
	}
	return list
}
