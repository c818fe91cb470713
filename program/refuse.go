package program

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"remit/postgres"
)

// ErrDemo is in the error of [Start] where the demo and real money, or the demo
// and the network, would come together.
var ErrDemo = errors.New("the demo stays on this machine")

// refuseExposedDemo keeps the demo, whose passwords everybody knows, off the
// network and away from Stripe itself. It looks at the configuration alone.
func refuseExposedDemo(c Config) error {
	if !c.Sandbox {
		if c.LoopbackWebhooks {
			return fmt.Errorf("%w: webhooks are sent to this machine itself with demo data only", ErrDemo)
		}
		return nil
	}
	if c.Listen != "" {
		host, _, err := net.SplitHostPort(c.Listen)
		if err != nil || !IsLoopback(host) {
			return fmt.Errorf("%w: with demo data Remit serves on loopback only, not on %s", ErrDemo, c.Listen)
		}
	}
	if c.PublicURL != "" && !IsLoopbackURL(c.PublicURL) {
		return fmt.Errorf("%w: with demo data people reach it on loopback only, not at %s", ErrDemo, c.PublicURL)
	}
	if !IsLoopbackURL(c.StripeURL) {
		return fmt.Errorf("%w: it pays at the stand-in for Stripe on loopback only, never at Stripe itself", ErrDemo)
	}
	return nil
}

// refuseUnfit looks whether the database may be worked on: it is at this
// program's version, and what is served from it is either the demo or earnest.
func (p *Program) refuseUnfit(ctx context.Context) error {
	if err := p.db.Ping(ctx); err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	if atHead, err := p.db.AtHead(ctx); err != nil || !atHead {
		return errors.New("the database is not at this program's version; run `remit migrate` first")
	}
	if p.config.Listen == "" && !p.config.Work {
		return nil // an operator's command: nothing is served or collected
	}
	return refuseMixedData(ctx, p.config.Sandbox, p.db)
}

// refuseMixedData keeps a database that has seen the demo from serving real
// payers, and one with real money from becoming a demo.
func refuseMixedData(ctx context.Context, isDemo bool, db *postgres.DB) error {
	onTestClock, live, err := db.DemoAndRealMoney(ctx)
	if err != nil {
		return err
	}
	if isDemo {
		if len(live) > 0 {
			return fmt.Errorf("%w: %s is connected to Stripe in live mode in this database", ErrDemo, live[0])
		}
		return nil
	}
	people, err := db.HasDemoPeople(ctx)
	if err != nil {
		return err
	}
	switch {
	case people:
		return fmt.Errorf("%w: this database holds the demo's people, whose password everybody knows; start on another database", ErrDemo)
	case len(onTestClock) > 0:
		return fmt.Errorf("%w: %s runs on a test clock in this database; start on another database", ErrDemo, onTestClock[0])
	}
	return nil
}

// IsLoopback reports whether a host, an address or the name localhost, is this
// machine alone. No other name is looked up.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && address.Unmap().IsLoopback()
}

// IsLoopbackURL reports whether an address such as http://127.0.0.1:8080 leads
// to this machine alone.
func IsLoopbackURL(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && IsLoopback(parsed.Hostname())
}
