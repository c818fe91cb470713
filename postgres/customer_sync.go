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

// CustomerSync is a link that is kept in line with Stripe.
type CustomerSync struct {
	remit.ContactSync

	CustomerID     uuid.UUID
	Account        string
	Livemode       bool
	StripeCustomer string
	Version        int
	Tries          int
	MadeHere       bool   // Remit made the customer at Stripe
	Ending         string // the customer was deleted here, and the one there is kept or deleted; "" while the link holds
	ClaimedAt      time.Time
}

const syncColumns = "customer_id, account, livemode, stripe_customer, version, tries, made_here, coalesce(ending, ''), shared, seen, due_at is not null, failure, coalesce(claimed_at, 'epoch')"

func scanSync(row pgx.Row) (s CustomerSync, err error) {
	var shared, seen []byte
	err = row.Scan(&s.CustomerID, &s.Account, &s.Livemode, &s.StripeCustomer, &s.Version, &s.Tries, &s.MadeHere, &s.Ending, &shared, &seen, &s.Waits, &s.Failure, &s.ClaimedAt)
	if err != nil {
		return s, err
	}
	for _, each := range []struct {
		from []byte
		into **remit.Contact
	}{{shared, &s.Shared}, {seen, &s.Seen}} {
		if each.from == nil {
			continue
		}
		*each.into = &remit.Contact{}
		if err := json.Unmarshal(each.from, *each.into); err != nil {
			return s, err
		}
	}
	return s, nil
}

// CustomerSync reads how a customer's link at an account stands, nil where he has none.
func (tx *Tx) CustomerSync(ctx context.Context, customer uuid.UUID, account string, livemode bool) (*CustomerSync, error) {
	s, err := scanSync(tx.QueryRow(ctx, "select "+syncColumns+" from stripe_customers where tenant = $1 and customer_id = $2 and account = $3 and livemode = $4", tx.Tenant, customer, account, livemode))
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a link: %w", err)
	}
	return &s, nil
}

// DueSyncs lists the customers at an account of whom something is to be sent or looked
// at, the longest due first.
func (tx *Tx) DueSyncs(ctx context.Context, account string, livemode bool, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, "select customer_id from stripe_customers where tenant = $1 and account = $2 and livemode = $3 and due_at <= now() and (claimed_at is null or claimed_at < now() - $5::interval) order by due_at limit $4",
		tx.Tenant, account, livemode, limit, syncLease)
	if err != nil {
		return nil, fmt.Errorf("list what is to be brought in line: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// syncLease is how long somebody is trusted to be at work: longer than calls to Stripe last.
const syncLease = 3 * time.Minute

// AskSync has a link looked at, at once.
func (tx *Tx) AskSync(ctx context.Context, customer uuid.UUID, account string, livemode bool) error {
	_, err := tx.Exec(ctx, "update stripe_customers set due_at = clock_timestamp(), tries = 0 where tenant = $1 and customer_id = $2 and account = $3 and livemode = $4", tx.Tenant, customer, account, livemode)
	if err != nil {
		return fmt.Errorf("ask for a look at a link: %w", err)
	}
	return nil
}

// ClaimSync has a link for one alone, nil where somebody else has it or there is none.
// Whatever becomes due while he is at work stays due.
func (tx *Tx) ClaimSync(ctx context.Context, customer uuid.UUID, account string, livemode bool) (*CustomerSync, error) {
	s, err := scanSync(tx.QueryRow(ctx, `update stripe_customers set claimed_at = clock_timestamp()
		where tenant = $1 and customer_id = $2 and account = $3 and livemode = $4 and (claimed_at is null or claimed_at < now() - $5::interval) returning `+syncColumns,
		tx.Tenant, customer, account, livemode, syncLease))
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("claim a link: %w", err)
	}
	return &s, nil
}

// EndSync writes what came of a claim, and gives it back.
func (tx *Tx) EndSync(ctx context.Context, s CustomerSync) error {
	shared, err := json.Marshal(s.Shared)
	if err != nil {
		return fmt.Errorf("write a link: %w", err)
	}
	seen, err := json.Marshal(s.Seen)
	if err != nil {
		return fmt.Errorf("write a link: %w", err)
	}
	_, err = tx.Exec(ctx, `update stripe_customers set shared = $6, seen = $7, failure = $8, tries = 0, claimed_at = null, due_at = case when due_at > claimed_at then due_at end
		where tenant = $1 and customer_id = $2 and account = $3 and livemode = $4 and stripe_customer = $5`,
		tx.Tenant, s.CustomerID, s.Account, s.Livemode, s.StripeCustomer, shared, seen, s.Failure)
	if err != nil {
		return fmt.Errorf("write a link: %w", err)
	}
	return nil
}

// PutOffSync gives a claim back and has the link looked at again after a while: at once,
// and as if for the first time, where something was changed since. A claim that somebody
// else has meanwhile is left to him.
func (tx *Tx) PutOffSync(ctx context.Context, s CustomerSync, wait time.Duration, failure string) error {
	_, err := tx.Exec(ctx, `update stripe_customers set claimed_at = null,
			tries = case when due_at > claimed_at then tries else tries + 1 end,
			failure = case when due_at > claimed_at then failure else $6 end,
			due_at = case when due_at > claimed_at then due_at else clock_timestamp() + $7::interval end
		where tenant = $1 and customer_id = $2 and account = $3 and livemode = $4 and stripe_customer = $5 and claimed_at = $8`,
		tx.Tenant, s.CustomerID, s.Account, s.Livemode, s.StripeCustomer, failure, wait, s.ClaimedAt)
	if err != nil {
		return fmt.Errorf("put a link off: %w", err)
	}
	return nil
}

// SyncHeld reads a link that somebody has claimed, under the customer's lock, nil where
// it is his no more: linked elsewhere, claimed by another, or claimed so long ago that
// what he begins now might outlast the claim.
func (tx *Tx) SyncHeld(ctx context.Context, claim CustomerSync) (*CustomerSync, error) {
	if err := tx.LockCustomer(ctx, claim.CustomerID); err != nil {
		return nil, err
	}
	s, err := scanSync(tx.QueryRow(ctx, "select "+syncColumns+` from stripe_customers
		where tenant = $1 and customer_id = $2 and account = $3 and livemode = $4 and stripe_customer = $5 and claimed_at = $6 and claimed_at > clock_timestamp() - $7::interval`,
		tx.Tenant, claim.CustomerID, claim.Account, claim.Livemode, claim.StripeCustomer, claim.ClaimedAt, syncLease/3))
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a claim: %w", err)
	}
	return &s, nil
}

// Syncing reports that somebody is at work on a customer's link at this moment.
func (tx *Tx) Syncing(ctx context.Context, customer uuid.UUID, account string, livemode bool) (is bool, err error) {
	err = tx.QueryRow(ctx, `select exists (select 1 from stripe_customers
		where tenant = $1 and customer_id = $2 and account = $3 and livemode = $4 and claimed_at >= clock_timestamp() - $5::interval)`, tx.Tenant, customer, account, livemode, syncLease).Scan(&is)
	if err != nil {
		return false, fmt.Errorf("look for a claim: %w", err)
	}
	return is, nil
}

// SaveShared writes what both have the same of, or what is to be sent anew, and has it
// sent.
func (tx *Tx) SaveShared(ctx context.Context, s CustomerSync) error {
	shared, err := json.Marshal(s.Shared)
	if err != nil {
		return fmt.Errorf("write a link: %w", err)
	}
	_, err = tx.Exec(ctx, `update stripe_customers set shared = $5, version = version + 1, tries = 0, failure = '', due_at = clock_timestamp()
		where tenant = $1 and customer_id = $2 and account = $3 and livemode = $4`, tx.Tenant, s.CustomerID, s.Account, s.Livemode, shared)
	if err != nil {
		return fmt.Errorf("write a link: %w", err)
	}
	return nil
}

// contactChanged has a change of what Stripe keeps too sent there, wherever the
// customer is linked. before is what both had where nothing was compared yet.
func (tx *Tx) contactChanged(ctx context.Context, customer uuid.UUID, before remit.Contact) error {
	shared, err := json.Marshal(before)
	if err != nil {
		return fmt.Errorf("write a link: %w", err)
	}
	_, err = tx.Exec(ctx, `update stripe_customers set shared = coalesce(shared, $3), version = version + 1, tries = 0, failure = '', due_at = clock_timestamp()
		where tenant = $1 and customer_id = $2`, tx.Tenant, customer, shared)
	if err != nil {
		return fmt.Errorf("have a change sent to Stripe: %w", err)
	}
	return nil
}

// TakeContact writes parts that came from Stripe; nothing of it is sent back.
func (tx *Tx) TakeContact(ctx context.Context, c remit.Customer) error {
	return tx.writeCustomer(ctx, c)
}
