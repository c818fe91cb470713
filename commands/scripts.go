package commands

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
	"remit/script"
)

// AfterPaymentScript is the script that holds at a path, with the versions that
// were saved there and the invoices it failed on there and below.
type AfterPaymentScript struct {
	Source   string
	SetAt    string // the path whose script holds; "" for the shipped one
	Version  int64
	Versions []postgres.ScriptVersion // the last first; at most 20
	Failures []postgres.ScriptFailure // the last first; at most 10
	Failed   int                      // how many there are
}

// ScriptInput is a script on trial, on a past invoice or, where that is nil, on
// the last one that was paid.
type ScriptInput struct {
	Source  string
	Invoice *uuid.UUID
}

// ScriptTrial is what a script would have written. Invoice is nil where it ran
// on one that was made up.
type ScriptTrial struct {
	Invoice *remit.Invoice
	Effects []script.Effect
	Printed string
	Failure *script.Failure // nil: passed
}

const (
	versionsShown = 20
	failuresShown = 10
)

// AfterPaymentScript is the script in force at an organisation.
func (c *Commands) AfterPaymentScript(ctx context.Context, caller Caller, organisation string) (AfterPaymentScript, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.WorkflowEdit)
	if err != nil {
		return AfterPaymentScript{}, err
	}
	return c.scriptAt(ctx, caller, member, path)
}

// TestAfterPaymentScript runs a script on trial. Nothing is changed by it.
func (c *Commands) TestAfterPaymentScript(ctx context.Context, caller Caller, organisation string, body Body[ScriptInput]) (ScriptTrial, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.WorkflowEdit)
	if err != nil {
		return ScriptTrial{}, err
	}
	in, err := body()
	if err != nil {
		return ScriptTrial{}, err
	}
	return c.tryScript(ctx, caller, member, path, in)
}

// SetAfterPaymentScript saves a script for an organisation and below, once it
// passed a trial. It holds for payments recorded from now on.
func (c *Commands) SetAfterPaymentScript(ctx context.Context, caller Caller, organisation string, body Body[ScriptInput]) (AfterPaymentScript, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.WorkflowEdit)
	if err != nil {
		return AfterPaymentScript{}, err
	}
	in, err := body()
	if err != nil {
		return AfterPaymentScript{}, err
	}
	trial, err := c.tryScript(ctx, caller, member, path, in)
	if err != nil {
		return AfterPaymentScript{}, err
	}
	if trial.Failure != nil {
		return AfterPaymentScript{}, remit.Invalid("source", "%s", trial.Failure.Error())
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error { return c.saveScript(ctx, tx, caller, path, in.Source) })
	if err != nil {
		return AfterPaymentScript{}, err
	}
	return c.scriptAt(ctx, caller, member, path)
}

// RemoveAfterPaymentScript takes away the script that is saved at an
// organisation, so that the one above holds there, or the shipped one. Its
// versions are kept. Where none is saved there is nothing to do.
func (c *Commands) RemoveAfterPaymentScript(ctx context.Context, caller Caller, organisation string) (AfterPaymentScript, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.WorkflowEdit)
	if err != nil {
		return AfterPaymentScript{}, err
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		before, err := activities.ScriptAt(ctx, tx, path)
		if err != nil {
			return err
		}
		unit, err := tx.UnitAt(ctx, path)
		if err != nil {
			return err
		}
		removed, err := tx.UnsetSetting(ctx, unit, activities.ScriptSetting, caller.Account)
		if err != nil || !removed {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("workflow.script.remove", script.Name, path), map[string]any{"version": before.Version, "source": before.Source}, nil))
	})
	if err != nil {
		return AfterPaymentScript{}, err
	}
	return c.scriptAt(ctx, caller, member, path)
}

// RunAfterPaymentScript has the script in force run again on an invoice: for the
// payments it failed on, else for the last one. What a version wrote once it
// does not write again.
func (c *Commands) RunAfterPaymentScript(ctx context.Context, caller Caller, id uuid.UUID) (remit.Invoice, error) {
	found, invoice, err := c.mayChange(ctx, caller, id, remit.WorkflowEdit)
	if err != nil {
		return remit.Invoice{}, err
	}
	return c.through(ctx, caller, found, invoice, remit.RequestRunScript, struct{}{})
}

// AfterPaymentFailed reports whether the script failed on an invoice and nothing
// has mended it.
func (c *Commands) AfterPaymentFailed(ctx context.Context, caller Caller, id uuid.UUID) (bool, error) {
	found, _, err := c.seeInvoice(ctx, caller, id)
	if err != nil {
		return false, err
	}
	var failed []uuid.UUID
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		failed, err = tx.FailedScripts(ctx, id)
		return err
	})
	return len(failed) > 0, err
}

// saveScript stores a script that passed its trial and keeps it as a version.
// One that holds already at the path itself is not a new version.
func (c *Commands) saveScript(ctx context.Context, tx *postgres.Tx, caller Caller, path, source string) error {
	before, err := activities.ScriptAt(ctx, tx, path)
	if err != nil {
		return err
	}
	if before.SetAt == path && before.Source == source {
		return nil
	}
	unit, err := tx.UnitAt(ctx, path)
	if err != nil {
		return err
	}
	version, err := tx.SetSetting(ctx, unit, activities.ScriptSetting, activities.ScriptInForce{Source: source}, caller.Account)
	if err != nil {
		return err
	}
	saved := postgres.ScriptVersion{Version: version, Source: source, SavedBy: caller.Name}
	if err := tx.InsertScriptVersion(ctx, unit, saved, caller.Account); err != nil {
		return err
	}
	return c.audit(ctx, tx, changing(caller.entry("workflow.script", script.Name, path), nil, map[string]any{"version": version, "source": source}))
}

func (c *Commands) scriptAt(ctx context.Context, caller Caller, member Membership, path string) (AfterPaymentScript, error) {
	// What failed may be told in words a script took from an invoice.
	reads, err := c.can(ctx, caller, member.Tenant, path, remit.InvoiceRead)
	if err != nil {
		return AfterPaymentScript{}, err
	}
	var out AfterPaymentScript
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		inForce, err := activities.ScriptAt(ctx, tx, path)
		if err != nil {
			return err
		}
		out = AfterPaymentScript{Source: inForce.Source, SetAt: inForce.SetAt, Version: inForce.Version}
		if out.Failures, out.Failed, err = tx.ScriptFailures(ctx, path, failuresShown); err != nil {
			return err
		}
		if !reads.Allowed {
			out.Failures = nil
		}
		unit, err := tx.UnitAt(ctx, path)
		if err != nil {
			return err
		}
		out.Versions, err = tx.ScriptVersions(ctx, unit, versionsShown)
		return err
	})
	return out, err
}

// tryScript runs a script on a past invoice that the caller may read, or on one
// that is made up.
func (c *Commands) tryScript(ctx context.Context, caller Caller, member Membership, path string, in ScriptInput) (ScriptTrial, error) {
	var trial ScriptTrial
	input, err := c.trialInput(ctx, caller, member, path, in, &trial)
	if err != nil {
		return ScriptTrial{}, err
	}
	end, err := c.Heavy.begin(member.Tenant)
	if err != nil {
		return ScriptTrial{}, err
	}
	defer end()
	result, err := c.Scripts.Run(ctx, in.Source, input)
	failure, failed := errors.AsType[*script.Failure](err)
	if err != nil && !failed {
		return ScriptTrial{}, remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "The trial did not come to an end. Nothing was changed. Try again soon.")
	}
	trial.Effects, trial.Printed, trial.Failure = result.Effects, result.Printed, failure
	return trial, nil
}

func (c *Commands) trialInput(ctx context.Context, caller Caller, member Membership, path string, in ScriptInput, trial *ScriptTrial) (script.Input, error) {
	if in.Invoice != nil {
		found, invoice, err := c.seeInvoice(ctx, caller, *in.Invoice)
		own, pathErr := remit.ParsePath(path)
		at, atErr := remit.ParsePath(invoice.Organisation)
		if err != nil || found.member.Tenant != member.Tenant || pathErr != nil || atErr != nil || !own.Contains(at) {
			return script.Input{}, remit.Invalid("invoice_id", "There is no such invoice at %s or below, or you may not see it.", path)
		}
		return c.inputOf(ctx, member.Tenant, invoice, nil, trial)
	}
	reads, err := c.can(ctx, caller, member.Tenant, path, remit.InvoiceRead)
	if err != nil {
		return script.Input{}, err
	}
	var payment *remit.Payment
	var invoice remit.Invoice
	var madeUp script.Input
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		organisation, err := tx.OrganisationByPath(ctx, path)
		if err != nil {
			return err
		}
		madeUp = script.MadeUp(path, organisation.Currency, c.Now())
		if !reads.Allowed {
			return nil
		}
		if payment, err = tx.LastPaid(ctx, path); err != nil || payment == nil {
			return err
		}
		invoice, err = tx.Invoice(ctx, payment.InvoiceID)
		return err
	})
	if err != nil || payment == nil {
		return madeUp, err
	}
	return c.inputOf(ctx, member.Tenant, invoice, payment, trial)
}

// inputOf is what a script sees of an invoice and a payment of it, the last one
// where none is given.
func (c *Commands) inputOf(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice, payment *remit.Payment, trial *ScriptTrial) (script.Input, error) {
	var input script.Input
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if payment == nil {
			payments, err := tx.Payments(ctx, invoice.ID)
			if err != nil {
				return err
			}
			for n := range payments {
				if payments[n].SettledAt != nil {
					payment = &payments[n]
				}
			}
		}
		if payment == nil {
			return remit.Invalid("invoice_id", "Nothing was paid on this invoice yet.")
		}
		var err error
		input, err = activities.ScriptInputOf(ctx, tx, invoice, payment.ID)
		return err
	})
	trial.Invoice = &invoice
	if err != nil {
		return script.Input{}, err
	}
	return input, nil
}
