package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"

	"remit"
	"remit/apiclient"
	"remit/money"
)

type dueCommand struct {
	Organisation string `help:"Path whose due dates are run, with those below it."                  required:""`
	AsOf         string `help:"What is due by this date, such as 2026-04-01: today without it, and no earlier one."`
	DryRun       bool   `help:"Only say what would be charged. A dry run may look a year ahead."`
}

// dueRun is a due-date run as the API shows it.
type dueRun struct {
	ID         string
	AsOf       remit.Date `json:"as_of"`
	DryRun     bool       `json:"dry_run"`
	State      string
	Failure    *string
	Found      int
	Charged    int
	Processing int
	Declined   int
	Skipped    int
	Failed     int
	Notices    int
	Sums       []struct {
		Currency string
		Amount   int64
	}
	Entries struct {
		Data []dueEntry
		Next *string
	}
	Differences []dueEntry
	Unmade      struct {
		Count int
		More  bool `json:"more_schedules"`
		Data  []struct {
			Number       string
			CustomerName string     `json:"customer_name"`
			IssueDate    remit.Date `json:"issue_date"`
			ChargeDate   remit.Date `json:"charge_date"`
			Amount       int64
			Currency     string
		}
	} `json:"not_yet_made"`
}

type dueEntry struct {
	Number         string
	CustomerName   string `json:"customer_name"`
	Amount         int64
	Surcharge      int64
	Currency       string
	Method         *string
	Outcome        *string
	Reason         *string
	Forecast       *string
	ForecastAmount int64   `json:"forecast_amount"`
	ForecastReason *string `json:"forecast_reason"`
}

func (d *dueCommand) Run(ctx context.Context, s *surroundings) error {
	body := map[string]any{"organisation": d.Organisation, "dry_run": d.DryRun}
	if d.AsOf != "" {
		date, err := remit.ParseDate(d.AsOf)
		if err != nil {
			return usagef("--as-of: %w", err)
		}
		body["as_of"] = date
	}
	client, err := s.ask()
	if err != nil {
		return err
	}
	var run dueRun
	if err := client.Do(ctx, apiclient.Request{Method: http.MethodPost, Path: "/v1/due-date-runs", Body: body}, &run); err != nil {
		return flagged(err, map[string]string{"as_of": "--as-of", "organisation": "--organisation"})
	}
	if err := s.follow(ctx, client, &run); err != nil {
		return err
	}
	entries, err := allEntries(ctx, client, run)
	if err != nil {
		return err
	}
	return run.print(s.out, entries)
}

// follow waits for a run's end and says how far it is.
func (s *surroundings) follow(ctx context.Context, client *apiclient.Client, run *dueRun) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	said := 0
	for run.State == "running" {
		if done := run.done(); done > said {
			said = done
			fmt.Fprintf(s.out, "%d of %d\n", done, run.Found)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the run goes on by itself: due-date run %s", run.ID)
		case <-ticker.C:
		}
		fresh := dueRun{}
		if err := client.Get(ctx, "/v1/due-date-runs/"+url.PathEscape(run.ID), nil, &fresh); err != nil {
			return err
		}
		*run = fresh
	}
	return nil
}

func (r *dueRun) done() int { return r.Charged + r.Processing + r.Declined + r.Skipped + r.Failed }

func allEntries(ctx context.Context, client *apiclient.Client, run dueRun) ([]dueEntry, error) {
	entries := run.Entries.Data
	for next := run.Entries.Next; next != nil; {
		var page dueRun
		if err := client.Get(ctx, "/v1/due-date-runs/"+url.PathEscape(run.ID), url.Values{"after": {*next}, "limit": {"100"}}, &page); err != nil {
			return nil, err
		}
		entries, next = append(entries, page.Entries.Data...), page.Entries.Next
	}
	return entries, nil
}

// print says what came otherwise than expected, then what is or was charged, then
// what was not and why, then the sums. It is an error where the run failed.
func (r *dueRun) print(out io.Writer, entries []dueEntry) error {
	if len(r.Differences) > 0 {
		fmt.Fprintln(out, "Came otherwise than expected:")
		table(out, "number\tcustomer\texpected\tcame\twhy", r.Differences, func(e dueEntry) string {
			return fmt.Sprintf("%s\t%s\t%s\t%s\t%s", e.Number, e.CustomerName, said(e.Forecast, "not due"), said(e.Outcome, ""), said(e.Reason, ""))
		})
	}
	var charges, others []dueEntry
	for _, e := range entries {
		if o := said(e.Outcome, ""); o == string(remit.OutcomeSkipped) || o == string(remit.OutcomeFailed) {
			others = append(others, e)
		} else {
			charges = append(charges, e)
		}
	}
	last := "came"
	if r.DryRun {
		last = "expected"
	}
	if len(charges) > 0 {
		table(out, "number\tcustomer\tamount\tsurcharge\tmethod\t"+last, charges, func(e dueEntry) string {
			outcome := said(e.Outcome, "")
			if e.Reason != nil {
				outcome += ": " + *e.Reason
			}
			return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s", e.Number, e.CustomerName, sum(e.Amount, e.Currency), sum(e.Surcharge, e.Currency), said(e.Method, "none"), outcome)
		})
	}
	if len(others) > 0 {
		fmt.Fprintln(out, "Not charged:")
		table(out, "number\tcustomer\tamount\twhy", others, func(e dueEntry) string {
			return fmt.Sprintf("%s\t%s\t%s\t%s", e.Number, e.CustomerName, sum(e.ForecastAmount, e.Currency), said(e.Reason, ""))
		})
	}
	r.printUnmade(out)
	if r.DryRun {
		fmt.Fprintf(out, "%d due by %s. Nothing was charged: this is a forecast.\n", r.Found, r.AsOf.Words())
	} else {
		fmt.Fprintf(out, "%d due by %s: %d charged, %d processing, %d declined, %d skipped, %d failed. %d notices written.\n",
			r.Found, r.AsOf.Words(), r.Charged, r.Processing, r.Declined, r.Skipped, r.Failed, r.Notices)
	}
	for _, each := range r.Sums {
		word := "Charged"
		if r.DryRun {
			word = "Expected"
		}
		fmt.Fprintf(out, "%s: %s %s.\n", word, sum(each.Amount, each.Currency), each.Currency)
	}
	switch {
	case r.Failure != nil:
		return fmt.Errorf("the run failed: %s", *r.Failure)
	case r.State != "done":
		return errors.New("the run ended as " + r.State)
	}
	return nil
}

// printUnmade says what a forecast does not have: invoices that schedules are yet to make.
func (r *dueRun) printUnmade(out io.Writer) {
	if r.Unmade.Count == 0 && !r.Unmade.More {
		return
	}
	fmt.Fprintln(out, "Not yet made, and not in the figures below: billing schedules make these first. They are then planned to be charged.")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if r.Unmade.Count == 0 {
		fmt.Fprintln(w, "none of those that were looked at")
	} else {
		fmt.Fprintln(w, "number\tcustomer\tamount\tmade on\tcharged on")
	}
	for _, u := range r.Unmade.Data {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", u.Number, u.CustomerName, sum(u.Amount, u.Currency), u.IssueDate.Words(), u.ChargeDate.Words())
	}
	_ = w.Flush() // as with all that is printed, nobody is left to tell
	if left := r.Unmade.Count - len(r.Unmade.Data); left > 0 {
		fmt.Fprintf(out, "and %d more\n", left)
	}
	if r.Unmade.More {
		fmt.Fprintln(out, "There are more schedules than were looked at.")
	}
	fmt.Fprintln(out)
}

func table(out io.Writer, head string, entries []dueEntry, row func(dueEntry) string) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, head)
	for _, e := range entries {
		fmt.Fprintln(w, row(e))
	}
	_ = w.Flush() // as with all that is printed, nobody is left to tell
	fmt.Fprintln(out)
}

func sum(minor int64, currency string) string {
	return money.Of(minor, money.Currency(currency)).String()
}

func said(text *string, otherwise string) string {
	if text == nil {
		return otherwise
	}
	return *text
}
