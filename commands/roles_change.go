package commands

import (
	"context"

	"github.com/google/uuid"

	"remit"
	"remit/policies"
	"remit/postgres"
)

// rightsChange is a change of who may do what in a tenant, planned but not yet
// written, so that it can be shown before it is made.
type rightsChange struct {
	scope remit.Scope       // what the caller needs
	path  string            // where he needs it
	next  policies.Snapshot // what will decide then
	given func() error      // refuses what the caller would give and does not hold; may be nil
	write func() error      // carries it out
	entry *remit.AuditEntry // for the audit trail
}

// rightsPlan decides on a change by the policy that holds while the tenant is
// locked.
type rightsPlan func(tx *postgres.Tx, snapshot policies.Snapshot, now *policies.Policy) (rightsChange, error)

// changeRights makes a change of who may do what. Changes of a tenant are made
// one after the other, and each is judged by what the one before has left: two
// administrators who remove each other at once do not both succeed. It is in
// force in this process when changeRights returns, and in the others within
// the time a notice takes. A refusal goes to the audit trail with what was
// tried.
func (c *Commands) changeRights(ctx context.Context, caller Caller, tenant uuid.UUID, plan rightsPlan) error {
	var tried *remit.AuditEntry
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if err := tx.LockTenant(ctx); err != nil {
			return err
		}
		decided, err := c.judge(ctx, tx, caller, plan)
		tried = decided.entry
		if err != nil {
			return err
		}
		if err := decided.write(); err != nil {
			return err
		}
		return c.audit(ctx, tx, decided.entry)
	})
	switch {
	case err == nil:
		c.Authority.Invalidate(tenant)
	case tried != nil && remit.IsCode(err, remit.CodeForbidden):
		tried.Outcome = remit.AuditDenied
		if failed := c.auditAlone(ctx, tenant, tried); failed != nil {
			c.Logger.ErrorContext(ctx, "a refusal was not recorded", "error", failed, "tenant", tenant, "action", tried.Action)
		}
	}
	return err
}

// judged is a change that may be made, with the policies on both sides of it.
type judged struct {
	rightsChange
	snapshot      policies.Snapshot
	before, after *policies.Policy
}

// judge plans a change and refuses one that must not be. That there would be
// no administrator left is said before anything else: of two who remove each
// other the second has, by then, lost the permission as well.
func (c *Commands) judge(ctx context.Context, tx *postgres.Tx, caller Caller, plan rightsPlan) (d judged, err error) {
	if d.snapshot, err = tx.PolicySnapshot(ctx); err != nil {
		return d, err
	}
	if d.before, err = policies.Compile(tx.Tenant, d.snapshot); err != nil {
		return d, err
	}
	if d.rightsChange, err = plan(tx, d.snapshot, d.before); err != nil {
		return d, err
	}
	if d.after, err = policies.Compile(tx.Tenant, d.next); err != nil {
		return d, err
	}
	if hasAdministrator(tx.Tenant, d.before) && !hasAdministrator(tx.Tenant, d.after) {
		return d, remit.Conflict("last_administrator", "That removes the last administrator.")
	}
	path, err := remit.ParsePath(d.path)
	if err != nil {
		return d, err
	}
	decision, err := d.before.Can(caller.subject(tx.Tenant), path, d.scope)
	if err != nil {
		return d, err
	}
	if !decision.Allowed {
		return d, remit.Forbidden(d.scope.String(), d.path)
	}
	d.entry.Scope, d.entry.Matched, d.entry.PolicyVersion = d.scope.String(), decision.MatchedLine, decision.Version
	if d.given != nil {
		err = d.given()
	}
	return d, err
}

// hasAdministrator reports whether anybody may do everything everywhere in the
// tenant. Who is frozen at a branch does not count: he could not undo it.
func hasAdministrator(tenant uuid.UUID, policy *policies.Policy) bool {
	for _, user := range policy.Holders(policy.Top(), remit.Everything) {
		subject := policies.Subject{UserID: user, Tenant: tenant}
		if policy.HoldsAll(subject, policy.Top(), []remit.Scope{remit.Everything}) == nil {
			return true
		}
	}
	return false
}
