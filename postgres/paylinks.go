package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
)

// LinkVersion is the version of an invoice's public link.
func (tx *Tx) LinkVersion(ctx context.Context, invoice uuid.UUID) (int, error) {
	var version int
	err := tx.QueryRow(ctx, "select link_version from invoices where tenant = $1 and id = $2", tx.Tenant, invoice).Scan(&version)
	if isNoRows(err) {
		return 0, remit.NotFound()
	}
	if err != nil {
		return 0, fmt.Errorf("read a link's version: %w", err)
	}
	return version, nil
}

// ResetLink makes the links of an invoice that are out worthless.
func (tx *Tx) ResetLink(ctx context.Context, l *LockedInvoice) error {
	err := tx.QueryRow(ctx, "update invoices set link_version = link_version + 1 where tenant = $1 and id = $2 returning link_version",
		tx.Tenant, l.ID).Scan(&l.LinkVersion)
	if err != nil {
		return fmt.Errorf("reset a link: %w", err)
	}
	return nil
}

// LinkCheckouts counts the checkouts that were asked for by an invoice's public
// link since a moment of real time.
func (tx *Tx) LinkCheckouts(ctx context.Context, invoice uuid.UUID, since time.Time) (int, error) {
	var n int
	err := tx.QueryRow(ctx, `select (select count(*) from invoice_requests
		where tenant = $1 and invoice_id = $2 and kind = 'checkout' and actor->>'kind' = 'link' and created_at > $3)
		+ (select count(*) from setup_sessions where tenant = $1 and invoice_id = $2 and actor->>'kind' = 'link' and created_at > $3)`, tx.Tenant, invoice, since).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count a link's checkouts: %w", err)
	}
	return n, nil
}

// ZoneOf is an organisation's time zone.
func (tx *Tx) ZoneOf(ctx context.Context, organisation uuid.UUID) (*time.Location, error) {
	var name string
	if err := tx.QueryRow(ctx, "select time_zone from organisations where tenant = $1 and id = $2", tx.Tenant, organisation).Scan(&name); err != nil {
		return nil, fmt.Errorf("read a time zone: %w", err)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: %w", name, err)
	}
	return zone, nil
}
