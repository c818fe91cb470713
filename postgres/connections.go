package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// SealedConnection is a connection with its keys as they are stored.
type SealedConnection struct {
	remit.Connection
	SecretKey     []byte
	WebhookSecret []byte
	// WoundDown says, of one that is disconnecting, that what was open is closed.
	WoundDown bool
}

const connectionColumns = `id, tenant, organisation_id, mode, account, livemode, status, charges_enabled, payouts_enabled, ach_debits, country, default_currency, business_name, email,
	details_submitted, disabled_reason, requirements, deadline, fee_payer, loss_payer, publishable_key, webhook_endpoint, webhook_secret is not null, checked_at, created_at,
	disconnecting_since, disconnected_at, ended_by, keys_refused, wound_down, platform, secret_key, webhook_secret`

func scanConnection(row pgx.Row) (c SealedConnection, err error) {
	return c, row.Scan(&c.ID, &c.Tenant, &c.OrganisationID, &c.Mode, &c.Account, &c.Livemode, &c.Status, &c.ChargesEnabled, &c.PayoutsEnabled, &c.BankDebits, &c.Country, &c.DefaultCurrency,
		&c.BusinessName, &c.Email, &c.DetailsSubmitted, &c.DisabledReason, &c.Requirements, &c.Deadline, &c.FeePayer, &c.LossPayer, &c.PublishableKey, &c.WebhookEndpoint, &c.HasWebhookSecret,
		&c.CheckedAt, &c.CreatedAt, &c.DisconnectingSince, &c.DisconnectedAt, &c.EndedBy, &c.KeysRefused, &c.WoundDown, &c.PlatformAccount, &c.SecretKey, &c.WebhookSecret)
}

// LiveConnection reads the tenant's one connection in force, or nil.
func (tx *Tx) LiveConnection(ctx context.Context) (*SealedConnection, error) {
	return tx.connection(ctx, "disconnected_at is null order by created_at desc limit 1")
}

// UseConnection is [Tx.LiveConnection] for whoever starts an attempt through it:
// until the transaction ends the connection is not ended.
func (tx *Tx) UseConnection(ctx context.Context) (*SealedConnection, error) {
	return tx.connection(ctx, "disconnected_at is null order by created_at desc limit 1 for key share")
}

// EndingConnection is [Tx.LiveConnection] for whoever may end it: it waits for
// those who are starting attempts through it and keeps others from starting.
func (tx *Tx) EndingConnection(ctx context.Context) (*SealedConnection, error) {
	return tx.connection(ctx, "disconnected_at is null order by created_at desc limit 1 for update")
}

// Connection reads a connection, one that is no longer in force included.
func (tx *Tx) Connection(ctx context.Context, id uuid.UUID) (*SealedConnection, error) {
	return tx.connection(ctx, "id = $2", id)
}

// ConnectionOfAccount reads the latest connection to an account in a mode, in
// force or not: what was stored there is looked up there. Nil if none.
func (tx *Tx) ConnectionOfAccount(ctx context.Context, account string, livemode bool) (*SealedConnection, error) {
	return tx.connection(ctx, "account = $2 and livemode = $3 order by (disconnected_at is null) desc, created_at desc limit 1", account, livemode)
}

func (tx *Tx) connection(ctx context.Context, where string, args ...any) (*SealedConnection, error) {
	c, err := scanConnection(tx.QueryRow(ctx, "select "+connectionColumns+" from connections where tenant = $1 and "+where, append([]any{tx.Tenant}, args...)...))
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a connection: %w", err)
	}
	return &c, nil
}

// LockConnection is [Tx.Connection] for whoever changes it.
func (tx *Tx) LockConnection(ctx context.Context, id uuid.UUID) (*SealedConnection, error) {
	return tx.connection(ctx, "id = $2 for update", id)
}

// HoldConnectionOf is [Tx.ConnectionOfAccount] for whoever begins something at the
// account other than an attempt: until the transaction ends the connection is not
// ended.
func (tx *Tx) HoldConnectionOf(ctx context.Context, account string, livemode bool) (*SealedConnection, error) {
	return tx.connection(ctx, "account = $2 and livemode = $3 order by (disconnected_at is null) desc, created_at desc limit 1 for key share", account, livemode)
}

// LastConnection reads the connection that ended last, or nil.
func (tx *Tx) LastConnection(ctx context.Context) (*SealedConnection, error) {
	return tx.connection(ctx, "disconnected_at is not null order by disconnected_at desc limit 1")
}

// FormerConnection reads the latest connection of a mode that has ended, or nil.
func (tx *Tx) FormerConnection(ctx context.Context, mode remit.ConnectionMode) (*SealedConnection, error) {
	return tx.connection(ctx, "mode = $2 and disconnected_at is not null and account <> '' order by disconnected_at desc limit 1", mode)
}

// InsertConnection puts a connection in force at a top-level organisation. One
// in force there already must have been disconnected before.
func (tx *Tx) InsertConnection(ctx context.Context, c SealedConnection) error {
	batch := &pgx.Batch{}
	batch.Queue(`insert into connections (tenant, id, organisation_id, mode, account, livemode, status, created_at, platform) values ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
		tx.Tenant, c.ID, c.OrganisationID, c.Mode, c.Account, c.Livemode, c.Status, orNow(c.CreatedAt), c.PlatformAccount)
	batch.Queue("insert into connection_directory (id, tenant, account, livemode) values ($1, $2, $3, $4)", c.ID, tx.Tenant, c.Account, c.Livemode)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		if IsUnique(err, "connections_live") {
			return remit.Conflict(remit.CodeConflict, "This organisation is connected already.")
		}
		return fmt.Errorf("insert a connection: %w", err)
	}
	return tx.SaveConnection(ctx, c)
}

// SaveConnection writes what can change of a connection, its keys included.
func (tx *Tx) SaveConnection(ctx context.Context, c SealedConnection) error {
	c.CheckedAt = nil // who connects has just asked
	batch := &pgx.Batch{}
	batch.Queue("update connections set publishable_key = $3, secret_key = $4, webhook_secret = $5, webhook_endpoint = $6, disconnecting_since = $7, wound_down = $8 where tenant = $1 and id = $2",
		tx.Tenant, c.ID, c.PublishableKey, c.SecretKey, c.WebhookSecret, c.WebhookEndpoint, c.DisconnectingSince, c.WoundDown)
	queueDescription(batch, tx.Tenant, c)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("save a connection: %w", err)
	}
	return nil
}

// NameAccount notes the account that a connection is to, once Stripe has made it in a
// platform's name.
func (tx *Tx) NameAccount(ctx context.Context, id uuid.UUID, account, platform string) error {
	batch := &pgx.Batch{}
	batch.Queue("update connections set account = $3, platform = $4 where tenant = $1 and id = $2 and account = ''", tx.Tenant, id, account, platform)
	batch.Queue("update connection_directory set account = $3 where tenant = $1 and id = $2 and account = ''", tx.Tenant, id, account)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("name a connection's account: %w", err)
	}
	return nil
}

// NotePlatform notes the platform's own account, in whose name a connection's was
// reached.
func (tx *Tx) NotePlatform(ctx context.Context, id uuid.UUID, platform string) error {
	_, err := tx.Exec(ctx, "update connections set platform = $3 where tenant = $1 and id = $2", tx.Tenant, id, platform)
	if err != nil {
		return fmt.Errorf("note a connection's platform: %w", err)
	}
	return nil
}

// DescribeConnection writes what Stripe says of a connection's account, as of the time
// in it at which it was asked. Keys are
// not touched, nor is one that was ended meanwhile.
func (tx *Tx) DescribeConnection(ctx context.Context, c SealedConnection) error {
	batch := &pgx.Batch{}
	queueDescription(batch, tx.Tenant, c)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("describe a connection: %w", err)
	}
	return nil
}

func queueDescription(batch *pgx.Batch, tenant uuid.UUID, c SealedConnection) {
	if c.Requirements == nil {
		c.Requirements = []remit.Requirement{}
	}
	batch.Queue(`update connections set status = $3, charges_enabled = $4, payouts_enabled = $5, country = $6, default_currency = $7, business_name = $8, ach_debits = $9, email = $10,
		details_submitted = $11, disabled_reason = $12, requirements = $13, deadline = $14, fee_payer = $15, loss_payer = $16, keys_refused = $17, checked_at = coalesce($18, now())
		where tenant = $1 and id = $2 and disconnected_at is null`,
		tenant, c.ID, c.Status, c.ChargesEnabled, c.PayoutsEnabled, c.Country, c.DefaultCurrency, c.BusinessName, c.BankDebits, c.Email,
		c.DetailsSubmitted, c.DisabledReason, c.Requirements, c.Deadline, c.FeePayer, c.LossPayer, c.KeysRefused, c.CheckedAt)
}

func orNow(at time.Time) time.Time {
	if at.IsZero() {
		return time.Now()
	}
	return at
}

// Disconnect ends a connection. Its keys are kept, sealed, only while money
// that was started through it must still be followed; keep says so.
func (tx *Tx) Disconnect(ctx context.Context, id uuid.UUID, by remit.ConnectionEnd, keep bool) error {
	_, err := tx.Exec(ctx, `update connections set status = 'disconnected', disconnected_at = now(), ended_by = $4, charges_enabled = false, payouts_enabled = false,
		requirements = '[]', deadline = null, disabled_reason = '',
		secret_key = case when $3 then secret_key end, webhook_secret = case when $3 then webhook_secret end where tenant = $1 and id = $2 and disconnected_at is null`, tx.Tenant, id, keep, by)
	if err != nil {
		return fmt.Errorf("disconnect: %w", err)
	}
	return nil
}

// KeyRefused notes that Stripe refuses the key that was kept of a connection.
func (tx *Tx) KeyRefused(ctx context.Context, id uuid.UUID, at time.Time) error {
	return tx.noteKey(ctx, "$3", id, at)
}

// KeyTaken takes that note back.
func (tx *Tx) KeyTaken(ctx context.Context, id uuid.UUID) error { return tx.noteKey(ctx, "null", id) }

func (tx *Tx) noteKey(ctx context.Context, at string, id uuid.UUID, args ...any) error {
	_, err := tx.Exec(ctx, "update connections set keys_refused = "+at+" where tenant = $1 and id = $2 and disconnected_at is not null", append([]any{tx.Tenant, id}, args...)...)
	if err != nil {
		return fmt.Errorf("note whether a kept key is taken: %w", err)
	}
	return nil
}

// MoneyInFlight counts the live attempts at an account.
func (tx *Tx) MoneyInFlight(ctx context.Context, account string) (int, error) {
	var n int
	err := tx.QueryRow(ctx, `select count(*) from attempts a join payments p on p.tenant = a.tenant and p.id = a.payment_id
		where a.tenant = $1 and p.account = $2 and a.state in ('created', 'requires_action', 'processing', 'confirming')`, tx.Tenant, account).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count money in flight: %w", err)
	}
	return n, nil
}

// toFollow is what must still be followed, or closed, at a connection's account:
// live attempts, intents that are open while their invoice may be paid, refunds, and
// disputes that a bank has yet to decide.
const toFollow = ` exists (select 1 from payments p join invoices i on i.tenant = p.tenant and i.id = p.invoice_id
	where p.tenant = c.tenant and p.account = c.account and p.livemode = c.livemode and (
		exists (select 1 from attempts a where a.tenant = p.tenant and a.payment_id = p.id and a.state in ('created', 'requires_action', 'processing', 'confirming'))
		or p.payment_intent is not null and not p.intent_closed and i.status in ` + payable + `
		or exists (select 1 from refunds r where r.tenant = p.tenant and r.payment_id = p.id and r.state in ('requested', 'sent', 'pending', 'requires_action'))
		or exists (select 1 from disputes d where d.tenant = p.tenant and d.payment_id = p.id and (d.closed_at is null or d.wanted))))`

// payable are the statuses of invoices on which money may still come in.
const payable = "('open', 'processing', 'partially_paid', 'contested')"

// ToFollow reports whether something must still be followed at a connection's
// account, for which its keys are needed.
func (tx *Tx) ToFollow(ctx context.Context, connection uuid.UUID) (bool, error) {
	var some bool
	err := tx.QueryRow(ctx, "select"+toFollow+" from connections c where tenant = $1 and id = $2", tx.Tenant, connection).Scan(&some)
	if err != nil {
		return false, fmt.Errorf("look for money to follow: %w", err)
	}
	return some, nil
}

// DropKeys removes the keys of ended connections that nothing needs any more.
func (tx *Tx) DropKeys(ctx context.Context) error {
	_, err := tx.Exec(ctx, `update connections c set secret_key = null, webhook_secret = null
		where tenant = $1 and disconnected_at is not null and (secret_key is not null or webhook_secret is not null) and not`+toFollow, tx.Tenant)
	if err != nil {
		return fmt.Errorf("drop keys: %w", err)
	}
	return nil
}

// TenantOfConnection finds the tenant a webhook's connection belongs to.
func (db *DB) TenantOfConnection(ctx context.Context, id uuid.UUID) (uuid.UUID, error) {
	var tenant uuid.UUID
	err := db.pool.QueryRow(ctx, "select tenant from connection_directory where id = $1", id).Scan(&tenant)
	if isNoRows(err) {
		return uuid.Nil, remit.NotFound()
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("find a connection: %w", err)
	}
	return tenant, nil
}

// Hear fills in when Stripe last reported something of the connection's account,
// and since when charges were booked that it said nothing about.
func (tx *Tx) Hear(ctx context.Context, c *remit.Connection) error {
	err := tx.QueryRow(ctx, `with last as (select max(received_at) as at from stripe_events where tenant = $1 and account = $2)
		select last.at, (select min(e.booked_at) from ledger_entries e join payments p on p.tenant = e.tenant and p.id = e.payment_id
			where e.tenant = $1 and e.kind = 'payment' and p.account = $2 and e.booked_at > coalesce(last.at, '-infinity')) from last`, tx.Tenant, c.Account).
		Scan(&c.LastEventAt, &c.UnheardSince)
	if err != nil {
		return fmt.Errorf("read when Stripe last reported: %w", err)
	}
	return nil
}
