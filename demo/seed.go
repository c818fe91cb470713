package demo

import (
	"context"
	"fmt"
	"time"

	"remit"
	"remit/apiclient"
	"remit/commands"
	"remit/credentials"
	"remit/secrets"
)

// Top is the demo's top-level organisation, a tenant of its own.
const Top = "/dev-v51"

// BranchA and BranchB are below it.
const (
	BranchA = Top + "/Branch A"
	BranchB = Top + "/Branch B"
)

// zone is the demo's time zone.
const zone = "America/New_York"

// Options say which Remit is furnished, and where the demo notes how far it
// came. All but Report are required.
type Options struct {
	URL       string             // of the running Remit
	Commands  *commands.Commands // of the same one, beside the stand-in
	StripeKey secrets.Secret     // of the stand-in's account the demo is paid at
	StateFile string             // what [Completed] reads
	TokenFile string             // gets an API token of the demo's administrator
	Now       func() time.Time
	Report    func(step string)
}

// seeder is one run.
type seeder struct {
	Options
	day   remit.Date
	admin *apiclient.Client
}

// Seed makes what is missing of the demo; with all there it returns at once.
// A first run takes a few seconds.
func Seed(ctx context.Context, options Options) error {
	if options.Report == nil {
		options.Report = func(string) {}
	}
	s := &seeder{Options: options}
	state, err := readState(s.StateFile)
	if err != nil {
		return err
	}
	if state.Done && s.hasTenant(ctx) {
		return nil
	}
	for _, step := range []struct {
		say string
		do  func(context.Context) error
	}{
		{"Making the demo: organisation and people", s.people},
		{"", s.calendar},
		{"Making the demo: Stripe, settings and roles", s.settings},
		{"Making the demo: customers and their cards", s.customers},
		{"", s.client},
		{"Making the demo: 40 invoices", s.invoices},
		{"", s.token},
	} {
		if step.say != "" {
			s.Report(step.say)
		}
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("make the demo: %w", err)
		}
	}
	return writeState(s.StateFile, State{Day: s.day, Done: true})
}

func (s *seeder) hasTenant(ctx context.Context) bool {
	_, found, err := s.Commands.DB.TenantOfPath(ctx, Top)
	return err == nil && found
}

// signIn gives a client that is one of the demo's people.
func (s *seeder) signIn(ctx context.Context, email string) (*apiclient.Client, error) {
	client, err := apiclient.New(s.URL, secrets.Secret{})
	if err != nil {
		return nil, err
	}
	if err := client.SignIn(ctx, email, secrets.NewSecret(credentials.DemoPassword)); err != nil {
		return nil, fmt.Errorf("sign in as %s: %w", email, err)
	}
	return client, nil
}
