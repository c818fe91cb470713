package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"remit"
	"remit/activities"
	"remit/postgres"
	"remit/script"
)

// DefinitionFormat names the form of the file; another form has another name.
const DefinitionFormat = "remit-workflow/1"

// Definition is a workflow as one file: who is asked to pay and what is written
// afterwards, at an organisation and below it.
type Definition struct {
	Steps   []DefinitionStep
	Scripts []DefinitionScript
}

// DefinitionStep is the assignee line of an organisation. At is its path below
// the one the file is about; "" is that one itself.
type DefinitionStep struct {
	At       string
	Assignee string // the XML line
}

// DefinitionScript is a script of an organisation.
type DefinitionScript struct {
	At     string
	Name   string
	Source string
}

// WorkflowDefinition is what holds at an organisation, and what is set below it.
func (c *Commands) WorkflowDefinition(ctx context.Context, caller Caller, organisation string) (Definition, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.WorkflowEdit)
	if err != nil {
		return Definition{}, err
	}
	var out Definition
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		steps, err := tx.SettingsBelow(ctx, path, activities.StepSetting)
		if err != nil {
			return err
		}
		for _, at := range append([]string{path}, steps...) {
			line, err := c.lineAt(ctx, tx, at)
			if err != nil {
				return err
			}
			out.Steps = append(out.Steps, DefinitionStep{At: below(path, at), Assignee: line.String()})
		}
		scripts, err := tx.SettingsBelow(ctx, path, activities.ScriptSetting)
		if err != nil {
			return err
		}
		for _, at := range append([]string{path}, scripts...) {
			inForce, err := activities.ScriptAt(ctx, tx, at)
			if err != nil {
				return err
			}
			out.Scripts = append(out.Scripts, DefinitionScript{At: below(path, at), Name: script.Name, Source: inForce.Source})
		}
		return nil
	})
	return out, err
}

// SetWorkflowDefinition brings a file in at an organisation: all of it, once
// every script passed its trial, or nothing. What holds already is left as it
// is, and what the file does not name stays.
func (c *Commands) SetWorkflowDefinition(ctx context.Context, caller Caller, organisation string, body Body[Definition]) (Definition, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.WorkflowEdit)
	if err != nil {
		return Definition{}, err
	}
	in, err := body()
	if err != nil {
		return Definition{}, err
	}
	if err := in.placesOnce(); err != nil {
		return Definition{}, err
	}
	lines := make([]remit.Assignee, len(in.Steps))
	for n, step := range in.Steps {
		if lines[n], err = c.stepOf(ctx, member, path, step); err != nil {
			return Definition{}, about(fmt.Sprintf("steps.%d", n), step.At, err)
		}
	}
	for n, s := range in.Scripts {
		if err := c.passes(ctx, caller, member, path, s); err != nil {
			return Definition{}, about(fmt.Sprintf("scripts.%d", n), s.At, err)
		}
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		// From above to below: whether something holds already, as it was set above,
		// can be said only once all above is as the file has it.
		for _, n := range downwards(in.Steps, func(s DefinitionStep) string { return s.At }) {
			step := in.Steps[n]
			if err := c.bringStep(ctx, tx, caller, above(path, step.At), lines[n]); err != nil {
				return about(fmt.Sprintf("steps.%d", n), step.At, err)
			}
		}
		for _, n := range downwards(in.Scripts, func(s DefinitionScript) string { return s.At }) {
			s := in.Scripts[n]
			if err := c.bringScript(ctx, tx, caller, above(path, s.At), s.Source); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Definition{}, err
	}
	return c.WorkflowDefinition(ctx, caller, path)
}

// placesOnce refuses a file that says two things of one organisation.
func (d Definition) placesOnce() error {
	steps, scripts := map[string]bool{}, map[string]bool{}
	for n, step := range d.Steps {
		if steps[step.At] {
			return about(fmt.Sprintf("steps.%d", n), step.At, errPlaceTwice())
		}
		steps[step.At] = true
	}
	for n, s := range d.Scripts {
		if scripts[s.At] {
			return about(fmt.Sprintf("scripts.%d", n), s.At, errPlaceTwice())
		}
		scripts[s.At] = true
	}
	return nil
}

func errPlaceTwice() error {
	return remit.Invalid("at", "The file has two entries for this organisation.")
}

// downwards are the places of entries in a file, an organisation's before those
// of what is below it.
func downwards[E any](entries []E, at func(E) string) []int {
	order := make([]int, len(entries))
	for n := range order {
		order[n] = n
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(at(entries[a]), at(entries[b])) })
	return order
}

func (c *Commands) bringStep(ctx context.Context, tx *postgres.Tx, caller Caller, at string, line remit.Assignee) error {
	before, err := c.lineAt(ctx, tx, at)
	if err != nil || before == line {
		return err
	}
	return c.saveStep(ctx, tx, caller, at, line)
}

func (c *Commands) bringScript(ctx context.Context, tx *postgres.Tx, caller Caller, at, source string) error {
	before, err := activities.ScriptAt(ctx, tx, at)
	if err != nil || before.Source == source {
		return err
	}
	return c.saveScript(ctx, tx, caller, at, source)
}

// stepOf reads a line of the file and asks whether it fits where it goes.
func (c *Commands) stepOf(ctx context.Context, member Membership, path string, step DefinitionStep) (remit.Assignee, error) {
	at, err := c.placeOf(ctx, member, path, step.At)
	if err != nil {
		return remit.Assignee{}, err
	}
	line, err := remit.ParseAssignee(step.Assignee)
	if err != nil {
		return remit.Assignee{}, err
	}
	return line, reachesFrom(line, at)
}

// passes gives a script of the file its trial.
func (c *Commands) passes(ctx context.Context, caller Caller, member Membership, path string, s DefinitionScript) error {
	if s.Name != script.Name {
		return remit.Invalid("name", "The only script there is is called %s.", script.Name)
	}
	at, err := c.placeOf(ctx, member, path, s.At)
	if err != nil {
		return err
	}
	trial, err := c.tryScript(ctx, caller, member, at.String(), ScriptInput{Source: s.Source})
	if err == nil && trial.Failure != nil {
		return remit.Invalid("source", "%s", trial.Failure.Error())
	}
	return err
}

// placeOf is the organisation an entry of the file is for.
func (c *Commands) placeOf(ctx context.Context, member Membership, path, at string) (remit.Path, error) {
	where := above(path, at)
	parsed, err := remit.ParsePath(where)
	if err != nil {
		return remit.Path{}, remit.Invalid("at", "%s", remit.AsError(err).Message)
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error { _, err := tx.UnitAt(ctx, where); return err })
	if remit.IsCode(err, remit.CodeNotFound) {
		return remit.Path{}, remit.Invalid("at", "There is no organisation %s.", where)
	}
	return parsed, err
}

// lineAt is the assignee line that holds at a path. Where none is set it is the
// default without a path, which means the same anywhere.
func (c *Commands) lineAt(ctx context.Context, tx *postgres.Tx, path string) (remit.Assignee, error) {
	own, err := remit.ParsePath(path)
	if err != nil {
		return remit.Assignee{}, err
	}
	var set remit.Assignee
	_, _, found, err := tx.Setting(ctx, path, activities.StepSetting, &set)
	if found || err != nil {
		return set, err
	}
	line := remit.DefaultAssignee(own)
	line.Path = remit.Path{}
	return line, nil
}

// about puts the place of a file's entry before the fields an error names, and
// into its words, as a page shows these alone: a file has many lines.
func about(place, at string, err error) error {
	e := remit.AsError(err)
	if e.Kind != remit.KindInvalid {
		return err
	}
	entry := place + " of the file"
	if at != "" {
		entry += ", for " + at
	}
	moved := *e
	moved.Fields = make([]remit.FieldError, len(e.Fields))
	for n, f := range e.Fields {
		moved.Fields[n] = remit.FieldError{Field: place + "." + f.Field, Message: entry + ": " + f.Message}
	}
	return &moved
}

// below is a path as the file has it, above the reverse.
func below(path, at string) string { return strings.TrimPrefix(strings.TrimPrefix(at, path), "/") }

func above(path, at string) string {
	if at == "" {
		return path
	}
	return path + "/" + at
}
