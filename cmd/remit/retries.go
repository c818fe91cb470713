package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"remit/apiclient"
)

type retriesCommand struct {
	Simulate simulateCommand `cmd:"" help:"Replay past failures under other retry ladders. Nothing is charged or changed."`
}

type simulateCommand struct {
	Organisation string   `help:"Path of the organisation; those below count too." required:""`
	Ladder       []string `help:"A ladder to try, like later=1,3,5,7 or soon=1,4,24; repeatable. The others stay as they are." sep:"none"`
}

// retrySettings is the setting as the API shows it, as far as it is sent back.
type retrySettings struct {
	Ladders  map[string][]int `json:"ladders"`
	MaxTries int              `json:"max_tries"`
	Within   int              `json:"within_days"`
	Final    string           `json:"final_action"`
}

type replaySums struct {
	Tries int `json:"tries"`
	Saved int `json:"saved"`
	Hard  int `json:"stopped_by_hard_declines"`
	Yes   int `json:"tried_at_the_banks_yes"`
}

// replayed is a replay as the API shows it.
type replayed struct {
	Since     time.Time
	Complete  bool
	Invoices  int
	Made      int        `json:"tries_made"`
	HardAgain int        `json:"made_after_hard_declines"`
	Paid      int        `json:"paid"`
	InForce   replaySums `json:"in_force"`
	Other     replaySums `json:"other"`
	Differing []struct {
		Invoice string
		InForce replayCourse `json:"in_force"`
		Other   replayCourse `json:"other"`
	}
}

type replayCourse struct {
	Tries []time.Time
	YesAt *time.Time `json:"yes_at"`
}

func (c *simulateCommand) Run(ctx context.Context, s *surroundings) error {
	client, err := s.ask()
	if err != nil {
		return err
	}
	at := url.Values{"organisation": {c.Organisation}}
	var settings retrySettings
	if err := client.Get(ctx, "/v1/settings/retries", at, &settings); err != nil {
		return err
	}
	for _, ladder := range c.Ladder {
		if err := settings.set(ladder); err != nil {
			return err
		}
	}
	var r replayed
	request := apiclient.Request{Method: http.MethodPost, Path: "/v1/settings/retries/replay", Query: at, Body: settings}
	if err := client.Do(ctx, request, &r); err != nil {
		return err
	}
	s.printReplay(r)
	return nil
}

// set takes a ladder as it is typed: later=1,3,5,7.
func (r *retrySettings) set(typed string) error {
	name, list, found := strings.Cut(typed, "=")
	for key := range r.Ladders {
		if !found || key != name && key != name+"_days" && key != name+"_hours" {
			continue
		}
		steps := []int{}
		for word := range strings.SplitSeq(list, ",") {
			if word = strings.TrimSpace(word); word == "" {
				continue
			}
			step, err := strconv.Atoi(word)
			if err != nil {
				return usagef("--ladder %s: %q is not a number", typed, word)
			}
			steps = append(steps, step)
		}
		r.Ladders[key] = steps
		return nil
	}
	return usagef("--ladder %s: write later=1,3,5,7, or few, soon, window, represent", typed)
}

func (s *surroundings) printReplay(r replayed) {
	fmt.Fprintf(s.out, "%d invoices failed with a method since %s; %d more tries were made, %d of them after a hard decline; %d were paid with it in the end.\n",
		r.Invoices, r.Since.Format(time.DateOnly), r.Made, r.HardAgain, r.Paid)
	if !r.Complete {
		fmt.Fprintln(s.out, "There were more failures than are replayed at once.")
	}
	fmt.Fprintf(s.out, "\n%-36s%10s%10s\n", "", "in force", "these")
	for _, row := range []struct {
		what           string
		inForce, other int
	}{
		{"Tries that would be made", r.InForce.Tries, r.Other.Tries},
		{"Tries saved", r.InForce.Saved, r.Other.Saved},
		{"Stopped by a hard decline", r.InForce.Hard, r.Other.Hard},
		{"Still tried when the bank said yes", r.InForce.Yes, r.Other.Yes},
	} {
		fmt.Fprintf(s.out, "%-36s%10d%10d\n", row.what, row.inForce, row.other)
	}
	for _, one := range r.Differing {
		fmt.Fprintf(s.out, "\n%s\n  in force: %s\n  these:    %s\n", one.Invoice, one.InForce, one.Other)
	}
}

func (c replayCourse) String() string {
	if len(c.Tries) == 0 {
		return "no try"
	}
	words := make([]string, len(c.Tries))
	for n, at := range c.Tries {
		words[n] = at.Format("2006-01-02 15:04")
		if c.YesAt != nil && at.Equal(*c.YesAt) {
			words[n] += " (the bank had said yes)"
		}
	}
	return strings.Join(words, ", ")
}
