package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"remit/commands"
)

// runClock lets the organisation's time pass to the last day, a month at a time, and
// says after each how far it is. Whoever's card was refused for good saves another
// one at a month's end.
func (r *receivables) runClock(ctx context.Context) error {
	zone, err := time.LoadLocation(ledgerZone)
	if err != nil {
		return fmt.Errorf("time zone: %w", err)
	}
	r.fired = map[string]int{}
	last := r.To.StartIn(zone)
	at := r.From.StartIn(zone)
	for at.Before(last) {
		if at = at.AddDate(0, 1, 0); at.After(last) {
			at = last
		}
		if err := r.advance(ctx, at); err != nil {
			return err
		}
		fresh, err := r.renewCards(ctx)
		if err != nil {
			return err
		}
		line, err := r.standing(ctx)
		if err != nil {
			return err
		}
		r.newCards += fresh
		r.say(at.In(zone).Format("2 Jan 2006") + ": " + line)
	}
	return nil
}

func (r *receivables) advance(ctx context.Context, to time.Time) error {
	for {
		result, err := r.program.Commands.AdvanceClock(ctx, r.admin, commands.Given(commands.ClockInput{Organisation: ledgerOrganisation, To: to}))
		if err != nil {
			return err
		}
		for kind, spent := range result.Spent {
			r.spent["  "+kind] += spent
		}
		for _, row := range result.Fired {
			r.fired[string(row.Kind)]++
		}
		if result.Done {
			return nil
		}
	}
}

// renewCards has each customer with an invoice that waits for another method save
// one. Remit charges those invoices then by itself. What it has put off for an hour, since
// the same card was refused for good with another invoice meanwhile, is the clock's to reach.
func (r *receivables) renewCards(ctx context.Context) (int, error) {
	if r.Declines == 0 {
		return 0, nil
	}
	saved, err := r.typeCards(ctx, "exists (select 1 from invoices i where i.tenant = c.tenant and i.customer_id = c.id and i.collection_state = 'awaits_method')")
	if err != nil || saved == 0 {
		return saved, err
	}
	return saved, r.until(ctx, func() (bool, error) {
		var waiting int
		err := r.rows.QueryRow(ctx, `select (select count(*) from agenda where tenant = $1 and kind = 'charge' and done_at is null and (details ->> 'soon')::boolean
				and at <= now() + (select clock_offset from organisations where id = $1))
			+ (select count(*) from attempts where tenant = $1 and state in ('created', 'requires_action', 'processing', 'confirming'))
			+ (select count(*) from invoices i join customers c on c.tenant = i.tenant and c.id = i.customer_id join payment_methods m on m.tenant = c.tenant and m.id = c.default_payment_method
				where i.tenant = $1 and i.collection_state = 'awaits_method' and i.status = 'open' and not exists (select 1 from attempts a where a.tenant = i.tenant and a.method ->> 'fingerprint' = m.fingerprint))`, r.tenant).Scan(&waiting)
		return waiting == 0, err
	})
}

// standing is how far it is, in words.
func (r *receivables) standing(ctx context.Context) (string, error) {
	var paid, open, held int
	var collected int64
	err := r.rows.QueryRow(ctx, `select count(*) filter (where status = 'paid'), count(*) filter (where status not in ('paid', 'draft') and hold_reason is null),
		count(*) filter (where hold_reason is not null and status <> 'draft'), coalesce(sum(total) filter (where status = 'paid'), 0)::bigint from invoices where tenant = $1`, r.tenant).Scan(&paid, &open, &held, &collected)
	if err != nil {
		return "", fmt.Errorf("read how far it is: %w", err)
	}
	return fmt.Sprintf("%d paid, %s; %d open, %d on hold; %s so far", paid, dollars(collected), open, held, time.Since(r.began).Round(time.Second)), nil
}

// standinControl sends one of the stand-in's controls.
func (r *receivables) standinControl(ctx context.Context, path, body string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.settings.StripeURL+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return fmt.Errorf("make a request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+ledgerKey)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the stand-in's %s: %w", path, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		var said bytes.Buffer
		_, _ = said.ReadFrom(response.Body)
		return fmt.Errorf("the stand-in's %s answered %d: %s", path, response.StatusCode, strings.TrimSpace(said.String()))
	}
	return nil
}

// standinSum adds up the charges in the stand-in's books that succeeded.
func (r *receivables) standinSum(ctx context.Context) (total sum, err error) {
	after := ""
	for {
		var page struct {
			Charges []struct {
				ID       string `json:"id"`
				Captured int64  `json:"amount_captured"`
				Status   string `json:"status"`
			} `json:"charges"`
			Next string `json:"next"`
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.settings.StripeURL+"/_sandbox/books?kind=charges&limit=1000&after="+after, http.NoBody)
		if err != nil {
			return total, fmt.Errorf("make a request: %w", err)
		}
		request.Header.Set("Authorization", "Bearer "+ledgerKey)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return total, fmt.Errorf("read the stand-in's books: %w", err)
		}
		err = json.NewDecoder(response.Body).Decode(&page)
		if err = errors.Join(err, response.Body.Close()); err != nil {
			return total, fmt.Errorf("read the stand-in's books: %w", err)
		}
		for _, charge := range page.Charges {
			if charge.Status == "succeeded" {
				total.charges++
				total.cents += charge.Captured
			}
		}
		if after = page.Next; after == "" {
			return total, nil
		}
	}
}
