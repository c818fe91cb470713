package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"remit"
	"remit/postgres"
	"remit/workflows"
)

// errUnanswered says that the workflow did not answer in the time a caller
// waits; what it has done by then is recorded.
var errUnanswered = errors.New("the workflow did not answer in time")

// requestRow is the id of the row under which what the caller asks of an invoice
// is stored, and whether it is there already. With an idempotency key the same
// request has the same row however often it is sent, so that one whose process
// died after money moved is not carried out again; where that row was refused,
// nothing was done and nothing will be, and the next in line is taken.
func (c *Commands) requestRow(ctx context.Context, caller Caller, member Membership, invoice uuid.UUID, kind remit.RequestKind) (id uuid.UUID, known bool, err error) {
	if caller.Asked == uuid.Nil {
		if id, err = uuid.NewV7(); err != nil {
			err = fmt.Errorf("make an id: %w", err)
		}
		return id, false, err
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		for n := 0; ; n++ {
			id = uuid.NewSHA1(caller.Asked, fmt.Appendf(nil, "%s/%s/%d", invoice, kind, n))
			stored, err := tx.Request(ctx, invoice, id)
			if remit.IsCode(err, remit.CodeNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			if stored.Result == nil || stored.Result.Refused == nil {
				known = true
				return nil
			}
		}
	})
	return id, known, err
}

// ask stores what the caller asks of an invoice under an id. Only with this row
// does the workflow do anything.
func (c *Commands) ask(ctx context.Context, caller Caller, member Membership, invoice remit.Invoice, id uuid.UUID, kind remit.RequestKind, payload any) error {
	raw, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("write a request: %w", err)
	}
	actor := caller.Actor()
	if member.Customer != nil {
		actor.Kind = "customer"
	}
	return c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		stored := postgres.StoredRequest{ID: id, InvoiceID: invoice.ID, Kind: kind, Payload: raw, Actor: actor}
		if err := tx.InsertRequest(ctx, stored); err != nil {
			return err
		}
		entry := caller.entry("invoice."+string(kind), "invoice "+invoice.ID.String(), invoice.Organisation)
		entry.Outcome = remit.AuditAsked
		return c.audit(ctx, tx, entry)
	})
}

// hand gives a stored request to the invoice's workflow, starting it if it is
// not running, and waits for its result.
func (c *Commands) hand(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice, request remit.Request) (remit.RequestResult, error) {
	answer := c.Answer
	if answer == 0 {
		answer = DefaultAnswer
	}
	waiting, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	var result remit.RequestResult
	err := c.update(waiting, tenant, invoice, remit.UpdateRequest, request.ID.String(), &result, request)
	var refused *temporal.ApplicationError
	switch {
	case err == nil:
		return result, nil
	case errors.As(err, &refused) && refused.Type() == remit.CodeInFlight:
		return remit.RequestResult{}, remit.Conflict(remit.CodeInFlight, "A payment is already under way. Nothing more was charged.")
	default:
		// Whatever became of the message: the rows tell what was done.
		c.Logger.WarnContext(ctx, "a workflow did not answer", "workflow", remit.InvoiceWorkflowID(invoice.ID), "error", err)
		return remit.RequestResult{}, errUnanswered
	}
}

func (c *Commands) update(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice, name, id string, into any, args ...any) error {
	handle, err := c.Temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: c.Temporal.NewWithStartWorkflowOperation(c.start(tenant, invoice), remit.InvoicePaymentWorkflow,
			remit.InvoiceRef{Tenant: tenant, Invoice: invoice.ID}),
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateName: name, UpdateID: id, WorkflowID: remit.InvoiceWorkflowID(invoice.ID), Args: args, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return err
	}
	return handle.Get(ctx, into)
}

// wake tells the invoice's workflow to look, starting it if it is not running.
func (c *Commands) wake(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice, why string) error {
	_, err := c.Temporal.SignalWithStartWorkflow(ctx, remit.InvoiceWorkflowID(invoice.ID), remit.SignalWake, remit.Wake{Why: why},
		c.start(tenant, invoice), remit.InvoicePaymentWorkflow, remit.InvoiceRef{Tenant: tenant, Invoice: invoice.ID})
	if err != nil {
		return fmt.Errorf("wake the workflow: %w", err)
	}
	return nil
}

// Begin starts the invoice's workflow if it is not running.
func (c *Commands) Begin(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice) error {
	_, err := c.startMissing(ctx, tenant, invoice)
	return err
}

// startMissing starts the invoice's workflow and reports whether none was running.
func (c *Commands) startMissing(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice) (bool, error) {
	options := c.start(tenant, invoice)
	options.WorkflowIDConflictPolicy = enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL
	options.WorkflowExecutionErrorWhenAlreadyStarted = true
	_, err := c.Temporal.ExecuteWorkflow(ctx, options, remit.InvoicePaymentWorkflow, remit.InvoiceRef{Tenant: tenant, Invoice: invoice.ID})
	if _, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("start the workflow: %w", err)
	}
	return true, nil
}

func (c *Commands) start(_ uuid.UUID, invoice remit.Invoice) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: remit.InvoiceWorkflowID(invoice.ID), TaskQueue: c.taskQueue(),
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		TypedSearchAttributes:    workflows.SearchAttributes(invoice.OrganisationID, invoice.ID, invoice.Status, invoice.DueDate),
	}
}

func (c *Commands) taskQueue() string {
	if c.TaskQueue == "" {
		return remit.TaskQueue
	}
	return c.TaskQueue
}
