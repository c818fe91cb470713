package api

import (
	"net/http"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func planMapping(c *call) (answer, error) {
	plan, err := c.server.commands.PlanMapping(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(mappingPlanShape(plan))
}

func startMapping(c *call) (answer, error) {
	started, err := c.server.commands.StartMapping(c.ctx(), c.caller, body(c, mappingWire.input))
	if err != nil {
		return answer{}, err
	}
	return answer{
		status: http.StatusAccepted, body: importShape(started),
		header: http.Header{"Location": {"/v1/customer-mapping/imports/" + started.ID.String()}},
	}, nil
}

func mappingOf(c *call) (answer, error) {
	return mappingAnswer(c.server.commands.Mapping(c.ctx(), c.caller, c.id()))
}

func stopMapping(c *call) (answer, error) {
	return mappingAnswer(c.server.commands.StopMapping(c.ctx(), c.caller, c.id()))
}

func resumeMapping(c *call) (answer, error) {
	return mappingAnswer(c.server.commands.ResumeMapping(c.ctx(), c.caller, c.id()))
}

func mappingAnswer(job commands.Import, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(importShape(job))
}

// mappingPlanBody is a page of a plan, the first with what the whole of it comes to.
type mappingPlanBody struct {
	figuresBody[mappingBody]
	Counts *mappingCountsBody `json:"counts"`
}

type mappingCountsBody struct {
	Map       int `json:"map"`
	Create    int `json:"create"`
	Ignore    int `json:"ignore"`
	Conflicts int `json:"conflicts"`
}

func mappingPlanShape(plan commands.Stored[commands.MappingPlan]) mappingPlanBody {
	page := commands.Stored[commands.List[commands.MappingRow]]{State: plan.State, Is: plan.Is.List}
	return mappingPlanBody{figures(page, mappingShape), (*mappingCountsBody)(plan.Is.Counts)}
}

// mappingBody is one customer of a plan.
type mappingBody struct {
	CustomerID   uuid.UUID              `json:"customer_id"`
	Name         string                 `json:"name"`
	Email        string                 `json:"email"`
	Organisation string                 `json:"organisation"`
	Proposal     mappingProposalBody    `json:"proposal"`
	Candidates   []mappingCandidateBody `json:"candidates"`
	Conflicts    []string               `json:"conflicts"`
}

type mappingProposalBody struct {
	Action           remit.MappingAction `json:"action"`
	StripeCustomerID *string             `json:"stripe_customer_id"`
	Reason           string              `json:"reason"`
}

type mappingCandidateBody struct {
	StripeCustomerID string  `json:"stripe_customer_id"`
	Name             string  `json:"name"`
	Email            string  `json:"email"`
	Reason           string  `json:"reason"`
	TakenBy          *string `json:"taken_by"`
}

func mappingShape(r commands.MappingRow) mappingBody {
	out := mappingBody{
		CustomerID: r.Customer.ID, Name: r.Customer.Name, Email: r.Customer.Email, Organisation: r.Customer.Organisation,
		Proposal:   mappingProposalBody{Action: r.Proposal.Action, StripeCustomerID: orNull(r.Proposal.Stripe), Reason: r.Proposal.Reason},
		Candidates: make([]mappingCandidateBody, len(r.Candidates)), Conflicts: orEmpty(r.Proposal.Conflicts),
	}
	for n, k := range r.Candidates {
		out.Candidates[n] = mappingCandidateBody{StripeCustomerID: k.ID, Name: k.Name, Email: k.Email, Reason: k.Reason(), TakenBy: orNull(k.TakenBy)}
	}
	return out
}

type mappingWire struct {
	Organisation string              `json:"organisation"`
	Choices      []mappingChoiceWire `json:"choices"`
	Rest         *string             `json:"rest"`
}

type mappingChoiceWire struct {
	CustomerID       uuid.UUID           `json:"customer_id"`
	Action           remit.MappingAction `json:"action"`
	StripeCustomerID *string             `json:"stripe_customer_id"`
}

func (w mappingWire) input() (commands.MappingInput, error) {
	in := commands.MappingInput{Organisation: w.Organisation, Rest: "ignore"}
	if w.Rest != nil {
		in.Rest = *w.Rest
	}
	for _, each := range w.Choices {
		choice := remit.MappingChoice{Customer: each.CustomerID, Action: each.Action}
		if each.StripeCustomerID != nil {
			choice.Stripe = *each.StripeCustomerID
		}
		in.Choices = append(in.Choices, choice)
	}
	return in, nil
}
