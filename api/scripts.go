package api

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/script"
)

func afterPaymentScript(c *call) (answer, error) {
	return scriptAnswer(c.server.commands.AfterPaymentScript(c.ctx(), c.caller, c.organisation()))
}

func setAfterPaymentScript(c *call) (answer, error) {
	return scriptAnswer(c.server.commands.SetAfterPaymentScript(c.ctx(), c.caller, c.organisation(), body(c, scriptWire.input)))
}

func removeAfterPaymentScript(c *call) (answer, error) {
	return scriptAnswer(c.server.commands.RemoveAfterPaymentScript(c.ctx(), c.caller, c.organisation()))
}

func testAfterPaymentScript(c *call) (answer, error) {
	trial, err := c.server.commands.TestAfterPaymentScript(c.ctx(), c.caller, c.organisation(), body(c, scriptTrialWire.input))
	if err != nil {
		return answer{}, err
	}
	return ok(trialShape(trial))
}

// runAfterPaymentScript is answered before the script has run: the timeline
// tells what came of it.
func runAfterPaymentScript(c *call) (answer, error) {
	invoice, err := c.server.commands.RunAfterPaymentScript(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusAccepted, body: c.invoiceShape(invoice)}, nil
}

type scriptWire struct {
	Source string `json:"source"`
}

func (w scriptWire) input() (commands.ScriptInput, error) {
	return commands.ScriptInput{Source: w.Source}, nil
}

type scriptTrialWire struct {
	scriptWire
	InvoiceID *uuid.UUID `json:"invoice_id"`
}

func (w scriptTrialWire) input() (commands.ScriptInput, error) {
	return commands.ScriptInput{Source: w.Source, Invoice: w.InvoiceID}, nil
}

type scriptBody struct {
	Name     string              `json:"name"`
	Source   string              `json:"source"`
	SetAt    *string             `json:"set_at"`
	Version  int64               `json:"version"`
	Versions []scriptVersionBody `json:"versions"`
	Failures []scriptFailureBody `json:"failures"`
	Failed   int                 `json:"failed"`
}

type scriptVersionBody struct {
	Version int64     `json:"version"`
	Source  string    `json:"source"`
	SavedAt time.Time `json:"saved_at"`
	SavedBy string    `json:"saved_by"`
}

type scriptFailureBody struct {
	InvoiceID uuid.UUID `json:"invoice_id"`
	Number    string    `json:"number"`
	Message   string    `json:"message"`
	RanAt     time.Time `json:"ran_at"`
}

func scriptAnswer(s commands.AfterPaymentScript, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	body := scriptBody{
		Name: script.Name, Source: s.Source, SetAt: orNull(s.SetAt), Version: s.Version, Failed: s.Failed,
		Versions: []scriptVersionBody{}, Failures: []scriptFailureBody{},
	}
	for _, v := range s.Versions {
		body.Versions = append(body.Versions, scriptVersionBody{Version: v.Version, Source: v.Source, SavedAt: v.SavedAt.UTC(), SavedBy: v.SavedBy})
	}
	for _, f := range s.Failures {
		body.Failures = append(body.Failures, scriptFailureBody{InvoiceID: f.Invoice, Number: f.Number, Message: f.Message, RanAt: f.RanAt.UTC()})
	}
	return ok(body)
}

type trialBody struct {
	Passed  bool              `json:"passed"`
	Invoice *trialInvoiceBody `json:"invoice"`
	Effects []script.Effect   `json:"effects"`
	Printed string            `json:"printed"`
	Failure *trialFailureBody `json:"failure"`
}

type trialInvoiceBody struct {
	ID     uuid.UUID           `json:"id"`
	Number string              `json:"number"`
	Status remit.InvoiceStatus `json:"status"`
}

type trialFailureBody struct {
	Line    *int   `json:"line"`
	Message string `json:"message"`
}

func trialShape(t commands.ScriptTrial) trialBody {
	body := trialBody{Passed: t.Failure == nil, Effects: orEmpty(t.Effects), Printed: t.Printed}
	if i := t.Invoice; i != nil {
		body.Invoice = &trialInvoiceBody{ID: i.ID, Number: i.Number, Status: i.Status}
	}
	if f := t.Failure; f != nil {
		body.Failure = &trialFailureBody{Message: f.Message}
		if f.Line > 0 {
			body.Failure.Line = &f.Line
		}
	}
	return body
}
