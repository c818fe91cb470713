package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
	"remit/seals"
)

// VerifyReport is what [Commands.Verify] has looked at and what does not fit.
type VerifyReport struct {
	Tenants      int
	Invoices     int
	AuditEntries int64
	Seals        int      // of audit entries, kept outside the database
	Resumed      []string // what somebody let count no more, one sentence each
	Wrong        []string // one sentence each, naming tenant and object
}

// verifyPage is how many invoices are looked at in one transaction.
const verifyPage = 100

// Verify recomputes what is stored from what it follows from: the hash chains
// of audit trails and timelines, each invoice's balance from the ledger, its
// status from its facts, each invoice from what its timeline tells, what is sold of
// products from their orders, the periods of billing schedules from their terms, approvals
// from the attempts begun with them, and the audit trails with the seals of a book, if
// there is one. It changes nothing and needs no permission: it is for the operator.
func (c *Commands) Verify(ctx context.Context, book *seals.Book) (VerifyReport, error) {
	var report VerifyReport
	if book == nil {
		book = &seals.Book{}
	}
	report.Wrong = append(report.Wrong, book.Wrong...)
	for _, s := range book.Resumed {
		report.Resumed = append(report.Resumed, fmt.Sprintf("%s: at %s somebody went on without the entries that were sealed after %d: %s.",
			s.Organisation, s.At.Format(time.RFC3339), s.Resumed.After, s.Resumed.Reason))
	}
	tenants, err := c.DB.Tenants(ctx)
	if err != nil {
		return report, err
	}
	for _, tenant := range tenants {
		report.Tenants++
		if err := c.verifyTenant(ctx, tenant, book.Seals[tenant], &report); err != nil {
			return report, fmt.Errorf("verify tenant %s: %w", tenant, err)
		}
	}
	for tenant, list := range book.Seals {
		report.Seals += len(list)
		if !slices.Contains(tenants, tenant) {
			newest := list[len(list)-1]
			report.Wrong = append(report.Wrong, fmt.Sprintf("%s: the whole organisation is gone, and entry %d of its audit trail was sealed at %s.",
				newest.Organisation, newest.Seq, newest.At.Format(time.RFC3339)))
		}
	}
	return report, nil
}

func (c *Commands) verifyTenant(ctx context.Context, tenant uuid.UUID, sealed []remit.AuditSeal, report *VerifyReport) error {
	var path string
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		if path, err = tx.TenantPath(ctx); err != nil {
			return err
		}
		entries, err := tx.VerifyAudit(ctx, sealed)
		report.AuditEntries += entries
		if errors.Is(err, postgres.ErrAuditBroken) {
			report.Wrong = append(report.Wrong, fmt.Sprintf("%s: %s.", path, err))
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, verify := range []func(*postgres.Tx, context.Context) ([]string, error){(*postgres.Tx).VerifyStock, (*postgres.Tx).VerifyApprovals} {
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
			wrong, err := verify(tx, ctx)
			for _, what := range wrong {
				report.Wrong = append(report.Wrong, fmt.Sprintf("%s: %s.", path, what))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	schedules := verified{"billing schedule", (*postgres.Tx).BillingScheduleIDs, (*postgres.Tx).VerifyBilling}
	if _, err := c.verifyEach(ctx, tenant, path, schedules, report); err != nil {
		return err
	}
	invoices := verified{"invoice", (*postgres.Tx).InvoiceIDs, (*postgres.Tx).VerifyInvoice}
	n, err := c.verifyEach(ctx, tenant, path, invoices, report)
	report.Invoices += n
	return err
}

// verified is a kind of object that is looked at one by one.
type verified struct {
	name   string
	page   func(tx *postgres.Tx, ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error)
	verify func(tx *postgres.Tx, ctx context.Context, id uuid.UUID) ([]string, error)
}

func (c *Commands) verifyEach(ctx context.Context, tenant uuid.UUID, path string, of verified, report *VerifyReport) (n int, err error) {
	for after := uuid.Nil; ; {
		var ids []uuid.UUID
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
			if ids, err = of.page(tx, ctx, after, verifyPage); err != nil {
				return err
			}
			for _, id := range ids {
				wrong, err := of.verify(tx, ctx, id)
				if remit.IsCode(err, remit.CodeNotFound) {
					continue
				}
				if err != nil {
					return err
				}
				for _, what := range wrong {
					report.Wrong = append(report.Wrong, fmt.Sprintf("%s: %s %s: %s.", path, of.name, id, what))
				}
			}
			return nil
		})
		if err != nil || len(ids) == 0 {
			return n, err
		}
		n += len(ids)
		after = ids[len(ids)-1]
	}
}
