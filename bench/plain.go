package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"remit"
	"remit/activities"
	"remit/gateway"
)

// plain is what many would write instead of Remit: a table of what is due and a loop
// that charges it, as safe as a loop can be. A row is reserved before Stripe is
// called, the intent is created unconfirmed and its id stored, one last look is taken
// in the transaction that lets the confirm go, and the outcome is booked with the
// row. Who takes up what a killed loop left is not in it, nor anybody who watches.
type plain struct {
	pool             *pgxpool.Pool
	stripe           *gateway.Client
	customer, method string
}

const plainTables = `
	create table plain_due (id uuid primary key, due_at timestamptz not null, amount bigint not null, state text not null default 'open',
		stopped boolean not null default false);
	create index plain_due_next on plain_due (due_at, id) where state = 'open';
	create table plain_attempts (id uuid primary key, due_id uuid not null references plain_due, state text not null, amount bigint not null, intent text,
		charge_before text, confirm_at timestamptz, charge text, created_at timestamptz not null default now(), ended_at timestamptz);
	create unique index plain_one_live on plain_attempts (due_id) where state in ('created', 'confirming');
	create table plain_ledger (id uuid primary key, due_id uuid not null references plain_due, attempt_id uuid not null unique references plain_attempts, amount bigint not null)`

// openPlain makes the tables, and a customer with a card at an account of its own,
// whose events nobody receives.
func (b *bench) openPlain(ctx context.Context) (*plain, error) {
	if err := b.sql(ctx, plainTables); err != nil {
		return nil, err
	}
	const key = "sk_test_" + "plainloop"
	p := &plain{stripe: gateway.New(gateway.Options{URL: b.standin.URL}).At(gateway.Access{Key: key})}
	var err error
	if p.customer, err = b.standinMakes(ctx, key, "customers", nil); err != nil {
		return nil, err
	}
	if p.method, err = b.standinMakes(ctx, key, "payment_methods/pm_card_visa/attach", url.Values{"customer": {p.customer}}); err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(b.postgres.URL("remit"))
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	config.MaxConns = activities.DueAtOnce
	if p.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return p, nil
}

func (p *plain) close() { p.pool.Close() }

func (b *bench) standinMakes(ctx context.Context, key, path string, form url.Values) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.standin.URL+"/v1/"+path, formBody(form))
	if err != nil {
		return "", fmt.Errorf("make a request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("the stand-in: %w", err)
	}
	defer response.Body.Close()
	var made struct{ ID string }
	if err := json.NewDecoder(response.Body).Decode(&made); err != nil || made.ID == "" {
		return "", fmt.Errorf("the stand-in answered %d to POST %s: %w", response.StatusCode, path, err)
	}
	return made.ID, nil
}

func (p *plain) makeDue(ctx context.Context, n int) error {
	_, err := p.pool.Exec(ctx, "insert into plain_due (id, due_at, amount) select gen_random_uuid(), now(), 10000 from generate_series(1, $1)", n)
	if err != nil {
		return fmt.Errorf("fill in what is due: %w", err)
	}
	return nil
}

// chargeNext takes the next row to its end.
func (p *plain) chargeNext(ctx context.Context) (string, error) {
	var due, attempt uuid.UUID
	var amount int64
	err := pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error { // reserve
		attempt = uuid.New()
		err := tx.QueryRow(ctx, "select id, amount from plain_due where state = 'open' and due_at <= now() order by due_at, id limit 1 for update skip locked").Scan(&due, &amount)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "update plain_due set state = 'paying' where id = $1", due); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "insert into plain_attempts (id, due_id, state, amount) values ($1, $2, 'created', $3)", attempt, due, amount)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("reserve: %w", err)
	}
	view, err := p.stripe.CreateIntent(ctx, attempt.String()+"/create", gateway.NewIntent{
		Amount: amount, Currency: "usd", StripeCustomer: p.customer, Metadata: map[string]string{"due": due.String(), "attempt": attempt.String()},
	})
	if err != nil {
		return "", fmt.Errorf("create: %w", err)
	}
	if _, err := p.pool.Exec(ctx, "update plain_attempts set intent = $2 where id = $1", attempt, view.ID); err != nil {
		return "", fmt.Errorf("store the intent: %w", err)
	}
	err = pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error { return p.lastLook(ctx, tx, due, attempt, view) })
	if err != nil {
		return "", fmt.Errorf("last look: %w", err)
	}
	confirmed, err := p.stripe.ConfirmIntent(ctx, attempt.String()+"/confirm", view.ID, gateway.Confirm{Method: p.method, Type: gateway.TypeCard})
	if err != nil {
		return "", fmt.Errorf("confirm: %w", err)
	}
	if err := pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error { return p.record(ctx, tx, due, attempt, confirmed) }); err != nil {
		return "", fmt.Errorf("record: %w", err)
	}
	return "", nil
}

func (p *plain) lastLook(ctx context.Context, tx pgx.Tx, due, attempt uuid.UUID, view remit.IntentView) error {
	var stopped bool
	if err := tx.QueryRow(ctx, "select stopped from plain_due where id = $1 for update", due).Scan(&stopped); err != nil || stopped {
		return fmt.Errorf("stopped: %w", err)
	}
	_, err := tx.Exec(ctx, "update plain_attempts set state = 'confirming', charge_before = $2, confirm_at = now() where id = $1 and state = 'created'", attempt, view.LatestCharge)
	return err
}

func (p *plain) record(ctx context.Context, tx pgx.Tx, due, attempt uuid.UUID, view remit.IntentView) error {
	if view.Status != "succeeded" {
		return fmt.Errorf("the intent is %s", view.Status)
	}
	if _, err := tx.Exec(ctx, "select 1 from plain_due where id = $1 for update", due); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "update plain_attempts set state = 'succeeded', charge = $2, ended_at = now() where id = $1", attempt, view.LatestCharge); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "insert into plain_ledger (id, due_id, attempt_id, amount) values ($1, $2, $3, $4)", uuid.New(), due, attempt, view.AmountReceived); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "update plain_due set state = 'paid' where id = $1", due)
	return err
}
