package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"remit"
	"remit/apiclient"
)

// extend adds parts to a demo that an older Remit made, each once, so that nothing comes
// back that somebody took away. What Remit refuses is left out: the demo is its user's by
// now, who may have disconnected Stripe or changed the password.
func (s *seeder) extend(ctx context.Context, parts []step) error {
	s.Report("Adding to the demo what it was made without")
	entered := s.enter(ctx)
	if entered != nil && !isRefusal(entered) {
		return fmt.Errorf("add to the demo: %w", entered)
	}
	for _, t := range parts {
		if entered == nil {
			if err := t.do(ctx); err != nil && !isRefusal(err) {
				return fmt.Errorf("add to the demo: %s: %w", t.part, err)
			}
		}
		if err := s.note(t); err != nil {
			return err
		}
	}
	return nil
}

// enter signs in to a demo that is there, whose first day is long past: what is added
// is of the present one.
func (s *seeder) enter(ctx context.Context) error {
	var err error
	if s.admin, err = s.signIn(ctx, Administrator.Email); err != nil {
		return err
	}
	now, err := s.clock(ctx)
	if err != nil {
		return err
	}
	where, err := time.LoadLocation(zone)
	if err != nil {
		return fmt.Errorf("the demo's time zone: %w", err)
	}
	s.day = remit.DateOf(now.In(where))
	return nil
}

// isRefusal reports that Remit answered and said no, which it would at the next start too.
func isRefusal(err error) bool {
	var p *apiclient.ProblemError
	return errors.As(err, &p) && p.Status < http.StatusInternalServerError && p.Status != http.StatusTooManyRequests
}
