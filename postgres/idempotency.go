package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// How long a request key counts, in real time.
const (
	// RequestKeyLife is how long a key stands for its first answer.
	RequestKeyLife = 24 * time.Hour
	// RequestKeyLease is how long a request may run under its key. A process
	// that died meanwhile blocks the key no longer than that.
	RequestKeyLease = 2 * time.Minute
)

// RequestKey is an Idempotency-Key where it was used.
type RequestKey struct {
	Caller string // who asks
	Path   string
	Key    string
}

// RequestKeyState is what taking a key came to. Exactly one of Taken, Differs,
// Running and Answer != nil holds.
type RequestKeyState struct {
	Taken   *time.Time // the caller runs the request, under the lease taken then
	Asked   uuid.UUID  // with Taken: names what is asked, the same again where a process died over it
	Differs bool       // the key stands for another body
	Running bool       // somebody runs it
	Answer  []byte     // sealed: what was answered
}

// TakeRequestKey begins a request under its key, or says why not, in one round
// trip. Fingerprints are the body's under every key of ours not yet retired, the
// newest first.
func (db *DB) TakeRequestKey(ctx context.Context, k RequestKey, fingerprints [][]byte) (RequestKeyState, error) {
	var taken, same bool
	var since time.Time
	var asked uuid.UUID
	var answer []byte
	err := db.pool.QueryRow(ctx, `with taken as (
			insert into idempotency_keys as k (caller, path, key, fingerprint) values ($1, $2, $3, $4)
			on conflict (caller, path, key) do update
				set fingerprint = excluded.fingerprint, status = null, answer = null, created_at = now(),
					request_id = case when k.created_at < now() - $6::interval then gen_random_uuid() else k.request_id end
				where k.created_at < now() - $6::interval
				or k.status is null and k.created_at < now() - $7::interval and k.fingerprint = any($5::bytea[])
			returning created_at, request_id
		)
		select true, true, created_at, request_id, null::bytea from taken
		union all
		select false, fingerprint = any($5::bytea[]), created_at, request_id, answer from idempotency_keys
		where caller = $1 and path = $2 and key = $3 and not exists (select from taken)`,
		k.Caller, k.Path, k.Key, fingerprints[0], fingerprints, RequestKeyLife, RequestKeyLease).Scan(&taken, &same, &since, &asked, &answer)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		// Another transaction's row, committed after this statement began.
		return RequestKeyState{Running: true}, nil
	case err != nil:
		return RequestKeyState{}, fmt.Errorf("take the request key: %w", err)
	case taken:
		return RequestKeyState{Taken: &since, Asked: asked}, nil
	case !same:
		return RequestKeyState{Differs: true}, nil
	case answer == nil:
		return RequestKeyState{Running: true}, nil
	default:
		return RequestKeyState{Answer: answer}, nil
	}
}

// KeepAnswer stores a request's answer under its key, if the lease taken then
// is still the caller's. Some keys that count no more are swept up, so that the
// table does not grow.
func (db *DB) KeepAnswer(ctx context.Context, k RequestKey, taken time.Time, status int, sealed []byte) error {
	_, err := db.pool.Exec(ctx, `with swept as (
			delete from idempotency_keys where ctid in
				(select ctid from idempotency_keys where created_at < now() - $7::interval limit 100 for update skip locked)
		)
		update idempotency_keys set status = $5, answer = $6
		where caller = $1 and path = $2 and key = $3 and created_at = $4 and status is null`,
		k.Caller, k.Path, k.Key, taken, status, sealed, RequestKeyLife)
	if err != nil {
		return fmt.Errorf("keep the answer: %w", err)
	}
	return nil
}

// ReleaseRequestKey frees a key whose request was refused, if the lease taken
// then is still the caller's: sent again it is a new request.
func (db *DB) ReleaseRequestKey(ctx context.Context, k RequestKey, taken time.Time) error {
	_, err := db.pool.Exec(ctx, `delete from idempotency_keys
		where caller = $1 and path = $2 and key = $3 and created_at = $4 and status is null`, k.Caller, k.Path, k.Key, taken)
	if err != nil {
		return fmt.Errorf("release the request key: %w", err)
	}
	return nil
}

// YieldRequestKey ends the lease of a key whose request failed without an
// answer: it may have done anything, so sent again it is the same request.
func (db *DB) YieldRequestKey(ctx context.Context, k RequestKey, taken time.Time) error {
	_, err := db.pool.Exec(ctx, `update idempotency_keys set created_at = created_at - $5::interval
		where caller = $1 and path = $2 and key = $3 and created_at = $4 and status is null`, k.Caller, k.Path, k.Key, taken, RequestKeyLease)
	if err != nil {
		return fmt.Errorf("yield the request key: %w", err)
	}
	return nil
}
