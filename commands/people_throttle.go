package commands

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"remit"
	"remit/credentials"
	"remit/postgres"
	"remit/secrets"
)

// try is what one attempt to prove something is counted against.
type try struct {
	subject string
	weight  int // so many failures are as one of [credentials.NextAllowed]
}

// broad is the weight of a count that many people share.
const broad = 10

// tries are what a sign-in is counted against: the account from this network,
// and far more leniently the network and the account by themselves. Five
// failures of a person delay him alone; somebody who tries many accounts, or
// from many places, is delayed too, and an office behind one address is not
// shut out by one colleague. A browser that has signed in to the account before
// is counted by itself, so that nobody can keep its owner waiting.
func (c *Commands) tries(email string, account postgres.Account, browser, address string) ([]try, error) {
	known := credentials.KnownBrowser(c.Secrets, browser, account.ID, account.PasswordSetAt, c.Now())
	who := strings.ToLower(email)
	where := networkOf(address)
	names := []struct {
		text   string
		weight int
	}{{"account at network\x00" + who + "\x00" + where, 1}, {"account\x00" + who, broad}, {"network\x00" + where, broad}}
	if known {
		names = names[:1]
		names[0].text = "browser\x00" + browser
	}
	list := make([]try, len(names))
	for i, name := range names {
		// A keyed hash: people type all sorts of things where an address belongs.
		sum, err := c.Secrets.Fingerprint(secrets.RequestKeys, secrets.AD{Table: "sign_in_failures", Column: "subject", Row: "all"}, []byte(name.text))
		if err != nil {
			return nil, fmt.Errorf("count a sign-in: %w", err)
		}
		list[i] = try{hex.EncodeToString(sum[:]), name.weight}
	}
	// In one order for everybody, so that two tries never wait for each other.
	slices.SortFunc(list, func(a, b try) int { return strings.Compare(a.subject, b.subject) })
	return list, nil
}

func networkOf(address string) string {
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	return credentials.Network(parsed).String()
}

// countTry counts an attempt as failed before it is looked at, so that many at
// once do not pass as one; [Commands.forgive] takes that back. While a delay
// lasts it counts nothing and returns an error of kind limited (429).
func (c *Commands) countTry(ctx context.Context, email string, account postgres.Account, browser, address string) (counted []try, err error) {
	if counted, err = c.tries(email, account, browser, address); err != nil { //nolint:contextcheck // bounds itself
		return nil, err
	}
	now := c.Now()
	err = c.DB.Global(ctx, func(tx pgx.Tx) error {
		failures, err := postgres.LockFailures(ctx, tx, subjects(counted))
		if err != nil {
			return err
		}
		for i, f := range failures {
			if allowed := credentials.NextAllowed(f.Count/counted[i].weight, f.Last); allowed.After(now) {
				return errDelayed(allowed.Sub(now))
			}
		}
		for i, f := range failures {
			if err := postgres.SetFailures(ctx, tx, counted[i].subject, f.Count+1, now); err != nil {
				return err
			}
		}
		return nil
	})
	return counted, err
}

// forgive takes back what an attempt that succeeded was counted as, and what
// the person failed before from there.
func (c *Commands) forgive(ctx context.Context, counted []try) error {
	return c.DB.Global(ctx, func(tx pgx.Tx) error {
		failures, err := postgres.LockFailures(ctx, tx, subjects(counted))
		if err != nil {
			return err
		}
		for i, f := range failures {
			left := max(f.Count-1, 0)
			if counted[i].weight == 1 {
				left = 0
			}
			if err := postgres.SetFailures(ctx, tx, counted[i].subject, left, f.Last); err != nil {
				return err
			}
		}
		return nil
	})
}

func subjects(tries []try) []string {
	list := make([]string, len(tries))
	for i, t := range tries {
		list[i] = t.subject
	}
	return list
}

// DelayedError says how long further tries have to wait. It wraps the
// [remit.Error] of kind limited.
type DelayedError struct {
	Err   *remit.Error
	After time.Duration
}

// Error returns the message.
func (e *DelayedError) Error() string { return e.Err.Error() }

// Unwrap returns the [remit.Error].
func (e *DelayedError) Unwrap() error { return e.Err }

func errDelayed(after time.Duration) error {
	words := "a minute"
	if minutes := int(after.Minutes()) + 1; minutes > 1 {
		words = fmt.Sprintf("%d minutes", minutes)
	}
	return &DelayedError{remit.Errorf(remit.KindLimited, "too_many_tries", "Too many tries. Wait %s.", words), after.Truncate(time.Second) + time.Second}
}
