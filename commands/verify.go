package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// VerifyReport is what [Commands.Verify] has looked at and what does not fit.
type VerifyReport struct {
	Tenants      int
	Invoices     int
	AuditEntries int64
	Wrong        []string // one sentence each, naming tenant and object
}

// verifyPage is how many invoices are looked at in one transaction.
const verifyPage = 100

// Verify recomputes what is stored from what it follows from: the hash chains
// of audit trails and timelines, each invoice's balance from the ledger, its
// status from its facts. It changes nothing and needs no permission: it is for
// the operator.
func (c *Commands) Verify(ctx context.Context) (VerifyReport, error) {
	var report VerifyReport
	tenants, err := c.DB.Tenants(ctx)
	if err != nil {
		return report, err
	}
	for _, tenant := range tenants {
		report.Tenants++
		if err := c.verifyTenant(ctx, tenant, &report); err != nil {
			return report, fmt.Errorf("verify tenant %s: %w", tenant, err)
		}
	}
	return report, nil
}

func (c *Commands) verifyTenant(ctx context.Context, tenant uuid.UUID, report *VerifyReport) error {
	var path string
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		if path, err = tx.TenantPath(ctx); err != nil {
			return err
		}
		entries, err := tx.VerifyAudit(ctx)
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
	for after := uuid.Nil; ; {
		var ids []uuid.UUID
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
			if ids, err = tx.InvoiceIDs(ctx, after, verifyPage); err != nil {
				return err
			}
			for _, id := range ids {
				wrong, err := tx.VerifyInvoice(ctx, id)
				if remit.IsCode(err, remit.CodeNotFound) {
					continue
				}
				if err != nil {
					return err
				}
				for _, what := range wrong {
					report.Wrong = append(report.Wrong, fmt.Sprintf("%s: invoice %s: %s.", path, id, what))
				}
			}
			return nil
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		report.Invoices += len(ids)
		after = ids[len(ids)-1]
	}
}
