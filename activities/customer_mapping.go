package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// mapCustomers brings the customers of a mapping together with Stripe's, one after
// another, each in a transaction with how far it has come: stopped anywhere it goes on
// after the last. What is refused is reported with its place and does not hold up the
// rest; what Stripe does not answer is asked again.
func (m *Imports) mapCustomers(ctx context.Context, ref remit.ImportRef, job postgres.Import, content []byte) error {
	var choices []remit.MappingChoice
	if err := json.Unmarshal(content, &choices); err != nil {
		return fmt.Errorf("read a mapping: %w", err)
	}
	link, err := m.Connector.Live(ctx, ref.Tenant)
	if err != nil {
		return m.end(ctx, ref, job, err)
	}
	for job.NextLine < len(choices) {
		err := m.mapOne(gateway.Batch(ctx), ref, link, &job, choices[job.NextLine])
		if errors.Is(err, postgres.ErrImportElsewhere) {
			if stopped, readErr := m.stopped(ctx, ref); stopped || readErr != nil {
				return readErr
			}
		}
		if err != nil {
			return err
		}
	}
	return m.end(ctx, ref, job, nil)
}

// stopped reports that a person has the import wait.
func (m *Imports) stopped(ctx context.Context, ref remit.ImportRef) (is bool, err error) {
	err = m.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		job, err := tx.Import(ctx, ref.Import)
		is = job.State == "stopped"
		return err
	})
	return is, err
}

// mapOne does what was decided for one customer.
func (m *Imports) mapOne(ctx context.Context, ref remit.ImportRef, link *Link, job *postgres.Import, choice remit.MappingChoice) error {
	after := *job
	after.NextLine++
	if after.IgnoredColumns == nil {
		after.IgnoredColumns = []string{}
	}
	done, err := m.mapped(ctx, ref, link, &after, choice)
	refused := refusal(err)
	if failure, failed := errors.AsType[*gateway.Failure](err); failed && failure.Refused() {
		refused = &remit.Refusal{Message: "Stripe refused this (" + failure.Named() + ")."}
	}
	if err != nil && refused == nil {
		return err
	}
	if refused != nil {
		after.RowsBad++
		err = m.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
			wrong := postgres.ImportRowError{Line: after.NextLine, Field: "customer", Reason: refused.Message}
			if c, err := tx.Customer(ctx, choice.Customer); err == nil {
				wrong.Reason = c.Name + ": " + wrong.Reason
			}
			if err := tx.AddImportError(ctx, job.ID, wrong); err != nil {
				return err
			}
			return tx.SaveImport(ctx, job.NextLine, after)
		})
	} else if !done {
		after.RowsSame++
		err = m.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error { return tx.SaveImport(ctx, job.NextLine, after) })
	}
	if err == nil {
		*job = after
	}
	return err
}

// mapped links a customer, or makes him at Stripe, and reports whether it saved how far
// the import has come: who is ignored, or linked already, is left as he is.
func (m *Imports) mapped(ctx context.Context, ref remit.ImportRef, link *Link, after *postgres.Import, choice remit.MappingChoice) (bool, error) {
	if choice.Action == remit.MappingIgnore {
		return false, nil
	}
	var customer remit.Customer
	var was string
	err := m.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		if customer, err = tx.Customer(ctx, choice.Customer); err != nil {
			return err
		}
		if customer.DeletedAt != nil {
			return remit.Invalid("customer", "Was deleted meanwhile.")
		}
		was, err = tx.StripeCustomer(ctx, choice.Customer, link.Account, link.Livemode)
		return err
	})
	if err != nil {
		return false, err
	}
	if was != "" {
		if choice.Action == remit.MappingMap && was != choice.Stripe {
			err = remit.Conflict(remit.CodeConflict, "Is linked with %s meanwhile.", was)
		}
		return false, err
	}
	var is Linkable // one who was just made has nothing saved
	if choice.Action == remit.MappingCreate {
		is.ID, err = m.Connector.MakeStripeCustomer(ctx, ref.Tenant, link, customer)
	} else {
		is, err = LookForLink(ctx, link, "customer", choice.Stripe)
	}
	if err != nil {
		return false, err
	}
	return true, m.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		if _, _, err := LinkCustomer(ctx, tx, link, customer.ID, is, clock.Now(m.Now())); err != nil {
			return err
		}
		after.RowsNew++
		entry := &remit.AuditEntry{
			At: m.Now(), Actor: after.Actor, Action: "customer.link", Object: "customer " + customer.ID.String(), Path: customer.Organisation, Outcome: remit.AuditDone,
			Change: json.RawMessage(fmt.Sprintf(`{"after":%q}`, is.ID)),
		}
		if err := tx.AppendAudit(ctx, entry); err != nil {
			return err
		}
		return tx.SaveImport(ctx, after.NextLine-1, *after)
	})
}
