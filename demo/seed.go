package demo

import (
	"context"
	"fmt"
	"slices"
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
	state State
	day   remit.Date // to which all dates are relative
	admin *apiclient.Client
}

// Seed makes what is missing of the demo; with all there it returns at once.
// A first run takes a few seconds.
func Seed(ctx context.Context, options Options) error {
	s, err := begin(options)
	if err != nil {
		return err
	}
	_, found, err := s.Commands.DB.TenantOfPath(ctx, Top)
	if err != nil {
		return fmt.Errorf("look for the demo: %w", err)
	}
	if !found {
		s.state.Done, s.state.Parts = false, nil
	}
	missing := slices.DeleteFunc(s.steps(), func(t step) bool {
		return t.part == "" && s.state.Done || slices.Contains(s.state.Parts, t.part)
	})
	switch {
	case len(missing) == 0:
		return nil
	case s.state.Done:
		return s.extend(ctx, missing)
	}
	return s.furnish(ctx, missing)
}

func begin(options Options) (*seeder, error) {
	if options.Report == nil {
		options.Report = func(string) {}
	}
	state, err := readState(options.StateFile)
	return &seeder{Options: options, state: state}, err
}

// step is one of those in which the demo is made. Each looks at what is there first.
type step struct {
	say  string // "" goes on with what was said
	part string // what it adds to a demo that was made without it; "" for what every demo has
	do   func(context.Context) error
}

func (s *seeder) steps() []step {
	return []step{
		{"Making the demo: organisation and people", "", s.people},
		{"", "", s.calendar},
		{"Making the demo: Stripe, settings and roles", "", s.settings},
		{"Making the demo: customers and their cards", "", s.customers},
		{"", "", s.client},
		{"Making the demo: approvals, a billing schedule and a store", "approvals", s.approvals}, // before the other invoices, which take the setting too
		{"", "schedule", s.schedule},
		{"", "store", s.store},
		{"Making the demo: invoices", "", s.invoices},
		{"", "", s.token},
	}
}

// furnish makes a demo that is not there, or was cut off.
func (s *seeder) furnish(ctx context.Context, steps []step) error {
	for _, t := range steps {
		if t.say != "" {
			s.Report(t.say)
		}
		if err := t.do(ctx); err != nil {
			return fmt.Errorf("make the demo: %w", err)
		}
		if err := s.note(t); err != nil {
			return err
		}
	}
	s.state.Done = true
	return writeState(s.StateFile, s.state)
}

// note keeps that a part is there, so that it is not made again.
func (s *seeder) note(t step) error {
	if t.part == "" {
		return nil
	}
	s.state.Parts = append(s.state.Parts, t.part)
	return writeState(s.StateFile, s.state)
}

// signIn gives a client that is one of the demo's people. A machine that is busy with
// other sign-ins says so and is asked again.
func (s *seeder) signIn(ctx context.Context, email string) (*apiclient.Client, error) {
	client, err := apiclient.New(s.URL, secrets.Secret{})
	if err != nil {
		return nil, err
	}
	busy := time.After(settledWithin)
	for {
		err := client.SignIn(ctx, email, secrets.NewSecret(credentials.DemoPassword))
		if err == nil {
			return client, nil
		}
		err = fmt.Errorf("sign in as %s: %w", email, err)
		if !apiclient.IsCode(err, "unavailable") {
			return nil, err
		}
		select {
		case <-busy:
			return nil, err
		case <-ctx.Done():
			return nil, err
		case <-time.After(time.Second):
		}
	}
}
