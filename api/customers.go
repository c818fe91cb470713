package api

import (
	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func customers(c *call) (answer, error) {
	list, err := c.server.commands.Customers(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, customerShape))
}

func createCustomer(c *call) (answer, error) {
	made, err := c.server.commands.CreateCustomer(c.ctx(), c.caller, body(c, customerWire.input))
	if err != nil {
		return answer{}, err
	}
	return created(customerShape(made))
}

func customer(c *call) (answer, error) {
	return customerAnswer(c.server.commands.Customer(c.ctx(), c.caller, c.id()))
}

func updateCustomer(c *call) (answer, error) {
	return customerAnswer(c.server.commands.UpdateCustomer(c.ctx(), c.caller, c.id(), body(c, customerChangeWire.input)))
}

func customerAnswer(made remit.Customer, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(customerShape(made))
}

// customerWire is a customer as it arrives.
type customerWire struct {
	Name         string  `json:"name"`
	Email        string  `json:"email"`
	Organisation string  `json:"organisation"`
	Currency     string  `json:"currency"`
	ExternalID   *string `json:"external_id"`
	AutoCharge   *bool   `json:"auto_charge"`
	Reminders    *bool   `json:"reminders"`
}

func (w customerWire) input() (commands.CustomerInput, error) {
	in := commands.CustomerInput{
		Organisation: w.Organisation, Name: w.Name, Email: w.Email, Currency: w.Currency, AutoCharge: w.AutoCharge, Reminders: w.Reminders,
	}
	if w.ExternalID != nil {
		in.ExternalID = *w.ExternalID
	}
	return in, nil
}

func paymentMethods(c *call) (answer, error) {
	all, err := c.server.commands.PaymentMethods(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	list, err := pageOf(all, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, paymentMethodShape))
}

func addPaymentMethod(c *call) (answer, error) {
	page, err := c.server.commands.AddPaymentMethod(c.ctx(), c.caller, c.id(), body(c, func(struct{}) (commands.AddMethodInput, error) {
		return commands.AddMethodInput{}, nil
	}))
	if err != nil {
		return answer{}, err
	}
	return created(pageShape(page))
}

type defaultMethodWire struct {
	PaymentMethod uuid.UUID `json:"payment_method"`
}

// switchAutomatic takes a customer's word on being charged by himself.
func switchAutomatic(c *call) (answer, error) {
	err := c.server.commands.SwitchAutomatic(c.ctx(), c.caller, c.id(), body(c, func(w autoChargeWire) (bool, error) { return w.AutoCharge, nil }))
	if err != nil {
		return answer{}, err
	}
	customer, err := c.server.commands.Customer(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	return ok(customerShape(customer))
}

func setDefaultPaymentMethod(c *call) (answer, error) {
	return customerAnswer(c.server.commands.SetDefaultMethod(c.ctx(), c.caller, c.id(), body(c, func(w defaultMethodWire) (uuid.UUID, error) {
		return w.PaymentMethod, nil
	})))
}

func removePaymentMethod(c *call) (answer, error) {
	if err := c.server.commands.RemoveMethod(c.ctx(), c.caller, c.id()); err != nil {
		return answer{}, err
	}
	return noContent()
}
