package commands

import (
	"context"
	"errors"

	"remit"
	"remit/activities"
	"remit/decline"
	"remit/postgres"
	"remit/retry"
)

// RetrySettings are the retry ladders in force at a path, and where they are set.
type RetrySettings struct {
	retry.Policy

	SetAt string // "" for the default
}

// RetrySettings is when charges that failed are tried again by themselves.
func (c *Commands) RetrySettings(ctx context.Context, caller Caller, organisation string) (RetrySettings, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.StripeView)
	if err != nil {
		return RetrySettings{}, err
	}
	return c.retrySettingsAt(ctx, member, path)
}

// SetRetrySettings changes it for failures from now on.
func (c *Commands) SetRetrySettings(ctx context.Context, caller Caller, organisation string, body Body[retry.Policy]) (RetrySettings, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.StripeAll)
	if err != nil {
		return RetrySettings{}, err
	}
	in, err := body()
	if err != nil {
		return RetrySettings{}, err
	}
	if in.Version = 0; in.Check() != nil {
		return RetrySettings{}, ladderProblem(in.Check())
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		unit, err := tx.UnitAt(ctx, path)
		if err != nil {
			return err
		}
		before, _, err := activities.RetriesAt(ctx, tx, path)
		if err != nil {
			return err
		}
		if _, err := tx.SetSetting(ctx, unit, activities.RetriesSetting, in, caller.Account); err != nil {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("settings.retries", "", path), before, in))
	})
	if err != nil {
		return RetrySettings{}, err
	}
	return c.retrySettingsAt(ctx, member, path)
}

func (c *Commands) retrySettingsAt(ctx context.Context, member Membership, path string) (RetrySettings, error) {
	var out RetrySettings
	err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		out.Policy, out.SetAt, err = activities.RetriesAt(ctx, tx, path)
		return err
	})
	return out, err
}

// ladderProblem names a policy's field as it is written outside: with its unit.
func ladderProblem(err error) error {
	wrong, ok := errors.AsType[retry.FieldError](err)
	if !ok {
		return err
	}
	for rule, name := range map[decline.Rule]string{
		decline.RuleLater: "ladders.later_days", decline.RuleFew: "ladders.few_days", decline.RuleSoon: "ladders.soon_hours",
		decline.RuleWindow: "ladders.window_days", decline.RuleRepresent: "ladders.represent_days",
		"max_tries": "max_tries", "within": "within_days", "final": "final_action",
	} {
		if wrong.Field == string(rule) || wrong.Field == "ladders."+string(rule) {
			return remit.Invalid(name, "Enter %s.", wrong.Message)
		}
	}
	return remit.Invalid(wrong.Field, "%s", wrong.Message)
}
