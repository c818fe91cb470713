package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// AuditFilter narrows the audit trail; zero fields do not narrow.
type AuditFilter struct {
	Organisation string // whose trail; see the rule of ?organisation
	Actor        string // id of an account
	Who          string // part of the actor's name or e-mail address, in any case
	Action       string // how it begins
	Object       string // part of it, in any case
}

// Audit lists who did what, newest first. With admin=audit at the top-level
// organisation everything is seen, with it below what was done there.
func (c *Commands) Audit(ctx context.Context, caller Caller, filter AuditFilter, page Page) (List[remit.AuditEntry], error) {
	var list List[remit.AuditEntry]
	member, err := tenantOf(caller, filter.Organisation)
	if err != nil {
		return list, err
	}
	units, err := c.unitsOrRefuse(ctx, caller, member, remit.AdminAudit)
	if err != nil {
		return list, err
	}
	query := postgres.AuditQuery{Units: units, Actor: filter.Actor, Who: filter.Who, Action: filter.Action, Object: filter.Object}
	query.Limit = page.limit() + 1
	after, _, err := page.after()
	if err != nil {
		return list, err
	}
	if after != "" {
		if query.Before, err = strconv.ParseInt(after, 10, 64); err != nil || query.Before < 1 {
			return list, malformed("after", "This cursor is not one of ours.")
		}
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		list.Items, err = tx.ListAudit(ctx, query)
		return err
	})
	if err != nil {
		return list, err
	}
	return cut(list.Items, page.limit(), func(e remit.AuditEntry) (string, uuid.UUID) { return strconv.FormatInt(e.Seq, 10), uuid.Nil }), nil
}

// VerifyAudit checks a tenant's whole audit trail and returns how many entries
// it has. The error is [postgres.ErrAuditBroken], naming the entry, where it is
// not what was written. It is for the operator and asks for no permission.
func (c *Commands) VerifyAudit(ctx context.Context, tenant uuid.UUID) (entries int64, err error) {
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		entries, err = tx.VerifyAudit(ctx, nil)
		return err
	})
	return entries, err
}

// entry begins an audit entry about something the caller does: the action, what
// it is done to, and the organisation's path it is done at.
func (c Caller) entry(action, object, path string) *remit.AuditEntry {
	return &remit.AuditEntry{
		Actor: c.Actor(), Token: c.Token, Address: c.Address, RequestID: c.RequestID,
		Action: action, Object: object, Path: path, Outcome: remit.AuditDone,
	}
}

// changing says what a change was. Before and after hold no secrets; nil stands
// for what was not there.
func changing(e *remit.AuditEntry, before, after any) *remit.AuditEntry {
	change := map[string]any{}
	if before != nil {
		change["before"] = before
	}
	if after != nil {
		change["after"] = after
	}
	text, err := json.Marshal(change)
	if err != nil { // only a value that JSON has no form for
		text = []byte(`{"error":"the change could not be written"}`)
	}
	e.Change = text
	return e
}

// audit appends to the tenant's trail within the transaction of the change.
func (c *Commands) audit(ctx context.Context, tx *postgres.Tx, e *remit.AuditEntry) error {
	e.At = c.Now()
	return tx.AppendAudit(ctx, e)
}

// auditAlone appends what changed nothing, in a transaction of its own.
func (c *Commands) auditAlone(ctx context.Context, tenant uuid.UUID, e *remit.AuditEntry) error {
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error { return c.audit(ctx, tx, e) })
	if err != nil {
		return fmt.Errorf("record %s: %w", e.Action, err)
	}
	return nil
}
