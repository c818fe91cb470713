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

const paymentColumns = `id, invoice_id, customer_id, source, account, livemode, stripe_customer, currency, coalesce(payment_intent, ''), intent_amount,
	intent_fee, intent_closed, charge, amount, surcharge, application_fee, amount_captured, amount_refunded, state, reference, settled_by_hand, created_at, settled_at`

func scanPayment(row pgx.Row) (p remit.Payment, err error) {
	return p, row.Scan(&p.ID, &p.InvoiceID, &p.CustomerID, &p.Source, &p.Account, &p.Livemode, &p.StripeCustomer, &p.Currency, &p.PaymentIntent, &p.IntentAmount,
		&p.IntentFee, &p.IntentClosed, &p.Charge, &p.Amount, &p.Surcharge, &p.ApplicationFee, &p.AmountCaptured, &p.AmountRefunded, &p.State, &p.Reference, &p.ByHand, &p.CreatedAt, &p.SettledAt)
}

// Payment reads a payment without its attempts.
func (tx *Tx) Payment(ctx context.Context, id uuid.UUID) (remit.Payment, error) {
	p, err := scanPayment(tx.QueryRow(ctx, "select "+paymentColumns+" from payments where tenant = $1 and id = $2", tx.Tenant, id))
	if isNoRows(err) {
		return remit.Payment{}, remit.NotFound()
	}
	if err != nil {
		return remit.Payment{}, fmt.Errorf("read a payment: %w", err)
	}
	return p, nil
}

// PaymentByIntent finds the payment that owns an intent, or nil.
func (tx *Tx) PaymentByIntent(ctx context.Context, account, intent string) (*remit.Payment, error) {
	p, err := scanPayment(tx.QueryRow(ctx, "select "+paymentColumns+" from payments where tenant = $1 and account = $2 and payment_intent = $3", tx.Tenant, account, intent))
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a payment by its intent: %w", err)
	}
	return &p, nil
}

// Payments reads an invoice's payments with their attempts and whether a bank
// took them back, oldest first.
func (tx *Tx) Payments(ctx context.Context, invoice uuid.UUID) ([]remit.Payment, error) {
	rows, err := tx.Query(ctx, "select "+paymentColumns+" from payments where tenant = $1 and invoice_id = $2 order by created_at, id", tx.Tenant, invoice)
	if err != nil {
		return nil, fmt.Errorf("read payments: %w", err)
	}
	payments, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.Payment, error) { return scanPayment(row) })
	if err != nil {
		return nil, fmt.Errorf("read payments: %w", err)
	}
	attempts, err := tx.queryAttempts(ctx, "invoice_id = $2", invoice)
	if err != nil {
		return nil, err
	}
	disputes, err := tx.Disputes(ctx, invoice)
	if err != nil {
		return nil, err
	}
	for n := range payments {
		for _, a := range attempts {
			if a.PaymentID == payments[n].ID {
				payments[n].Attempts = append(payments[n].Attempts, a)
			}
		}
		payments[n].Contest(disputes)
	}
	return payments, nil
}

// InsertPayment adds a payment.
func (tx *Tx) InsertPayment(ctx context.Context, p remit.Payment) error {
	_, err := tx.Exec(ctx, `insert into payments (tenant, id, invoice_id, customer_id, source, account, livemode, stripe_customer, currency, payment_intent,
		intent_amount, intent_closed, charge, amount, surcharge, amount_captured, state, reference, created_at, settled_at, intent_fee, application_fee)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,nullif($10,''),$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22)`,
		tx.Tenant, p.ID, p.InvoiceID, p.CustomerID, p.Source, p.Account, p.Livemode, p.StripeCustomer, p.Currency, p.PaymentIntent,
		p.IntentAmount, p.IntentClosed, p.Charge, p.Amount, p.Surcharge, p.AmountCaptured, p.State, p.Reference, p.CreatedAt, p.SettledAt, p.IntentFee, p.ApplicationFee)
	if err != nil {
		return fmt.Errorf("insert a payment: %w", err)
	}
	return nil
}

// SavePayment writes what can change of a payment. Its intent, once stored, is
// never replaced by another.
func (tx *Tx) SavePayment(ctx context.Context, p remit.Payment) error {
	tag, err := tx.Exec(ctx, `update payments set payment_intent = nullif($3,''), intent_amount = $4, intent_closed = $5, charge = $6, amount = $7, surcharge = $8,
		amount_captured = $9, state = $10, settled_at = $11, stripe_customer = $12, settled_by_hand = $13,
		intent_fee = $14, application_fee = $15
		where tenant = $1 and id = $2 and (payment_intent is null or payment_intent = $3)`,
		tx.Tenant, p.ID, p.PaymentIntent, p.IntentAmount, p.IntentClosed, p.Charge, p.Amount, p.Surcharge, p.AmountCaptured, p.State, p.SettledAt, p.StripeCustomer, p.ByHand,
		p.IntentFee, p.ApplicationFee)
	if err != nil {
		return fmt.Errorf("save a payment: %w", err)
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("payment %s already owns another intent", p.ID)
	}
	return nil
}

// OwnIntent stores a payment's intent and nothing else of it. An intent that is
// stored is never replaced by another.
func (tx *Tx) OwnIntent(ctx context.Context, payment uuid.UUID, intent string) error {
	var account string
	var invoice uuid.UUID
	err := tx.QueryRow(ctx, `update payments set payment_intent = $3 where tenant = $1 and id = $2 and (payment_intent is null or payment_intent = $3)
		returning account, invoice_id`, tx.Tenant, payment, intent).Scan(&account, &invoice)
	if isNoRows(err) {
		return fmt.Errorf("payment %s already owns another intent", payment)
	}
	if err != nil {
		return fmt.Errorf("store a payment's intent: %w", err)
	}
	return tx.ReviveEvents(ctx, account, intent, invoice)
}

const attemptColumns = `id, invoice_id, payment_id, request_id, number, kind, state, amount, surcharge, payment_method_id, method, charge_before, confirm_at, charge,
	coalesce(stripe_session, ''), session_params, session_url, expires_at, next_action, decline, polls, actor, created_at, since, ended_at, unknown_since, look_since`

func scanAttempt(row pgx.Row) (a remit.Attempt, err error) {
	var method, decline, actor []byte
	err = row.Scan(&a.ID, &a.InvoiceID, &a.PaymentID, &a.RequestID, &a.Number, &a.Kind, &a.State, &a.Amount, &a.Surcharge, &a.PaymentMethodID, &method, &a.ChargeBefore,
		&a.ConfirmAt, &a.Charge, &a.StripeSession, &a.SessionParams, &a.SessionURL, &a.ExpiresAt, &a.NextAction, &decline, &a.Polls, &actor, &a.CreatedAt, &a.Since, &a.EndedAt, &a.UnknownSince, &a.LookSince)
	if err != nil {
		return a, err
	}
	for _, column := range []struct {
		raw  []byte
		into any
	}{{method, &a.Method}, {decline, &a.Decline}, {actor, &a.Actor}} {
		if len(column.raw) > 0 {
			if err := json.Unmarshal(column.raw, column.into); err != nil {
				return a, fmt.Errorf("read an attempt: %w", err)
			}
		}
	}
	return a, nil
}

func (tx *Tx) queryAttempts(ctx context.Context, where string, args ...any) ([]remit.Attempt, error) {
	rows, err := tx.Query(ctx, "select "+attemptColumns+" from attempts where tenant = $1 and "+where+" order by number", append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read attempts: %w", err)
	}
	attempts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.Attempt, error) { return scanAttempt(row) })
	if err != nil {
		return nil, fmt.Errorf("read attempts: %w", err)
	}
	return attempts, nil
}

// Attempt reads one attempt.
func (tx *Tx) Attempt(ctx context.Context, id uuid.UUID) (remit.Attempt, error) {
	return tx.oneAttempt(ctx, "id = $2", id)
}

// LastAttempt reads a payment's latest attempt.
func (tx *Tx) LastAttempt(ctx context.Context, payment uuid.UUID) (remit.Attempt, error) {
	attempts, err := tx.queryAttempts(ctx, "payment_id = $2", payment)
	if err != nil {
		return remit.Attempt{}, err
	}
	if len(attempts) == 0 {
		return remit.Attempt{}, remit.NotFound()
	}
	return attempts[len(attempts)-1], nil
}

// AttemptOfRequest finds the attempt a request started, or nil.
func (tx *Tx) AttemptOfRequest(ctx context.Context, request uuid.UUID) (*remit.Attempt, error) {
	a, err := tx.oneAttempt(ctx, "request_id = $2", request)
	if remit.IsCode(err, remit.CodeNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &a, nil
}

// AttemptOfSession finds the attempt a Checkout Session belongs to.
func (tx *Tx) AttemptOfSession(ctx context.Context, session string) (remit.Attempt, error) {
	return tx.oneAttempt(ctx, "stripe_session = $2", session)
}

func (tx *Tx) oneAttempt(ctx context.Context, where string, arg any) (remit.Attempt, error) {
	attempts, err := tx.queryAttempts(ctx, where, arg)
	if err != nil {
		return remit.Attempt{}, err
	}
	if len(attempts) == 0 {
		return remit.Attempt{}, remit.NotFound()
	}
	return attempts[0], nil
}

// LiveAttempt reads an invoice's one live attempt, or nil.
func (tx *Tx) LiveAttempt(ctx context.Context, invoice uuid.UUID) (*remit.Attempt, error) {
	attempts, err := tx.queryAttempts(ctx, "invoice_id = $2 and state in ('created', 'requires_action', 'processing', 'confirming')", invoice)
	if err != nil || len(attempts) == 0 {
		return nil, err
	}
	return &attempts[0], nil
}

// InsertAttempt adds an attempt with the next number of its invoice, counted
// from the recorded ones. The database refuses a second live one.
func (tx *Tx) InsertAttempt(ctx context.Context, l *LockedInvoice, a *remit.Attempt) error {
	method, actor, err := attemptJSON(a)
	if err != nil {
		return err
	}
	err = tx.QueryRow(ctx, `insert into attempts (tenant, id, invoice_id, payment_id, request_id, number, kind, state, amount, surcharge, payment_method_id, method,
		session_params, expires_at, actor, created_at, since)
		select $1,$2,$3,$4,$5, coalesce(max(number), 0) + 1, $6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$15 from attempts where tenant = $1 and invoice_id = $3
		returning number`,
		tx.Tenant, a.ID, a.InvoiceID, a.PaymentID, a.RequestID, a.Kind, a.State, a.Amount, a.Surcharge, a.PaymentMethodID, method,
		a.SessionParams, a.ExpiresAt, actor, a.CreatedAt).Scan(&a.Number)
	if err != nil {
		return fmt.Errorf("insert an attempt: %w", err)
	}
	a.Since = a.CreatedAt
	l.Live = a
	l.InFlight = &remit.InFlight{Attempt: a.Number, Kind: a.Kind, State: a.State, Since: a.Since}
	return nil
}

// SaveAttempt writes what can change of an attempt. The database refuses a
// state that steps down.
func (tx *Tx) SaveAttempt(ctx context.Context, l *LockedInvoice, a *remit.Attempt) error {
	var decline []byte
	var err error
	if a.Decline != nil {
		if decline, err = json.Marshal(a.Decline); err != nil {
			return fmt.Errorf("write a decline: %w", err)
		}
	}
	method, _, err := attemptJSON(a)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update attempts set state = $3, charge_before = $4, confirm_at = $5, charge = $6, stripe_session = nullif($7,''), session_url = $8,
		expires_at = $9, next_action = $10, decline = $11, polls = $12, since = $13, ended_at = $14, method = $15, session_params = $16, unknown_since = $17, look_since = $18 where tenant = $1 and id = $2`,
		tx.Tenant, a.ID, a.State, a.ChargeBefore, a.ConfirmAt, a.Charge, a.StripeSession, a.SessionURL,
		a.ExpiresAt, a.NextAction, decline, a.Polls, a.Since, a.EndedAt, method, a.SessionParams, a.UnknownSince, a.LookSince)
	if err != nil {
		return fmt.Errorf("save an attempt: %w", err)
	}
	if a.State.Live() {
		l.Live = a
		l.InFlight = &remit.InFlight{Attempt: a.Number, Kind: a.Kind, State: a.State, Since: a.Since}
	} else if l.Live != nil && l.Live.ID == a.ID {
		l.Live, l.InFlight = nil, nil
	}
	return nil
}

// RememberSession notes which tenant a Checkout Session belongs to, for the way
// back from Stripe's page.
func (tx *Tx) RememberSession(ctx context.Context, session string) error {
	_, err := tx.Exec(ctx, "insert into checkout_directory (stripe_session, tenant) values ($1, $2) on conflict do nothing", session, tx.Tenant)
	if err != nil {
		return fmt.Errorf("remember a session: %w", err)
	}
	return nil
}

// TenantOfSession finds the tenant of a Checkout Session.
func (db *DB) TenantOfSession(ctx context.Context, session string) (uuid.UUID, error) {
	var tenant uuid.UUID
	err := db.pool.QueryRow(ctx, "select tenant from checkout_directory where stripe_session = $1", session).Scan(&tenant)
	if isNoRows(err) {
		return uuid.Nil, remit.NotFound()
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("find a session: %w", err)
	}
	return tenant, nil
}

func attemptJSON(a *remit.Attempt) (method, actor []byte, err error) {
	if a.Method != nil {
		if method, err = json.Marshal(a.Method); err != nil {
			return nil, nil, fmt.Errorf("write a method: %w", err)
		}
	}
	if actor, err = json.Marshal(a.Actor); err != nil {
		return nil, nil, fmt.Errorf("write an actor: %w", err)
	}
	return method, actor, nil
}

// StoredRequest is a row of invoice_requests.
type StoredRequest struct {
	ID        uuid.UUID
	InvoiceID uuid.UUID
	Kind      remit.RequestKind
	Payload   json.RawMessage
	Actor     remit.Actor
	Result    *remit.RequestResult
	CreatedAt time.Time
}

// NewRequest is a request that is not stored yet.
func NewRequest(id, invoice uuid.UUID, kind remit.RequestKind, payload any, actor remit.Actor) (StoredRequest, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return StoredRequest{}, fmt.Errorf("write a request: %w", err)
	}
	return StoredRequest{ID: id, InvoiceID: invoice, Kind: kind, Payload: raw, Actor: actor}, nil
}

// InsertRequest stores what a person asks of an invoice.
func (tx *Tx) InsertRequest(ctx context.Context, r StoredRequest) error {
	actor, err := json.Marshal(r.Actor)
	if err != nil {
		return fmt.Errorf("write an actor: %w", err)
	}
	_, err = tx.Exec(ctx, "insert into invoice_requests (tenant, id, invoice_id, kind, payload, actor) values ($1,$2,$3,$4,$5,$6)",
		tx.Tenant, r.ID, r.InvoiceID, r.Kind, r.Payload, actor)
	if err != nil {
		return fmt.Errorf("insert a request: %w", err)
	}
	return nil
}

// Request reads a request of an invoice. There is none for a forged id.
func (tx *Tx) Request(ctx context.Context, invoice, id uuid.UUID) (StoredRequest, error) {
	var r StoredRequest
	var actor, result []byte
	err := tx.QueryRow(ctx, "select id, invoice_id, kind, payload, actor, result, created_at from invoice_requests where tenant = $1 and invoice_id = $2 and id = $3",
		tx.Tenant, invoice, id).Scan(&r.ID, &r.InvoiceID, &r.Kind, &r.Payload, &actor, &result, &r.CreatedAt)
	if isNoRows(err) {
		return StoredRequest{}, remit.NotFound()
	}
	if err != nil {
		return StoredRequest{}, fmt.Errorf("read a request: %w", err)
	}
	if err := json.Unmarshal(actor, &r.Actor); err != nil {
		return StoredRequest{}, fmt.Errorf("read a request's actor: %w", err)
	}
	if result != nil {
		if err := json.Unmarshal(result, &r.Result); err != nil {
			return StoredRequest{}, fmt.Errorf("read a request's result: %w", err)
		}
	}
	return r, nil
}

// EndRequest records a request's result, the first one for good.
func (tx *Tx) EndRequest(ctx context.Context, id uuid.UUID, result remit.RequestResult) error {
	raw, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("write a request's result: %w", err)
	}
	_, err = tx.Exec(ctx, "update invoice_requests set result = $3, done_at = now() where tenant = $1 and id = $2 and done_at is null", tx.Tenant, id, raw)
	if err != nil {
		return fmt.Errorf("end a request: %w", err)
	}
	return nil
}

// LiveRequest reads the request whose attempt is live for an invoice, or nil.
func (tx *Tx) LiveRequest(ctx context.Context, invoice uuid.UUID) (*StoredRequest, error) {
	var id uuid.UUID
	err := tx.QueryRow(ctx, `select request_id from attempts where tenant = $1 and invoice_id = $2 and state in ('created', 'requires_action', 'processing', 'confirming')`,
		tx.Tenant, invoice).Scan(&id)
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the live attempt's request: %w", err)
	}
	r, err := tx.Request(ctx, invoice, id)
	return &r, err
}

// InvoiceOfRequest finds which invoice a request asks something of, or uuid.Nil.
func (tx *Tx) InvoiceOfRequest(ctx context.Context, id uuid.UUID) (uuid.UUID, error) {
	var invoice uuid.UUID
	err := tx.QueryRow(ctx, "select invoice_id from invoice_requests where tenant = $1 and id = $2", tx.Tenant, id).Scan(&invoice)
	if isNoRows(err) {
		return uuid.Nil, nil
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("read a request's invoice: %w", err)
	}
	return invoice, nil
}

// CameIn tells in which currency each payment of an invoice brought money in, as its
// entry of the ledger has it; one that brought none is not in it.
func (tx *Tx) CameIn(ctx context.Context, invoice uuid.UUID) (map[uuid.UUID]string, error) {
	rows, err := tx.Query(ctx, `select distinct e.payment_id, l.currency from ledger_entries e join ledger_lines l on l.tenant = e.tenant and l.entry_id = e.id
		where e.tenant = $1 and e.invoice_id = $2 and e.payment_id is not null and e.kind in ('payment', 'bank_transfer')`, tx.Tenant, invoice)
	if err != nil {
		return nil, fmt.Errorf("read what payments brought in: %w", err)
	}
	in := map[uuid.UUID]string{}
	var payment uuid.UUID
	var currency string
	if _, err = pgx.ForEachRow(rows, []any{&payment, &currency}, func() error { in[payment] = currency; return nil }); err != nil {
		return nil, fmt.Errorf("read what payments brought in: %w", err)
	}
	return in, nil
}
