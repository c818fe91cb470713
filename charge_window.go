package remit

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// TimeOfDay is a wall-clock time, in minutes after midnight: 0 to 1440, which is
// the end of the day.
type TimeOfDay int

// ParseTimeOfDay reads HH:MM, from 00:00 to 24:00.
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	if s == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, fmt.Errorf("%q is not a time like 09:00", s)
	}
	return TimeOfDay(t.Hour()*60 + t.Minute()), nil
}

// String gives HH:MM.
func (t TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", int(t)/60, int(t)%60) }

// MarshalJSON writes "HH:MM".
func (t TimeOfDay) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// UnmarshalJSON reads "HH:MM" and nothing else.
func (t *TimeOfDay) UnmarshalJSON(raw []byte) error {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return errors.New("a time is a string like \"09:00\"")
	}
	parsed, err := ParseTimeOfDay(s)
	if err != nil {
		return err
	}
	*t = parsed
	return nil
}

// ChargeWindow is when, in an organisation's local time, methods are charged by
// themselves: a bank that says no at three in the morning may say yes at nine, and
// whoever is charged should be awake to see it.
type ChargeWindow struct {
	From TimeOfDay `json:"from"`
	To   TimeOfDay `json:"to"` // after From; the instant itself is outside
}

// DefaultChargeWindow holds where nothing is set.
func DefaultChargeWindow() ChargeWindow { return ChargeWindow{From: 9 * 60, To: 18 * 60} }

// Check names the field "charge_window".
func (w ChargeWindow) Check() error {
	if w.From < 0 || w.To > 24*60 || w.To-w.From < 60 {
		return Invalid("charge_window", "The window is at least an hour of one day, like 09:00 to 18:00.")
	}
	return nil
}

// OpensOn is when the window opens on a date. Where that date has no such window,
// left out by its zone or jumped over by its clocks, it is the next one's opening.
func (w ChargeWindow) OpensOn(d Date, loc *time.Location) time.Time {
	return w.Next(d.StartIn(loc), loc)
}

// Next is the first instant from at on that is inside the window.
func (w ChargeWindow) Next(at time.Time, loc *time.Location) time.Time {
	today := DateOf(at.In(loc))
	for {
		opens, closes := today.At(w.From, loc), today.At(w.To, loc)
		switch {
		case !opens.Before(closes): // there is none on this date
		case at.Before(opens):
			return opens
		case at.Before(closes):
			return at
		}
		today = today.AddDays(1)
	}
}

// At is the first instant at which clocks in loc show the time t of the date or
// later: where clocks go forward over it that is when they do, where it happens
// twice it is the first time, and of a date that a zone left out it is the start of
// the next one.
func (d Date) At(t TimeOfDay, loc *time.Location) time.Time {
	wanted := d.utc().Add(time.Duration(t) * time.Minute)
	// No zone was ever 16 hours ahead of UTC, so here the date is still to come.
	at := wanted.Add(-16 * time.Hour).In(loc)
	for {
		_, offset := at.Zone()
		shows := wanted.Add(-time.Duration(offset) * time.Second).In(loc)
		if shows.Before(at) {
			shows = at // it was skipped by the change that began this offset
		}
		_, end := at.ZoneBounds()
		if end.IsZero() || shows.Before(end) {
			return shows
		}
		at = end
	}
}
