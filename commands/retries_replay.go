package commands

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/decline"
	"remit/postgres"
	"remit/retry"
)

// How much of the past is replayed: charges of a year, the first so many of them.
const (
	replaySpan  = 365 * 24 * time.Hour
	replayPage  = 500
	replayTries = 20_000
)

// Replay is how past failures would have gone: by the ladders in force and by
// others. Both reports have the same episodes in the same order.
type Replay struct {
	InForce retry.Report
	Other   retry.Report
	Policy  retry.Policy // that of Other
	Since   time.Time
	Cut     bool // there were more charges than are replayed at once
}

// Differing are the episodes, by place, that would have gone another way.
func (r Replay) Differing() []int {
	var differ []int
	for n, one := range r.InForce.Episodes {
		other := r.Other.Episodes[n]
		same := slices.EqualFunc(one.Would, other.Would, func(a, b retry.Planned) bool { return a.At.Equal(b.At) && a.Yes == b.Yes })
		if !same || one.Wait != other.Wait {
			differ = append(differ, n)
		}
	}
	return differ
}

// ReplayRetries replays the failures of the past year at an organisation and below
// under other ladders, for who may read what banks said there. Nothing is charged
// and nothing is changed.
func (c *Commands) ReplayRetries(ctx context.Context, caller Caller, organisation string, body Body[retry.Policy]) (Replay, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.StripeRead)
	if err != nil {
		return Replay{}, err
	}
	other, err := body()
	if err != nil {
		return Replay{}, err
	}
	if err := other.Check(); err != nil {
		return Replay{}, ladderProblem(err)
	}
	end, err := c.Heavy.begin(member.Tenant)
	if err != nil {
		return Replay{}, err
	}
	defer end()
	units, err := c.units(ctx, caller, member.Tenant, remit.StripeRead)
	if err != nil {
		return Replay{}, err
	}
	var current retry.Policy
	var past []postgres.PastTry
	out := Replay{Policy: other}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		if current, _, err = activities.RetriesAt(ctx, tx, path); err != nil {
			return err
		}
		clock, err := tx.Clock(ctx)
		out.Since = clock.Now(c.Now()).Add(-replaySpan)
		return err
	})
	for more := true; err == nil && more; {
		past, more, err = c.morePast(ctx, member.Tenant, path, units, out.Since, past)
	}
	if err != nil {
		return Replay{}, err
	}
	out.Cut = len(past) >= replayTries
	all := episodes(past)
	out.InForce, out.Other = retry.Simulate(current, all), retry.Simulate(other, all)
	return out, nil
}

// morePast reads the next page of past charges, each in a transaction of its own.
func (c *Commands) morePast(ctx context.Context, tenant uuid.UUID, path string, units []uuid.UUID, since time.Time, past []postgres.PastTry) ([]postgres.PastTry, bool, error) {
	var last *postgres.PastTry
	if len(past) > 0 {
		last = &past[len(past)-1]
	}
	var page []postgres.PastTry
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		page, err = tx.PastTries(ctx, path, units, since, last, replayPage)
		return err
	})
	past = append(past, page...)
	return past, len(page) == replayPage && len(past) < replayTries, err
}

// episodes are the failures of each invoice with each method, in the order in
// which they were read.
func episodes(past []postgres.PastTry) []retry.Episode {
	worked := map[string][]time.Time{}
	for _, try := range past {
		if try.Paid {
			worked[methodKey(try)] = append(worked[methodKey(try)], try.At)
		}
	}
	type of struct {
		invoice uuid.UUID
		method  string
	}
	at := map[of]int{}
	var all []retry.Episode
	for _, try := range past {
		key := of{try.InvoiceID, methodKey(try)}
		n, known := at[key]
		switch {
		case try.Paid && known && all[n].Paid.IsZero():
			all[n].Paid = try.At
			continue
		case try.Paid, known && !all[n].Paid.IsZero():
			continue // nothing failed before it, or what is owed again is another story
		case !known:
			n, at[key] = len(all), len(all)
			all = append(all, retry.Episode{Name: try.Invoice, Facts: factsOf(try, worked[key.method])})
		}
		all[n].Tries = append(all[n].Tries, retry.Try{At: try.At, Method: key.method, Decline: decline.Decline{
			Class: decline.Class(try.Decline.Class), Code: try.Decline.Code, Hard: try.Decline.Hard,
			Rule: decline.Rule(try.Decline.Rule), Version: try.Decline.Version,
		}})
	}
	return all
}

// factsOf is what was known when the first try failed.
func factsOf(first postgres.PastTry, worked []time.Time) retry.Facts {
	zone, err := time.LoadLocation(first.Zone)
	if err != nil {
		zone = time.UTC
	}
	return retry.Facts{
		Zone:   zone,
		Open:   func(t time.Time) time.Time { return first.Window.Next(t, zone) },
		Worked: slices.DeleteFunc(slices.Clone(worked), func(t time.Time) bool { return !t.Before(first.At) }),
	}
}

func methodKey(t postgres.PastTry) string {
	switch {
	case t.Method.Fingerprint != "":
		return t.Method.Fingerprint
	case t.MethodID != nil:
		return t.MethodID.String()
	}
	return fmt.Sprintf("%s %s %s", t.Method.Type, t.Method.Brand, t.Method.Last4)
}
