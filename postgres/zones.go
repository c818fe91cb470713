package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// zoneOf names the lock of the time zone of the organisation in a column: whoever may plan
// something by it holds the zone, and whoever changes it has it to himself.
func zoneOf(column string) string { return "hashtextextended('zone ' || " + column + "::text, 0)" }

// HoldZone has an organisation's time zone stay what it is until the transaction ends, in
// which something is planned by it: what is not committed yet would not be moved with a
// change of the zone. [Tx.LockInvoice] and [Tx.LockBillingSchedule] hold that of theirs.
// A transaction that inserts before holds it itself, first of all: a row that refers to its
// tenant keeps [Tx.LockTenant] waiting, and so whoever changes the zone.
func (tx *Tx) HoldZone(ctx context.Context, organisation uuid.UUID) error {
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock_shared("+zoneOf("$1")+")", organisation.String()); err != nil {
		return fmt.Errorf("hold a time zone: %w", err)
	}
	return nil
}

// LockZone waits for all who plan something by an organisation's time zone and keeps
// others from it until the transaction ends. It comes before every other lock of a
// transaction: those who hold the zone wait for such.
func (tx *Tx) LockZone(ctx context.Context, organisation uuid.UUID) error {
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock("+zoneOf("$1")+")", organisation.String()); err != nil {
		return fmt.Errorf("lock a time zone: %w", err)
	}
	return nil
}
