package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// SetupSession is a hosted page on which a customer adds a method.
type SetupSession struct {
	ID            uuid.UUID
	CustomerID    uuid.UUID
	Account       string
	Livemode      bool
	StripeSession string
	URL           string
	State         string
	Actor         remit.Actor
	ReturnPath    string
	ExpiresAt     time.Time
	CreatedAt     time.Time
	For           *CollectedFor // what is then paid with the card; nil where one is only saved
	Method        *uuid.UUID    // that was collected
}

// CollectedFor is what a card is collected for: a payment whose fee depends on it.
type CollectedFor struct {
	Invoice uuid.UUID
	Amount  int64 // minor units, without the surcharge
	Owed    int64 // by the invoice, when this was asked
	Save    bool  // the card is kept for its customer
	Permit  remit.Permit
}

// InsertSetupSession reserves the row before the session is made at Stripe.
func (tx *Tx) InsertSetupSession(ctx context.Context, s SetupSession) error {
	actor, err := json.Marshal(s.Actor)
	if err != nil {
		return fmt.Errorf("write an actor: %w", err)
	}
	var invoice *uuid.UUID
	var amount, owed *int64
	var permit []byte
	save := false
	if s.For != nil {
		invoice, amount, owed, save = &s.For.Invoice, &s.For.Amount, &s.For.Owed, s.For.Save
		if permit, err = json.Marshal(s.For.Permit); err != nil {
			return fmt.Errorf("write a permit: %w", err)
		}
	}
	_, err = tx.Exec(ctx, `insert into setup_sessions (tenant, id, customer_id, account, livemode, state, actor, return_path, expires_at, invoice_id, amount, owed, save, permit)
		values ($1,$2,$3,$4,$5,'created',$6,$7,$8,$9,$10,$11,$12,$13)`,
		tx.Tenant, s.ID, s.CustomerID, s.Account, s.Livemode, actor, s.ReturnPath, s.ExpiresAt, invoice, amount, owed, save, permit)
	if err != nil {
		return fmt.Errorf("reserve a setup session: %w", err)
	}
	return nil
}

// SaveSetupSession writes what can change of a setup session.
func (tx *Tx) SaveSetupSession(ctx context.Context, s SetupSession) error {
	_, err := tx.Exec(ctx, "update setup_sessions set stripe_session = nullif($3,''), url = $4, state = $5, expires_at = $6, payment_method_id = $7 where tenant = $1 and id = $2",
		tx.Tenant, s.ID, s.StripeSession, s.URL, s.State, s.ExpiresAt, s.Method)
	if err != nil {
		return fmt.Errorf("save a setup session: %w", err)
	}
	return nil
}

// SetupSessionOf finds a setup session by its id at Stripe, or nil.
func (tx *Tx) SetupSessionOf(ctx context.Context, stripeSession string) (*SetupSession, error) {
	sessions, err := tx.setupSessions(ctx, "stripe_session = $2", stripeSession)
	if err != nil || len(sessions) == 0 {
		return nil, err
	}
	return &sessions[0], nil
}

// OpenSetupSessions reads a customer's sessions that may still bring a method.
func (tx *Tx) OpenSetupSessions(ctx context.Context, customer uuid.UUID) ([]SetupSession, error) {
	return tx.setupSessions(ctx, "customer_id = $2 and state = 'open'", customer)
}

// SetupSessionsAt reads the sessions that may still bring a method to an account.
func (tx *Tx) SetupSessionsAt(ctx context.Context, account string) ([]SetupSession, error) {
	return tx.setupSessions(ctx, "account = $2 and state = 'open'", account)
}

// CollectingSession reads the page that is open on which a card is collected for a
// payment of an invoice, the last one, or nil.
func (tx *Tx) CollectingSession(ctx context.Context, invoice uuid.UUID) (*SetupSession, error) {
	sessions, err := tx.setupSessions(ctx, "invoice_id = $2 and state = 'open'", invoice)
	if err != nil || len(sessions) == 0 {
		return nil, err
	}
	return &sessions[len(sessions)-1], nil
}

// LeftSetupSessions reads pages that were to collect a card for a payment and of which
// nothing was heard since before a moment of real time.
func (tx *Tx) LeftSetupSessions(ctx context.Context, before time.Time) ([]SetupSession, error) {
	return tx.setupSessions(ctx, "invoice_id is not null and state = 'open' and created_at < $2", before)
}

// KeptOncePaid reports that the card is kept, but not before it was paid with: whoever
// has a public link and leaves without paying leaves nothing behind.
func (f CollectedFor) KeptOncePaid() bool { return f.Save && f.Permit.Link > 0 }

// typedOnce narrows setup sessions to those whose card is not kept, or not kept yet.
const typedOnce = "invoice_id is not null and (not save or coalesce((permit ->> 'link')::bigint, 0) > 0)"

// CollectsOnce reports that a card may just be collected for a customer that is not to
// be kept, or not yet: what an event tells of a new one is then left to its page.
func (tx *Tx) CollectsOnce(ctx context.Context, customer uuid.UUID) (is bool, err error) {
	err = tx.QueryRow(ctx, "select exists (select 1 from setup_sessions where tenant = $1 and customer_id = $2 and state = 'open' and "+typedOnce+")", tx.Tenant, customer).Scan(&is)
	if err != nil {
		return false, fmt.Errorf("look for a page that collects a card: %w", err)
	}
	return is, nil
}

func (tx *Tx) setupSessions(ctx context.Context, where string, arg any) ([]SetupSession, error) {
	rows, err := tx.Query(ctx, "select id, customer_id, account, livemode, coalesce(stripe_session, ''), url, state, actor, return_path, expires_at, created_at, invoice_id, coalesce(amount, 0), coalesce(owed, 0), save, permit, payment_method_id from setup_sessions where tenant = $1 and "+where+" order by created_at", tx.Tenant, arg)
	if err != nil {
		return nil, fmt.Errorf("read setup sessions: %w", err)
	}
	sessions, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s SetupSession, err error) {
		var actor, permit []byte
		var invoice *uuid.UUID
		var of CollectedFor
		if err := row.Scan(&s.ID, &s.CustomerID, &s.Account, &s.Livemode, &s.StripeSession, &s.URL, &s.State, &actor, &s.ReturnPath, &s.ExpiresAt, &s.CreatedAt, &invoice, &of.Amount, &of.Owed, &of.Save, &permit, &s.Method); err != nil {
			return s, err
		}
		if invoice != nil {
			s.For, of.Invoice = &of, *invoice
			if err := json.Unmarshal(permit, &of.Permit); err != nil {
				return s, err
			}
		}
		return s, json.Unmarshal(actor, &s.Actor)
	})
	if err != nil {
		return nil, fmt.Errorf("read setup sessions: %w", err)
	}
	return sessions, nil
}
