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
}

// InsertSetupSession reserves the row before the session is made at Stripe.
func (tx *Tx) InsertSetupSession(ctx context.Context, s SetupSession) error {
	actor, err := json.Marshal(s.Actor)
	if err != nil {
		return fmt.Errorf("write an actor: %w", err)
	}
	_, err = tx.Exec(ctx, `insert into setup_sessions (tenant, id, customer_id, account, livemode, state, actor, return_path, expires_at) values ($1,$2,$3,$4,$5,'created',$6,$7,$8)`,
		tx.Tenant, s.ID, s.CustomerID, s.Account, s.Livemode, actor, s.ReturnPath, s.ExpiresAt)
	if err != nil {
		return fmt.Errorf("reserve a setup session: %w", err)
	}
	return nil
}

// SaveSetupSession writes what can change of a setup session.
func (tx *Tx) SaveSetupSession(ctx context.Context, s SetupSession) error {
	_, err := tx.Exec(ctx, "update setup_sessions set stripe_session = nullif($3,''), url = $4, state = $5, expires_at = $6 where tenant = $1 and id = $2",
		tx.Tenant, s.ID, s.StripeSession, s.URL, s.State, s.ExpiresAt)
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

func (tx *Tx) setupSessions(ctx context.Context, where string, arg any) ([]SetupSession, error) {
	rows, err := tx.Query(ctx, "select id, customer_id, account, livemode, coalesce(stripe_session, ''), url, state, actor, return_path, expires_at from setup_sessions where tenant = $1 and "+where+" order by created_at", tx.Tenant, arg)
	if err != nil {
		return nil, fmt.Errorf("read setup sessions: %w", err)
	}
	sessions, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s SetupSession, err error) {
		var actor []byte
		if err := row.Scan(&s.ID, &s.CustomerID, &s.Account, &s.Livemode, &s.StripeSession, &s.URL, &s.State, &actor, &s.ReturnPath, &s.ExpiresAt); err != nil {
			return s, err
		}
		return s, json.Unmarshal(actor, &s.Actor)
	})
	if err != nil {
		return nil, fmt.Errorf("read setup sessions: %w", err)
	}
	return sessions, nil
}
