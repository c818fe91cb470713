package api

import (
	"remit"
	"remit/commands"
)

func workflowDefinition(c *call) (answer, error) {
	return definitionAnswer(c.server.commands.WorkflowDefinition(c.ctx(), c.caller, c.organisation()))
}

func setWorkflowDefinition(c *call) (answer, error) {
	return definitionAnswer(c.server.commands.SetWorkflowDefinition(c.ctx(), c.caller, c.organisation(), body(c, DefinitionFile.Definition)))
}

// DefinitionFile is a workflow as one file: what leaves by GET comes in by PUT,
// here and on the page.
type DefinitionFile struct {
	Format  string             `json:"format"`
	Steps   []definitionStep   `json:"steps"`
	Scripts []definitionScript `json:"scripts"`
}

type definitionStep struct {
	At       string `json:"at"`
	Assignee string `json:"assignee"`
}

type definitionScript struct {
	At     string `json:"at"`
	Name   string `json:"name"`
	Source string `json:"source"`
}

// Definition reads a file.
func (f DefinitionFile) Definition() (commands.Definition, error) {
	if f.Format != commands.DefinitionFormat {
		return commands.Definition{}, remit.Invalid("format", "This Remit reads %s.", commands.DefinitionFormat)
	}
	var d commands.Definition
	for _, step := range f.Steps {
		d.Steps = append(d.Steps, commands.DefinitionStep(step))
	}
	for _, script := range f.Scripts {
		d.Scripts = append(d.Scripts, commands.DefinitionScript(script))
	}
	return d, nil
}

// FileOf writes one.
func FileOf(d commands.Definition) DefinitionFile {
	file := DefinitionFile{Format: commands.DefinitionFormat, Steps: []definitionStep{}, Scripts: []definitionScript{}}
	for _, step := range d.Steps {
		file.Steps = append(file.Steps, definitionStep(step))
	}
	for _, script := range d.Scripts {
		file.Scripts = append(file.Scripts, definitionScript(script))
	}
	return file
}

func definitionAnswer(d commands.Definition, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(FileOf(d))
}
