package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
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
	Organisation string `help:"Top-level path, such as /dev-v51; may be left out where there is only one."`
}

func (a *clockAdvanceCommand) Run(ctx context.Context, s *surroundings) error {
	if _, err := a.advanced(time.Now()); err != nil {
		return err
	}
	client, err := s.ask()
	if err != nil {
		return err
	}
	to, zone, err := a.target(ctx, client)
	if err != nil {
		return err
	}
	var looks, nights int
	for {
		var result clockResult
		err := client.Do(ctx, apiclient.Request{
			Method: http.MethodPost, Path: "/v1/clock/advance", Body: map[string]any{"organisation": a.Organisation, "to": to},
		}, &result)
		if err != nil {
			return err
		}
		looks, nights = looks+result.Looks, nights+result.Nights
		result.print(s.out, zone)
		if result.Done {
			fmt.Fprint(s.out, besides(looks, nights))
			fmt.Fprintf(s.out, "It is now %s at %s.\n", result.Now.In(zone).Format(clockLayout), a.Organisation)
			return nil
		}
		fmt.Fprintf(s.out, "It is %s, and goes on.\n", result.Now.In(zone).Format(clockLayout))
	}
}

// clockResult is a step of the clock as the API shows it.
type clockResult struct {
	Now      time.Time
	Done     bool
	Happened []struct {
		At    time.Time
		About string
		What  string
	}
	More   bool
	Looks  int
	Nights int `json:"reconciliations"`
}

const clockLayout = "2 Jan 2006 15:04 MST"

// print tells what happened, a line for each invoice and moment.
func (r clockResult) print(out io.Writer, zone *time.Location) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range r.Happened {
		fmt.Fprintf(w, "%s\t%s\t%s\n", line.At.In(zone).Format(clockLayout), line.About, line.What)
	}
	_ = w.Flush() // as with all that is printed, nobody is left to tell
	if r.More {
		fmt.Fprintln(out, "More happened than is told at once; the invoices' timelines have it all.")
	}
}

// besides counts what happened that nobody reads line by line.
func besides(looks, nights int) string {
	switch {
	case looks > 0 && nights > 0:
		return fmt.Sprintf("Besides, Stripe was looked at %s, and reconciled with on %s.\n", times(looks, "time"), times(nights, "night"))
	case looks > 0:
		return fmt.Sprintf("Besides, Stripe was looked at %s.\n", times(looks, "time"))
	case nights > 0:
		return fmt.Sprintf("Besides, Stripe was reconciled with on %s.\n", times(nights, "night"))
	}
	return ""
}

func times(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// target is the instant to go to: days from now, or the first instant of a date
// where the organisation is.
func (a *clockAdvanceCommand) target(ctx context.Context, client *apiclient.Client) (time.Time, *time.Location, error) {
	asked := url.Values{}
	if a.Organisation != "" {
		asked.Set("organisation", a.Organisation)
	}
	organisations, err := apiclient.All[struct {
		Path     string
		TimeZone string `json:"time_zone"`
		Clock    *struct{ Now time.Time }
	}](ctx, client, "/v1/organisations", asked)
	if err != nil {
		return time.Time{}, nil, err
	}
	if a.Organisation == "" {
		paths := make([]string, len(organisations))
		for n, o := range organisations {
			paths[n] = o.Path
		}
		if a.Organisation, err = onlyTop(paths); err != nil {
			return time.Time{}, nil, err
		}
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

// onlyTop is the one top-level organisation there is.
func onlyTop(paths []string) (string, error) {
	tops := slices.DeleteFunc(paths, func(path string) bool { return strings.Count(path, "/") != 1 })
	if len(tops) != 1 {
		return "", usagef("--organisation: say which: %s", cmp.Or(strings.Join(tops, ", "), "you may see none"))
	}
	return tops[0], nil
}

func (a *clockAdvanceCommand) advanced(now time.Time) (time.Time, error) {
	text := a.By
	switch {
	case a.By != "" && a.To != "":
		return time.Time{}, usagef("say days or a date once, before --to or with it")
	case a.By == "" && a.To == "":
		return time.Time{}, usagef("say how far: days such as 45d, or --to a date such as 2026-04-01")
	case a.By == "":
		text = a.To
	}
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 {
			return time.Time{}, usagef("days are a whole number of 1 or more, such as 45d")
		}
		return now.AddDate(0, 0, n), nil
	}
	date, err := remit.ParseDate(text)
	if err != nil {
		return time.Time{}, usagef("%q is neither days such as 45d nor a date such as 2026-04-01", text)
	}
	return date.StartIn(now.Location()), nil
}
