package api

import (
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func organisations(c *call) (answer, error) {
	list, err := c.server.commands.Organisations(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, c.organisationShape))
}

func createOrganisation(c *call) (answer, error) {
	made, err := c.server.commands.CreateOrganisation(c.ctx(), c.caller, body(c, func(w organisationWire) (commands.OrganisationInput, error) {
		return commands.OrganisationInput(w), nil
	}))
	if err != nil {
		return answer{}, err
	}
	return created(c.organisationShape(made))
}

func updateOrganisation(c *call) (answer, error) {
	changed, err := c.server.commands.UpdateOrganisation(c.ctx(), c.caller, c.id(), body(c, func(w organisationChangeWire) (commands.OrganisationChange, error) {
		return commands.OrganisationChange(w), nil
	}))
	if err != nil {
		return answer{}, err
	}
	return ok(c.organisationShape(changed))
}

func deleteOrganisation(c *call) (answer, error) {
	if err := c.server.commands.DeleteOrganisation(c.ctx(), c.caller, c.id()); err != nil {
		return answer{}, err
	}
	return noContent()
}

type organisationWire struct {
	Path     string      `json:"path"`
	Name     string      `json:"name"`
	TimeZone string      `json:"time_zone"`
	Currency string      `json:"currency"`
	Clock    *remit.Date `json:"clock"`
}

type organisationChangeWire struct {
	Name     *string     `json:"name"`
	TimeZone *string     `json:"time_zone"`
	Currency *string     `json:"currency"`
	Clock    *remit.Date `json:"clock"`
}

type organisationBody struct {
	ID       uuid.UUID  `json:"id"`
	Path     string     `json:"path"`
	Name     string     `json:"name"`
	TimeZone string     `json:"time_zone"`
	Currency string     `json:"currency"`
	Clock    *clockBody `json:"clock"`
}

type clockBody struct {
	Now time.Time `json:"now"`
}

func (c *call) organisationShape(o remit.Organisation) organisationBody {
	body := organisationBody{ID: o.ID, Path: o.Path, Name: o.Name, TimeZone: o.TimeZone, Currency: o.Currency}
	if o.ClockOffset != nil {
		clock := remit.Clock{Offset: *o.ClockOffset, Test: true}
		body.Clock = &clockBody{Now: clock.Now(c.server.commands.Now()).UTC()}
	}
	return body
}
