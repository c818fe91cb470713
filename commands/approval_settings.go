package commands

import (
	"context"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// ApprovalRules is the setting "approvals" at a path: what holds there and where it
// comes from.
type ApprovalRules struct {
	remit.ApprovalSettings

	SetAt   string // the path whose setting holds; "" for the default
	Version int64
	Reaches int // how many people may approve there now
}

// ApprovalRules is which payments on invoices made from now on at an organisation
// need a second person.
func (c *Commands) ApprovalRules(ctx context.Context, caller Caller, organisation string) (ApprovalRules, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.WorkflowEdit)
	if err != nil {
		return ApprovalRules{}, err
	}
	return c.approvalRulesAt(ctx, member, path)
}

func (c *Commands) approvalRulesAt(ctx context.Context, member Membership, path string) (ApprovalRules, error) {
	rules := ApprovalRules{ApprovalSettings: remit.DefaultApprovals()}
	err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		organisation, err := tx.OrganisationByPath(ctx, path)
		if err != nil {
			return err
		}
		rules.Currency = organisation.Currency
		rules.SetAt, rules.Version, _, err = tx.Setting(ctx, path, activities.ApprovalsSetting, &rules.ApprovalSettings)
		return err
	})
	if err != nil {
		return rules, err
	}
	at, err := remit.ParsePath(path)
	if err != nil {
		return rules, err
	}
	holders, err := c.Authority.Holders(ctx, member.Tenant, at, remit.StripeApprove)
	rules.Reaches = len(holders)
	return rules, err
}

// SetApprovalRules changes them for invoices made from now on.
func (c *Commands) SetApprovalRules(ctx context.Context, caller Caller, organisation string, body Body[remit.ApprovalSettings]) (ApprovalRules, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.WorkflowEdit)
	if err != nil {
		return ApprovalRules{}, err
	}
	if err := c.strongly(caller); err != nil {
		return ApprovalRules{}, err
	}
	in, err := body()
	if err != nil {
		return ApprovalRules{}, err
	}
	if err := in.Check(); err != nil {
		return ApprovalRules{}, err
	}
	before, err := c.approvalRulesAt(ctx, member, path)
	if err != nil {
		return ApprovalRules{}, err
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		at, err := tx.OrganisationByPath(ctx, path)
		if err != nil {
			return err
		}
		in.Currency = at.Currency
		if _, err := tx.SetSetting(ctx, at.ID, activities.ApprovalsSetting, in, caller.Account); err != nil {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("settings.approvals", "", path), before.ApprovalSettings, in))
	})
	if err != nil {
		return ApprovalRules{}, err
	}
	return c.approvalRulesAt(ctx, member, path)
}
