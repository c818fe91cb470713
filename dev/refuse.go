package dev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"remit/demo"
	"remit/program"
)

// refuse says why nothing is started at all. What Remit itself refuses (see
// package program) is refused here before minutes of preparation.
func (r *running) refuse() error {
	key := r.StripeKey.Reveal()
	if strings.HasPrefix(key, "sk_live_") || strings.HasPrefix(key, "rk_live_") {
		return fmt.Errorf("%w: STRIPE_SECRET_KEY is a live key; `remit dev` never works with one. Connect a live account to an installation of its own (docs/operations.md)", program.ErrDemo)
	}
	if key != "" && !strings.HasPrefix(key, "sk_test_") {
		return errors.New("STRIPE_SECRET_KEY does not begin with sk_test_")
	}
	if r.Address != "" {
		if _, _, err := net.SplitHostPort(r.Address); err != nil {
			return fmt.Errorf("REMIT_ADDR: %q is not host:port, such as %s", r.Address, DefaultAddress)
		}
	}
	r.isDemo = !r.NoDemo
	if !r.isDemo {
		return nil
	}
	if !r.onLoopback() {
		return fmt.Errorf("%w: REMIT_ADDR is %s and REMIT_PUBLIC_URL %q, and the demo's passwords are known to everybody. Leave them on loopback, or start without demo by --no-demo", program.ErrDemo, r.Address, r.PublicURL)
	}
	return nil
}

// judgeStripe decides about the demo where an address was given for Stripe:
// beside a stand-in on this machine there is one, and beside nothing else.
func (r *running) judgeStripe(ctx context.Context) {
	if program.IsLoopbackURL(r.StripeURL) && demo.IsStandin(ctx, r.standin) {
		return
	}
	if r.isDemo {
		r.say.line("STRIPE_API_URL is not a stand-in on this machine: no demo, no test clocks")
	}
	r.isDemo, r.earnest = false, true
}

// isSandbox reports whether test clocks and the demo's sign-ins are allowed.
func (r *running) isSandbox() bool { return !r.earnest && r.onLoopback() }

func (r *running) onLoopback() bool {
	if r.PublicURL != "" && !program.IsLoopbackURL(r.PublicURL) {
		return false
	}
	if r.Address == "" {
		return true
	}
	host, _, err := net.SplitHostPort(r.Address)
	return err == nil && program.IsLoopback(host)
}
