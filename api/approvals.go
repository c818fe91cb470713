package api

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func approvals(c *call) (answer, error) {
	filter := commands.ApprovalFilter{Organisation: c.organisation()}
	if state := c.text("state"); state != "" {
		filter.States = []remit.ApprovalState{remit.ApprovalState(state)}
	}
	list, err := c.server.commands.Approvals(c.ctx(), c.caller, filter, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, approvalShape))
}

func approval(c *call) (answer, error) {
	a, _, err := c.server.commands.Approval(c.ctx(), c.caller, c.id())
	return approvalAnswer(a, err)
}

func approve(c *call) (answer, error) {
	return approvalAnswer(c.server.commands.Approve(c.ctx(), c.caller, c.id(), body(c, func(w struct{}) (struct{}, error) { return w, nil })))
}

func declineApproval(c *call) (answer, error) {
	return approvalAnswer(c.server.commands.Decline(c.ctx(), c.caller, c.id(), body(c, func(w declineWire) (commands.DeclineInput, error) {
		return commands.DeclineInput(w), nil
	})))
}

func approvalAnswer(a remit.Approval, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(approvalShape(a))
}

// declineWire is why a payment is not approved. Bounds are the contract's.
type declineWire struct {
	Reason string `json:"reason"`
}

// approvalBody is a request for approval as it leaves.
type approvalBody struct {
	ID              uuid.UUID           `json:"id"`
	InvoiceID       uuid.UUID           `json:"invoice_id"`
	Number          string              `json:"number"`
	Organisation    string              `json:"organisation"`
	State           remit.ApprovalState `json:"state"`
	Amount          int64               `json:"amount"`
	Surcharge       int64               `json:"surcharge"`
	SurchargeAtMost bool                `json:"surcharge_at_most"`
	Currency        string              `json:"currency"`
	PaymentMethod   *uuid.UUID          `json:"payment_method"`
	Method          string              `json:"method"`
	AskedBy         remit.Person        `json:"asked_by"`
	AskedAt         time.Time           `json:"asked_at"`
	AskedOf         string              `json:"asked_of"`
	AnsweredBy      *remit.Person       `json:"answered_by"`
	InPlaceOf       *remit.Person       `json:"in_place_of"`
	AnsweredAt      *time.Time          `json:"answered_at"`
	ExpiresAt       *time.Time          `json:"expires_at"`
	Reason          *string             `json:"reason"`
	EndedAt         *time.Time          `json:"ended_at"`
}

func approvalShape(a remit.Approval) approvalBody {
	return approvalBody{
		ID: a.ID, InvoiceID: a.InvoiceID, Number: a.InvoiceNumber, Organisation: a.Organisation, State: a.State, Amount: a.Amount, Surcharge: a.Surcharge,
		SurchargeAtMost: a.AtMost, Currency: a.Currency, PaymentMethod: a.Method, Method: a.MethodWords, AskedBy: a.AskedBy, AskedAt: a.AskedAt.UTC(), AskedOf: a.Level,
		AnsweredBy: a.AnsweredBy, InPlaceOf: a.InPlaceOf, AnsweredAt: utc(a.AnsweredAt), ExpiresAt: utc(a.ExpiresAt), Reason: orNull(a.Reason), EndedAt: utc(a.EndedAt),
	}
}

// unapproved is a 409: the error and what is asked of a second person.
type unapproved struct {
	error
	approval approvalBody
}

func (u unapproved) Unwrap() error { return u.error }

func approvalRules(c *call) (answer, error) {
	return approvalRulesAnswer(c.server.commands.ApprovalRules(c.ctx(), c.caller, c.organisation()))
}

func setApprovalRules(c *call) (answer, error) {
	return approvalRulesAnswer(c.server.commands.SetApprovalRules(c.ctx(), c.caller, c.organisation(), body(c, func(w approvalRulesWire) (remit.ApprovalSettings, error) {
		settings := remit.DefaultApprovals()
		settings.Above = w.Above
		replace(&settings.EscalateAfter, w.EscalateAfter)
		replace(&settings.Automatic, w.Automatic)
		return settings, nil
	})))
}

type approvalRulesWire struct {
	Above         *int64 `json:"above"`
	EscalateAfter *int   `json:"escalate_after_hours"`
	Automatic     *bool  `json:"automatic_charges"`
}

type approvalRulesBody struct {
	remit.ApprovalSettings

	SetAt   *string `json:"set_at"`
	Version int64   `json:"version"`
	Reaches int     `json:"reaches"`
}

func approvalRulesAnswer(r commands.ApprovalRules, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(approvalRulesBody{ApprovalSettings: r.ApprovalSettings, SetAt: orNull(r.SetAt), Version: r.Version, Reaches: r.Reaches})
}

func approvalDelegations(c *call) (answer, error) {
	list, err := c.server.commands.Delegations(c.ctx(), c.caller, c.organisation())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(commands.List[remit.ApprovalDelegation]{Items: list}, delegationShape))
}

func delegateApprovals(c *call) (answer, error) {
	d, err := c.server.commands.Delegate(c.ctx(), c.caller, body(c, func(w delegationWire) (commands.DelegationInput, error) {
		return commands.DelegationInput{Organisation: orBlank(w.Organisation), To: w.To, Until: w.Until}, nil
	}))
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: delegationShape(d)}, nil
}

func takeBackApprovals(c *call) (answer, error) {
	if err := c.server.commands.TakeBack(c.ctx(), c.caller, c.id()); err != nil {
		return answer{}, err
	}
	return noContent()
}

type delegationWire struct {
	Organisation *string    `json:"organisation"`
	To           uuid.UUID  `json:"to"`
	Until        remit.Date `json:"until"`
}

type delegationBody struct {
	ID           uuid.UUID    `json:"id"`
	Organisation string       `json:"organisation"`
	From         remit.Person `json:"from"`
	To           remit.Person `json:"to"`
	Until        remit.Date   `json:"until"`
	CreatedAt    time.Time    `json:"created_at"`
}

func delegationShape(d remit.ApprovalDelegation) delegationBody {
	return delegationBody{ID: d.ID, Organisation: d.Organisation, From: d.From, To: d.To, Until: d.Until, CreatedAt: d.CreatedAt.UTC()}
}
