package commands

import (
	"context"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// Connections are the steps by which connected accounts are followed; crash, if not
// nil, is called at the boundaries between them.
func (c *Commands) Connections(crash func(boundary string)) *activities.Connections {
	steps := c.connections()
	steps.Crash = crash
	return steps
}

func (c *Commands) connections() *activities.Connections {
	return &activities.Connections{
		DB: c.DB, Authority: c.Authority, Connector: c.connector(), Logger: c.Logger, Now: c.Now, Ask: c.AskInvoice,
		Page: c.ConnectionPage,
	}
}

// AskInvoice hands a stored request to an invoice's workflow and waits until it is
// carried out, whatever the answer.
func (c *Commands) AskInvoice(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice, request remit.Request) error {
	_, err := c.hand(ctx, tenant, invoice, request)
	return err
}

// ConnectionPage is where connections are shown and changed.
func (c *Commands) ConnectionPage() string { return c.PublicURL + "/settings/stripe" }

// follow tells a connection's workflow to look, starting it if it is not running. One
// that cannot be told now is told by the sweep.
func (c *Commands) follow(ctx context.Context, ref remit.ConnectionRef, why string) {
	if c.Temporal == nil {
		return // work on the database alone
	}
	if err := c.wakeConnection(ctx, ref, why); err != nil {
		c.Logger.WarnContext(ctx, "a connection's workflow is woken later", "connection", ref.Connection, "error", err)
	}
}

func (c *Commands) wakeConnection(ctx context.Context, ref remit.ConnectionRef, why string) error {
	return c.awaken(ctx, c.connectionStart(ref), remit.OnboardingWorkflow, ref, why)
}

// lookAtAccount has a connection's workflow look at the account and waits for that, as long
// as people wait for answers. It returns an error where it did not come to an end.
func (c *Commands) lookAtAccount(ctx context.Context, ref remit.ConnectionRef) error {
	answer := c.Answer
	if answer == 0 {
		answer = DefaultAnswer
	}
	waiting, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	return c.insist(waiting, func() error {
		handle, err := c.Temporal.UpdateWithStartWorkflow(waiting, client.UpdateWithStartWorkflowOptions{
			StartWorkflowOperation: c.Temporal.NewWithStartWorkflowOperation(c.connectionStart(ref), remit.OnboardingWorkflow, ref),
			UpdateOptions: client.UpdateWorkflowOptions{
				UpdateName: remit.UpdateLook, UpdateID: uuid.NewString(), WorkflowID: remit.OnboardingWorkflowID(ref.Connection),
				WaitForStage: client.WorkflowUpdateStageCompleted,
			},
		})
		if err != nil {
			return err
		}
		return handle.Get(waiting, nil)
	})
}

func (c *Commands) connectionStart(ref remit.ConnectionRef) client.StartWorkflowOptions {
	return c.startOf(remit.OnboardingWorkflowID(ref.Connection))
}

func (c *Commands) startMissingConnection(ctx context.Context, ref remit.ConnectionRef) (bool, error) {
	return c.startAnew(ctx, c.connectionStart(ref), remit.OnboardingWorkflow, ref)
}

// Ways says how accounts can be connected in this installation.
type Ways struct {
	Express  bool
	Standard bool
}

// WaysToConnect says how accounts can be connected besides by API keys.
func (c *Commands) WaysToConnect() Ways {
	platform := c.Stripe.Platform()
	return Ways{Express: platform != nil, Standard: platform != nil && platform.Links()}
}

// ConnectionHistory is what became of an organisation's connections, the latest first.
func (c *Commands) ConnectionHistory(ctx context.Context, caller Caller, organisation string) ([]remit.ConnectionChange, error) {
	member, err := c.atTop(ctx, caller, organisation, remit.StripeView)
	if err != nil {
		return nil, err
	}
	var list []remit.ConnectionChange
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		list, err = tx.ConnectionHistory(ctx, 20)
		return err
	})
	return list, err
}
