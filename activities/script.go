package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
	"remit/script"
)

// ScriptSetting is the name of the setting that holds the after-payment script.
const ScriptSetting = "after_payment_script"

// ScriptInForce is the after-payment script that holds at a path.
type ScriptInForce struct {
	Source  string `json:"source"`
	SetAt   string `json:"-"` // the path it is saved at; "" for the shipped one
	Version int64  `json:"-"` // of the setting; 0 for the shipped one
}

// Shipped reports that nothing was saved at the path or above.
func (s ScriptInForce) Shipped() bool { return s.SetAt == "" }

// name tells one version of one script from every other.
func (s ScriptInForce) name() string {
	if s.Shipped() {
		return script.ShippedVersion
	}
	return fmt.Sprintf("%d at %s", s.Version, s.SetAt)
}

// ScriptAt reads the script that holds at a path: the nearest one wins.
func ScriptAt(ctx context.Context, tx *postgres.Tx, path string) (ScriptInForce, error) {
	s := ScriptInForce{Source: script.Shipped}
	var err error
	s.SetAt, s.Version, _, err = tx.Setting(ctx, path, ScriptSetting, &s)
	return s, err
}

// AfterPayment runs the after-payment script for every payment of an invoice
// that waits for it. A script that fails costs an entry on the timeline: the
// money is recorded, and nothing here is given another try by itself.
func (p *Payments) AfterPayment(ctx context.Context, ref remit.InvoiceRef) error {
	defer heartbeat(ctx)()
	for {
		run, err := p.nextRun(ctx, ref)
		if err != nil || run == nil {
			return p.asTemporal(ctx, err)
		}
		result, err := p.runScript(ctx, run)
		failure, failed := errors.AsType[*script.Failure](err)
		if err != nil && !failed {
			return p.asTemporal(ctx, err)
		}
		p.boundary("script ran")
		if err := p.endRun(ctx, ref, run, result, failure); err != nil {
			return p.asTemporal(ctx, err)
		}
	}
}

// scriptRun is one run: which script, and for what.
type scriptRun struct {
	row     uuid.UUID // of the agenda, which the run ends; none where it is run at once
	payment uuid.UUID
	script  ScriptInForce
	input   script.Input
}

// nextRun reads what the agenda's first row for a script is about, or nil where
// there is none.
func (p *Payments) nextRun(ctx context.Context, ref remit.InvoiceRef) (run *scriptRun, err error) {
	err = p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		invoice, err := tx.Invoice(ctx, ref.Invoice)
		if remit.IsCode(err, remit.CodeNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		rows, err := tx.InvoiceAgenda(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Kind != remit.AgendaScript {
				continue
			}
			payment, method, err := paymentWithMethod(ctx, tx, ref.Invoice, row.ObjectID)
			if err != nil {
				return fmt.Errorf("the agenda names payment %s: %w", row.ObjectID, err)
			}
			run = &scriptRun{row: row.ID, payment: row.ObjectID, input: script.InputOf(invoice, payment, method)}
			run.script, err = ScriptAt(ctx, tx, invoice.Organisation)
			return err
		}
		return nil
	})
	return run, err
}

// ScriptInputOf reads what a script sees of a payment and its invoice.
func ScriptInputOf(ctx context.Context, tx *postgres.Tx, invoice remit.Invoice, payment uuid.UUID) (script.Input, error) {
	paid, method, err := paymentWithMethod(ctx, tx, invoice.ID, payment)
	return script.InputOf(invoice, paid, method), err
}

func paymentWithMethod(ctx context.Context, tx *postgres.Tx, invoice, id uuid.UUID) (remit.Payment, *remit.MethodSummary, error) {
	payments, err := tx.Payments(ctx, invoice)
	if err != nil {
		return remit.Payment{}, nil, err
	}
	for _, payment := range payments {
		if payment.ID != id {
			continue
		}
		var method *remit.MethodSummary
		for _, a := range payment.Attempts {
			if a.State == remit.AttemptSucceeded {
				method = a.Method
			}
		}
		return payment, method, nil
	}
	return remit.Payment{}, nil, remit.NotFound()
}

// runScript runs one that was saved in a process of its own; the shipped one
// needs none.
func (p *Payments) runScript(ctx context.Context, run *scriptRun) (script.Result, error) {
	if run.script.Shipped() {
		return script.Evaluate(run.script.Source, run.input)
	}
	return p.Scripts.Run(ctx, run.script.Source, run.input)
}

// endRun applies what a script asks for, or tells why it came to nothing, in one
// transaction with the timeline: once for each row of the agenda, of two workers
// that ran it at once, and where it is applied once for each payment and version.
func (p *Payments) endRun(ctx context.Context, ref remit.InvoiceRef, run *scriptRun, result script.Result, failure *script.Failure) error {
	outcome := ""
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		now := l.Clock.Now(p.Now())
		applied, err := tx.ScriptApplied(ctx, run.payment, run.script.name())
		if err != nil {
			return err
		}
		if ours, err := tx.DoneRow(ctx, run.row, now); err != nil || !ours || applied {
			return err
		}
		entry, failure := written(l, run, result, failure, now)
		outcome = "applied"
		done := postgres.ScriptRun{Payment: run.payment, Invoice: l.ID, Script: run.script.name()}
		if failure != nil {
			outcome, done.Failure = "failed", failure.Error()
		}
		if err := tx.RecordScriptRun(ctx, done); err != nil {
			return err
		}
		if err := tx.SaveWords(ctx, l.Invoice); err != nil {
			return err
		}
		return tx.SaveInvoice(ctx, l, p.Now(), entry)
	})
	if err == nil && outcome != "" {
		p.scripted(ctx, ref, run, outcome)
	}
	return err
}

// scripted raises the alarm for a failure, without the script's own words:
// those may hold anything.
func (p *Payments) scripted(ctx context.Context, ref remit.InvoiceRef, run *scriptRun, outcome string) {
	if outcome == "failed" {
		p.Logger.ErrorContext(ctx, "the after-payment script failed", "invoice", ref.Invoice, "payment", run.payment, "version", run.script.Version)
	}
	if p.Scripted != nil {
		p.Scripted(outcome)
	}
}

// written writes on an invoice what a script asks for and gives the timeline's
// entry about it. The failure is the one given, or that it does not fit.
func written(l *postgres.LockedInvoice, run *scriptRun, result script.Result, failure *script.Failure, now time.Time) (remit.TimelineEntry, *script.Failure) {
	if failure == nil {
		note := func(text string) remit.Note {
			return remit.Note{Text: text, By: script.Name, At: now.UTC().Truncate(time.Microsecond)}
		}
		failure, _ = errors.AsType[*script.Failure](script.Apply(&l.Invoice, result.Effects, note))
	}
	entry := remit.TimelineEntry{
		Actor: remit.System, Why: remit.Why{Rule: "a script writes words, never money", Version: run.script.name()},
		Data: map[string]any{"payment": run.payment.String(), "script": script.Name, "version": run.script.Version, "set_at": run.script.SetAt},
	}
	if failure != nil {
		entry.Kind, entry.What = "script_failed", script.Name+" failed. "+sentence(failure.Error())+" The payment is recorded all the same; nothing was written."
		return entry, failure
	}
	entry.Kind, entry.Data["effects"] = "script", result.Effects
	entry.What = script.Name + " wrote nothing."
	if len(result.Effects) > 0 {
		said := make([]string, len(result.Effects))
		for n, e := range result.Effects {
			said[n] = e.String()
		}
		entry.What = script.Name + " wrote: " + strings.Join(said, ", ") + "."
	}
	return entry, nil
}

// sentence ends words with a full stop where they end with nothing.
func sentence(words string) string {
	if strings.HasSuffix(words, ".") {
		return words
	}
	return words + "."
}

// afterMoney follows money that was just booked for a payment. A script that
// was saved goes on the agenda: it runs after this transaction, however long it
// takes. The shipped one is part of Remit and needs no cage: what it does is
// done right here.
func (p *Payments) afterMoney(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, payment remit.Payment, method *remit.MethodSummary) ([]remit.TimelineEntry, error) {
	now := l.Clock.Now(p.Now())
	inForce, err := ScriptAt(ctx, tx, l.Organisation)
	if err != nil {
		return nil, err
	}
	if !inForce.Shipped() {
		return nil, tx.Plan(ctx, l, remit.AgendaScript, payment.ID, now, "Run "+script.Name)
	}
	seen := l.Invoice
	seen.Status, seen.Outstanding = l.DerivedStatus(), l.Billed-l.Applied
	run := &scriptRun{payment: payment.ID, script: inForce, input: script.InputOf(seen, payment, method)}
	result, err := script.Evaluate(inForce.Source, run.input)
	failure, failed := errors.AsType[*script.Failure](err)
	if err != nil && !failed {
		return nil, err
	}
	if failure == nil && len(result.Effects) == 0 {
		return nil, nil
	}
	entry, _ := written(l, run, result, failure, now)
	return []remit.TimelineEntry{entry}, tx.SaveWords(ctx, l.Invoice)
}

// planScripts has the script run again: for the payments it failed on, else for
// the last one.
func (p *Payments) planScripts(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, actor remit.Actor) error {
	inForce, err := ScriptAt(ctx, tx, l.Organisation)
	if err != nil {
		return err
	}
	waiting, err := tx.FailedScripts(ctx, l.ID)
	if err != nil {
		return err
	}
	if len(waiting) == 0 {
		payments, err := tx.Payments(ctx, l.ID)
		if err != nil {
			return err
		}
		for _, payment := range payments {
			if payment.SettledAt != nil {
				waiting = []uuid.UUID{payment.ID}
			}
		}
	}
	if len(waiting) == 0 {
		return remit.Conflict(remit.CodeConflict, "Nothing was paid on this invoice yet.")
	}
	planned := 0
	for _, payment := range waiting {
		applied, err := tx.ScriptApplied(ctx, payment, inForce.name())
		if err != nil {
			return err
		}
		if applied {
			continue
		}
		planned++
		if err := tx.Plan(ctx, l, remit.AgendaScript, payment, l.Clock.Now(p.Now()), "Run "+script.Name); err != nil {
			return err
		}
	}
	if planned == 0 {
		return remit.Conflict(remit.CodeConflict, "Version %s of the script was applied already.", inForce.name())
	}
	return tx.SaveInvoice(ctx, l, p.Now(), remit.TimelineEntry{
		Kind: "script_again", Actor: actor, What: script.Name + " is run again.", Why: remit.Why{Rule: "a script writes words, never money", Version: inForce.name()},
		Data: map[string]any{"payments": planned},
	})
}
