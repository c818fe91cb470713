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
	state, err := readState(s.StateFile)
	if err != nil {
		return remit.Date{}, err
	}
	s.day = state.Day
	if s.day.IsZero() {
		where, err := time.LoadLocation(zone)
		if err != nil {
			return remit.Date{}, fmt.Errorf("the demo's time zone: %w", err)
		}
		s.day = remit.DateOf(s.Now().In(where))
	}
	return s.day, writeState(s.StateFile, State{Day: s.day})
}

// calendar brings the test clock, which begins at the first instant of its day,
// to the present, so that the demo and the stand-in show the same time.
func (s *seeder) calendar(ctx context.Context) error {
	var organisations struct {
		Data []struct {
			Path  string
			Clock *struct{ Now time.Time }
		}
	}
	if err := s.admin.Get(ctx, "/v1/organisations", top(), &organisations); err != nil {
		return err
	}
	for _, o := range organisations.Data {
		if o.Path != Top {
			continue
		}
		if o.Clock == nil {
			return errors.New("the demo's organisation has no test clock")
		}
		now := s.Now()
		if !o.Clock.Now.Before(now.Add(-time.Minute)) {
			return nil
		}
		return s.admin.Do(ctx, apiclient.Request{
			Method: http.MethodPost, Path: "/v1/clock/advance", Body: map[string]any{"organisation": Top, "to": now},
		}, nil)
	}
	return fmt.Errorf("there is no organisation %s", Top)
}
