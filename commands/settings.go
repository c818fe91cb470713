package commands

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"remit"
	"remit/activities"
	"remit/money"
	"remit/policies"
	"remit/postgres"
)

// WorkItemStep is the assignee line that holds at an organisation, and how many
// people it reaches now.
func (c *Commands) WorkItemStep(ctx context.Context, caller Caller, organisation string) (WorkItemStep, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.WorkflowEdit)
	if err != nil {
		return WorkItemStep{}, err
	}
	return c.stepAt(ctx, member, path)
}

// SetWorkItemStep stores an assignee line: at the organisation given, of which
// the line's path must be it or above; else at the line's own path.
func (c *Commands) SetWorkItemStep(ctx context.Context, caller Caller, organisation string, body Body[remit.Assignee]) (WorkItemStep, error) {
	if organisation != "" {
		if _, _, err := c.atPath(ctx, caller, organisation, remit.WorkflowEdit); err != nil {
			return WorkItemStep{}, err
		}
	} else if err := c.somewhere(ctx, caller, remit.WorkflowEdit); err != nil {
		return WorkItemStep{}, err
	}
	line, err := body()
	if err != nil {
		return WorkItemStep{}, err
	}
	where := organisation
	if where == "" {
		where = line.Path.String()
	}
	member, err := c.at(ctx, caller, where, remit.WorkflowEdit)
	if err != nil {
		if e := remit.AsError(err); e.Kind == remit.KindInvalid && organisation == "" {
			return WorkItemStep{}, remit.Invalid("path", "There is no such organisation, or you may not see it.")
		}
		return WorkItemStep{}, err
	}
	where = orTop(where, member)
	at, err := remit.ParsePath(where)
	if err != nil {
		return WorkItemStep{}, err
	}
	if err := reachesFrom(line, at); err != nil {
		return WorkItemStep{}, err
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error { return c.saveStep(ctx, tx, caller, where, line) })
	if err != nil {
		return WorkItemStep{}, err
	}
	return c.stepAt(ctx, member, where)
}

// reachesFrom holds an assignee line to the organisation it is stored at: it may
// name that one or one above it.
func reachesFrom(line remit.Assignee, at remit.Path) error {
	if !line.Path.IsZero() && !line.Path.Contains(at) {
		return remit.Invalid("path", "The path %s is neither %s, which the line is for, nor above it. Without a path the line means the invoice's own.", line.Path, at)
	}
	return nil
}

func (c *Commands) saveStep(ctx context.Context, tx *postgres.Tx, caller Caller, where string, line remit.Assignee) error {
	unit, err := tx.UnitAt(ctx, where)
	if err != nil {
		return remit.Invalid("path", "There is no such organisation, or you may not see it.")
	}
	if !line.Path.IsZero() {
		if _, err := tx.UnitAt(ctx, line.Path.String()); err != nil {
			return remit.Invalid("path", "There is no such organisation, or you may not see it.")
		}
	}
	var before remit.Assignee
	if _, _, _, err := tx.Setting(ctx, where, activities.StepSetting, &before); err != nil {
		return err
	}
	if _, err := tx.SetSetting(ctx, unit, activities.StepSetting, line, caller.Account); err != nil {
		return err
	}
	return c.audit(ctx, tx, changing(caller.entry("workflow.step", "", where), before, line))
}

// paymentsValue is the setting as it is stored: what an invoice copies, and what
// the portal asks of customers, which changes with the setting.
type paymentsValue struct {
	remit.InvoiceSettings
	RequireMethod bool `json:"require_method"`
}

// PaymentSettings is how invoices made from now on at an organisation are paid.
func (c *Commands) PaymentSettings(ctx context.Context, caller Caller, organisation string) (PaymentSettings, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.StripeView)
	if err != nil {
		return PaymentSettings{}, err
	}
	return c.paymentSettingsAt(ctx, member, path)
}

// SetPaymentSettings changes them for invoices made from now on.
func (c *Commands) SetPaymentSettings(ctx context.Context, caller Caller, organisation string, body Body[PaymentSettings]) (PaymentSettings, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.StripeAll)
	if err != nil {
		return PaymentSettings{}, err
	}
	in, err := body()
	if err != nil {
		return PaymentSettings{}, err
	}
	if err := in.check(); err != nil {
		return PaymentSettings{}, err
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		if in.OnlinePayments {
			live, err := tx.LiveConnection(ctx)
			if err != nil {
				return err
			}
			var before remit.InvoiceSettings
			_, _, set, err := tx.Setting(ctx, path, activities.PaymentsSetting, &before)
			if err != nil {
				return err
			}
			if (live == nil || !live.ChargesEnabled) && set && !before.OnlinePayments {
				return remit.Conflict(remit.CodeNotConnected, "First connect: charges are off.")
			}
		}
		unit, err := tx.UnitAt(ctx, path)
		if err != nil {
			return err
		}
		value := paymentsValue{RequireMethod: in.RequireMethod, InvoiceSettings: remit.InvoiceSettings{
			OnlinePayments: in.OnlinePayments, Methods: in.Methods, PartialPayments: in.PartialPayments, MinimumPartial: in.MinimumPartial,
			BankTransfer: in.BankTransfer, PaymentLinks: in.PaymentLinks, PaymentTerms: in.PaymentTerms,
			Seller: in.Seller, Contact: in.Contact, AutoCharge: in.AutoCharge, Surcharge: in.Surcharge, Receipts: in.Receipts, Remainders: in.Remainders, LateFees: in.LateFees,
		}}
		if _, err := tx.SetSetting(ctx, unit, activities.PaymentsSetting, value, caller.Account); err != nil {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("settings.payments", "", path), nil, value))
	})
	if err != nil {
		return PaymentSettings{}, err
	}
	return c.paymentSettingsAt(ctx, member, path)
}

// check completes settings that were sent, and refuses what cannot be.
func (in *PaymentSettings) check() (err error) {
	if err := in.Methods.Check(); err != nil {
		return err
	}
	if in.MinimumPartial < 0 || in.MinimumPartial > money.MaxStripeAmount {
		return remit.Invalid("minimum_partial", "Enter an amount of nothing or more.")
	}
	if in.BankTransfer, err = in.BankTransfer.Check(); err != nil {
		return err
	}
	if err := remit.CheckPaymentTerms(in.PaymentTerms); err != nil {
		return err
	}
	if in.Seller, err = remit.CheckSeller(in.Seller); err != nil {
		return err
	}
	if in.Contact, err = remit.CheckContact(in.Contact); err != nil {
		return err
	}
	if err := in.AutoCharge.Check(); err != nil {
		return err
	}
	in.Surcharge.Mode = cmp.Or(in.Surcharge.Mode, remit.SurchargeOff)
	in.Receipts, in.Remainders = cmp.Or(in.Receipts, remit.ReceiptsByRemit), cmp.Or(in.Remainders, remit.RemainderAsk)
	if in.Surcharge, err = in.Surcharge.Check(); err != nil {
		return err
	}
	if err := cmp.Or(in.Receipts.Check(), in.Remainders.Check()); err != nil {
		return err
	}
	if in.LateFees, err = in.LateFees.Check(); err != nil {
		return err
	}
	return in.LateFees.FollowCharge(in.AutoCharge)
}

func (c *Commands) stepAt(ctx context.Context, member Membership, path string) (WorkItemStep, error) {
	own, err := remit.ParsePath(path)
	if err != nil {
		return WorkItemStep{}, err
	}
	step := WorkItemStep{Assignee: remit.DefaultAssignee(own)}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		step.SetAt, _, _, err = tx.Setting(ctx, path, activities.StepSetting, &step.Assignee)
		return err
	})
	if err != nil {
		return WorkItemStep{}, err
	}
	step.XML = step.Assignee.String()
	holders, err := c.Authority.Holders(ctx, member.Tenant, step.Assignee.For(own).Path, step.Assignee.Scope)
	if err != nil {
		return WorkItemStep{}, err
	}
	step.Reaches = len(holders)
	step.Warnings, err = c.unheld(ctx, member, step.Assignee.For(own), step.Reaches)
	return step, err
}

// unheld warns of a line whose role nobody was given where it asks for it. Whoever
// may act in every role, as owners may, is reached by any line, a misspelt one
// too. It is saved all the same: as often the line comes first and the grants
// after it.
func (c *Commands) unheld(ctx context.Context, member Membership, line remit.Assignee, reaches int) ([]string, error) {
	role, _ := line.Scope.Role()
	held := false
	err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		if held, err = tx.IsGranted(ctx, role, line.Path.String()); err != nil || held {
			return err
		}
		roles, err := tx.OwnRoles(ctx)
		held = reaches > 0 && slices.ContainsFunc(roles, func(r policies.Role) bool { return slices.Contains(r.Permissions, line.Scope) })
		return err
	})
	switch {
	case err != nil || held:
		return nil, err
	case reaches > 0:
		return []string{fmt.Sprintf("Nobody was given the role %s at %s. The line reaches only those who may act in every role.", role, line.Path)}, nil
	}
	return []string{fmt.Sprintf("Nobody was given the role %s at %s. Until somebody is, no invoice here reaches an inbox.", role, line.Path)}, nil
}

func (c *Commands) paymentSettingsAt(ctx context.Context, member Membership, path string) (PaymentSettings, error) {
	settings := paymentsValue{InvoiceSettings: remit.DefaultInvoiceSettings()}
	var out PaymentSettings
	err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		setAt, version, _, err := tx.Setting(ctx, path, activities.PaymentsSetting, &settings)
		if err != nil {
			return err
		}
		organisation, err := tx.OrganisationByPath(ctx, path)
		out = PaymentSettings{
			OnlinePayments: settings.OnlinePayments, Methods: settings.Methods.Shown(), PartialPayments: settings.PartialPayments, MinimumPartial: settings.MinimumPartial,
			BankTransfer: settings.BankTransfer, PaymentLinks: settings.PaymentLinks, PaymentTerms: settings.PaymentTerms,
			Seller: settings.Seller, Contact: settings.Contact, RequireMethod: settings.RequireMethod, AutoCharge: settings.AutoCharge,
			Surcharge: settings.Surcharge, Receipts: settings.Receipts, Remainders: settings.Remainders, LateFees: settings.LateFees.Shown(),
			Currency: organisation.Currency, SetAt: setAt, Version: version,
		}
		if err != nil {
			return err
		}
		live, err := tx.LiveConnection(ctx)
		if live != nil && live.Mode.Platform() {
			out.PlatformTakes = c.ApplicationFee.Rate
		}
		return err
	})
	return out, err
}

// atPath resolves ?organisation for what holds at a path and below, and asks
// for a permission there.
func (c *Commands) atPath(ctx context.Context, caller Caller, organisation string, scope remit.Scope) (Membership, string, error) {
	member, err := tenantOf(caller, organisation)
	if err != nil {
		return Membership{}, "", err
	}
	path := orTop(organisation, member)
	visible, err := c.sees(ctx, caller, member.Tenant, path)
	if err != nil {
		return Membership{}, "", err
	}
	if !visible {
		return Membership{}, "", remit.NotFound()
	}
	if err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error { _, err := tx.UnitAt(ctx, path); return err }); err != nil {
		return Membership{}, "", err
	}
	return member, path, c.authorise(ctx, caller, member.Tenant, path, scope)
}
