package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"remit"
	"remit/apiclient"
)

type clockCommand struct {
	Advance clockAdvanceCommand `cmd:"" help:"Move an organisation's test clock forward, and say what happened on the way."`
}

type clockAdvanceCommand struct {
	By           string `arg:""                                         help:"Days such as 45d, or a date such as 2026-04-01." optional:""`
	To           string `help:"The date to go to, such as 2026-04-01."`
	Organisation string `help:"Top-level path, such as /dev-v51."       required:""`
}

func (a *clockAdvanceCommand) Run(ctx context.Context, s *surroundings) error {
	client, err := s.ask()
	if err != nil {
		return err
	}
	to, zone, err := a.target(ctx, client)
	if err != nil {
		return err
	}
	for {
		var result struct {
			Now   time.Time
			Done  bool
			Fired []struct {
				At   time.Time
				What string
			}
		}
		err := client.Do(ctx, apiclient.Request{
			Method: http.MethodPost, Path: "/v1/clock/advance", Body: map[string]any{"organisation": a.Organisation, "to": to},
		}, &result)
		if err != nil {
			return err
		}
		for _, fired := range result.Fired {
			fmt.Fprintf(s.out, "%s  %s\n", fired.At.In(zone).Format("2 Jan 2006 15:04 MST"), fired.What)
		}
		if result.Done {
			fmt.Fprintf(s.out, "It is now %s at %s.\n", result.Now.In(zone).Format("2 Jan 2006 15:04 MST"), a.Organisation)
			return nil
		}
		fmt.Fprintf(s.out, "It is %s, and goes on.\n", result.Now.In(zone).Format("2 Jan 2006 15:04 MST"))
	}
}

// target is the instant to go to: days from now, or the first instant of a date
// where the organisation is.
func (a *clockAdvanceCommand) target(ctx context.Context, client *apiclient.Client) (time.Time, *time.Location, error) {
	organisations, err := apiclient.All[struct {
		Path     string
		TimeZone string `json:"time_zone"`
		Clock    *struct{ Now time.Time }
	}](ctx, client, "/v1/organisations", url.Values{"organisation": {a.Organisation}})
	if err != nil {
		return time.Time{}, nil, err
	}
	for _, o := range organisations {
		if o.Path != a.Organisation {
			continue
		}
		if o.Clock == nil {
			return time.Time{}, nil, fmt.Errorf("%s has no test clock", o.Path)
		}
		zone, err := time.LoadLocation(o.TimeZone)
		if err != nil {
			return time.Time{}, nil, fmt.Errorf("time zone of %s: %w", o.Path, err)
		}
		to, err := a.advanced(o.Clock.Now.In(zone))
		return to, zone, err
	}
	return time.Time{}, nil, fmt.Errorf("there is no organisation %s, or you may not see it", a.Organisation)
}

func (a *clockAdvanceCommand) advanced(now time.Time) (time.Time, error) {
	text := a.By
	switch {
	case a.By != "" && a.To != "":
		return time.Time{}, errors.New("say days or a date once, before --to or with it")
	case a.By == "" && a.To == "":
		return time.Time{}, errors.New("say how far: days such as 45d, or --to a date such as 2026-04-01")
	case a.By == "":
		text = a.To
	}
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 {
			return time.Time{}, errors.New("days are a whole number of 1 or more, such as 45d")
		}
		return now.AddDate(0, 0, n), nil
	}
	date, err := remit.ParseDate(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither days such as 45d nor a date such as 2026-04-01", text)
	}
	return date.StartIn(now.Location()), nil
}
