package api

import (
	"time"

	"remit"
	"remit/commands"
)

// leaveBody is where a person is to be sent, outside of Remit.
type leaveBody struct {
	URL string `json:"url"`
}

// expressWire says what an Express account is made with.
type expressWire struct {
	Country *string `json:"country"`
	Email   *string `json:"email"`
}

func (w expressWire) input() (commands.ExpressInput, error) {
	return commands.ExpressInput{Country: orBlank(w.Country), Email: orBlank(w.Email)}, nil
}

func connectExpress(c *call) (answer, error) {
	return leaveAnswer(c.server.commands.ConnectExpress(c.ctx(), c.caller, c.organisation(), body(c, expressWire.input)))
}

func refreshLink(c *call) (answer, error) {
	return leaveAnswer(c.server.commands.RefreshLink(c.ctx(), c.caller, c.organisation()))
}

func connectStandard(c *call) (answer, error) {
	return leaveAnswer(c.server.commands.ConnectStandard(c.ctx(), c.caller, c.organisation()))
}

func leaveAnswer(l commands.Leave, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(leaveBody(l))
}

// impactBody is what disconnecting would touch.
type impactBody struct {
	Links      touchedBody `json:"links"`
	Checkouts  touchedBody `json:"checkouts"`
	Charges    touchedBody `json:"charges"`
	BankDebits touchedBody `json:"bank_debits"`
	Returnable touchedBody `json:"returnable_debits"`
	Confirming touchedBody `json:"confirming"`
	Refunds    touchedBody `json:"refunds"`
	Disputes   touchedBody `json:"disputes"`
	Until      time.Time   `json:"until"`
}

// touchedBody is a number of things with what they come to.
type touchedBody struct {
	Count int         `json:"count"`
	Sums  []remit.Sum `json:"sums"`
}

func impact(c *call) (answer, error) {
	i, err := c.server.commands.Impact(c.ctx(), c.caller, c.organisation())
	if err != nil {
		return answer{}, err
	}
	return ok(impactShape(i))
}

func impactShape(i remit.Impact) impactBody {
	touched := func(t remit.Touched) touchedBody {
		return touchedBody{Count: t.Count, Sums: append([]remit.Sum{}, t.Sums...)}
	}
	return impactBody{
		Links: touched(i.Links), Checkouts: touched(i.Checkouts), Charges: touched(i.Charges), BankDebits: touched(i.BankDebits),
		Returnable: touched(i.Returnable), Confirming: touched(i.Confirming), Refunds: touched(i.Refunds), Disputes: touched(i.Disputes), Until: i.Until.UTC(),
	}
}
