package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

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

// place stores what the caller asks of an invoice, unless it is stored already,
// and gives the id of its row: only with that row does the workflow do anything.
// payload says what is asked, or why it cannot be, in the same transaction; it is
// not called for a request that is sent again.
//
// With an idempotency key the same request has the same row however often it is
// sent, so that one whose process died after money moved is not carried out
// again; where that row was refused, nothing was done and nothing will be, and
// the next in line is taken.
func (c *Commands) place(ctx context.Context, caller Caller, member Membership, invoice remit.Invoice, kind remit.RequestKind, payload func(tx *postgres.Tx) (any, error)) (uuid.UUID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, fmt.Errorf("make an id: %w", err)
	}
	actor := caller.Actor()
	if member.Customer != nil {
		actor.Kind = "customer"
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		if caller.Asked != uuid.Nil {
			asked, known, err := askedRow(ctx, tx, caller.Asked, invoice.ID, kind)
			if id = asked; err != nil || known {
				return err
			}
		}
		asks, err := payload(tx)
		if err != nil {
			return err
		}
		raw, err := json.Marshal(asks)
		if err != nil {
			return fmt.Errorf("write a request: %w", err)
		}
		if err := tx.InsertRequest(ctx, postgres.StoredRequest{ID: id, InvoiceID: invoice.ID, Kind: kind, Payload: raw, Actor: actor}); err != nil {
			return err
		}
		entry := caller.entry("invoice."+string(kind), "invoice "+invoice.ID.String(), invoice.Organisation)
		entry.Outcome = remit.AuditAsked
		return c.audit(ctx, tx, entry)
	})
	return id, err
}

// askedRow is the row of a request with an idempotency key, and whether it is
// there already.
func askedRow(ctx context.Context, tx *postgres.Tx, asked, invoice uuid.UUID, kind remit.RequestKind) (id uuid.UUID, known bool, err error) {
	for n := 0; ; n++ {
		id = uuid.NewSHA1(asked, fmt.Appendf(nil, "%s/%s/%d", invoice, kind, n))
		stored, err := tx.Request(ctx, invoice, id)
		if remit.IsCode(err, remit.CodeNotFound) {
			return id, false, nil
		}
		if err != nil {
			return uuid.Nil, false, err
		}
		if stored.Result == nil || stored.Result.Refused == nil {
			return id, true, nil
		}
	}
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
	err := c.insist(waiting, func() error {
		return c.update(waiting, tenant, invoice, remit.UpdateRequest, request.ID.String(), &result, request)
	})
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

// insist repeats a message that Temporal itself turned away, until time is up:
// its server was busy, or the run that took the message ended before it answered.
// A request may be handed over any number of times, because it has a row.
func (c *Commands) insist(ctx context.Context, send func() error) error {
	const pause = 100 * time.Millisecond
	for {
		err := send()
		if _, turnedAway := errors.AsType[serviceerror.ServiceError](err); !turnedAway || ctx.Err() != nil {
			return err
		}
		c.Logger.InfoContext(ctx, "a message to a workflow is sent again", "error", err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
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
	return c.awaken(ctx, c.start(tenant, invoice), remit.InvoicePaymentWorkflow, remit.InvoiceRef{Tenant: tenant, Invoice: invoice.ID}, why)
}

// awaken tells a workflow to look, starting it if it is not running.
func (c *Commands) awaken(ctx context.Context, options client.StartWorkflowOptions, workflow string, input any, why string) error {
	_, err := c.Temporal.SignalWithStartWorkflow(ctx, options.ID, remit.SignalWake, remit.Wake{Why: why}, options, workflow, input)
	if err != nil {
		return fmt.Errorf("wake %s: %w", options.ID, err)
	}
	return nil
}

// startOf starts a workflow under an id, of which there is one at a time.
func (c *Commands) startOf(id string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: id, TaskQueue: c.taskQueue(),
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}
}

// wakeRefund tells a refund's workflow to look, starting it if it is not running.
func (c *Commands) wakeRefund(ctx context.Context, ref remit.RefundRef, why string) error {
	return c.awaken(ctx, c.refundStart(ref), remit.RefundWorkflow, ref, why)
}

func (c *Commands) refundStart(ref remit.RefundRef) client.StartWorkflowOptions {
	return c.startOf(remit.RefundWorkflowID(ref.Refund))
}

// startMissingRefund starts a refund's workflow and reports whether none was
// running.
func (c *Commands) startMissingRefund(ctx context.Context, ref remit.RefundRef) (bool, error) {
	return c.startAnew(ctx, c.refundStart(ref), remit.RefundWorkflow, ref)
}

// startAnew starts a workflow and reports whether none was running under its id.
func (c *Commands) startAnew(ctx context.Context, options client.StartWorkflowOptions, workflow string, input any) (bool, error) {
	options.WorkflowIDConflictPolicy = enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL
	options.WorkflowExecutionErrorWhenAlreadyStarted = true
	_, err := c.Temporal.ExecuteWorkflow(ctx, options, workflow, input)
	if _, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("start a workflow: %w", err)
	}
	return true, nil
}

// Begin starts the invoice's workflow if it is not running.
func (c *Commands) Begin(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice) error {
	_, err := c.startMissing(ctx, tenant, invoice)
	return err
}

// startMissing starts the invoice's workflow and reports whether none was running.
func (c *Commands) startMissing(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice) (bool, error) {
	return c.startAnew(ctx, c.start(tenant, invoice), remit.InvoicePaymentWorkflow, remit.InvoiceRef{Tenant: tenant, Invoice: invoice.ID})
}

func (c *Commands) start(_ uuid.UUID, invoice remit.Invoice) client.StartWorkflowOptions {
	options := c.startOf(remit.InvoiceWorkflowID(invoice.ID))
	options.TypedSearchAttributes = workflows.SearchAttributes(invoice.OrganisationID, invoice.ID, invoice.Status, invoice.DueDate)
	return options
}

func (c *Commands) taskQueue() string {
	if c.TaskQueue == "" {
		return remit.TaskQueue
	}
	return c.TaskQueue
}
