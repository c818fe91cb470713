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

// today is the demo's first day: the one noted by a run that was cut off, else
// the present one where the demo is.
func (s *seeder) today() (remit.Date, error) {
	s.day = s.state.Day
	if s.day.IsZero() {
		where, err := time.LoadLocation(zone)
		if err != nil {
			return remit.Date{}, fmt.Errorf("the demo's time zone: %w", err)
		}
		s.day = remit.DateOf(s.Now().In(where))
	}
	s.state.Day = s.day
	return s.day, writeState(s.StateFile, s.state)
}

// calendar brings the test clock, which begins at the first instant of its day,
// to the present, so that the demo and the stand-in show the same time.
func (s *seeder) calendar(ctx context.Context) error {
	clock, err := s.clock(ctx)
	if err != nil {
		return err
	}
	now := s.Now()
	if !clock.Before(now.Add(-time.Minute)) {
		return nil
	}
	return s.admin.Do(ctx, apiclient.Request{
		Method: http.MethodPost, Path: "/v1/clock/advance", Body: map[string]any{"organisation": Top, "to": now},
	}, nil)
}

// clock is the time on the demo's test clock.
func (s *seeder) clock(ctx context.Context) (time.Time, error) {
	organisations, err := apiclient.All[struct {
		Path  string
		Clock *struct{ Now time.Time }
	}](ctx, s.admin, "/v1/organisations", top())
	if err != nil {
		return time.Time{}, err
	}
	for _, o := range organisations {
		switch {
		case o.Path != Top:
		case o.Clock == nil:
			return time.Time{}, errors.New("the demo's organisation has no test clock")
		default:
			return o.Clock.Now, nil
		}
	}
	return time.Time{}, fmt.Errorf("there is no organisation %s", Top)
}
