package webhooks

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/outbound"
	"remit/postgres"
	"remit/secrets"
)

// Deliverer sends what is due. All fields are required; any number of processes
// may each run one.
type Deliverer struct {
	DB      *postgres.DB
	Secrets *secrets.Keyring
	Guard   *outbound.Guard
	Logger  *slog.Logger
	Now     func() time.Time // real time

	mu      sync.Mutex
	busy    map[uuid.UUID]bool // endpoints that this process sends to
	sending sync.WaitGroup
}

// drainAtMost bounds what is sent to an endpoint before others get their turn.
const drainAtMost = 100

// Run looks for something to send every so often until ctx ends, and returns
// once nothing is being sent any more.
func (d *Deliverer) Run(ctx context.Context, every time.Duration) {
	defer d.sending.Wait()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := d.look(ctx); err != nil && ctx.Err() == nil {
			d.Logger.WarnContext(ctx, "webhooks were not looked after", "error", err)
		}
	}
}

// Round sends once what is due now and waits for it.
func (d *Deliverer) Round(ctx context.Context) error {
	err := d.look(ctx)
	d.sending.Wait()
	return err
}

// look numbers what is new and starts sending to every endpoint for which
// something is due and that this process does not send to already.
func (d *Deliverer) look(ctx context.Context) error {
	tenants, err := d.DB.TenantsWithWebhooks(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, tenant := range tenants { // one tenant's trouble is no other's
		due, err := d.due(ctx, tenant)
		failed = append(failed, err)
		for _, endpoint := range due {
			if !d.take(endpoint) {
				continue
			}
			d.sending.Go(func() {
				defer d.leave(endpoint)
				if err := d.drain(ctx, tenant, endpoint); err != nil && ctx.Err() == nil {
					d.Logger.WarnContext(ctx, "an endpoint was not served", "error", err, "tenant", tenant, "endpoint", endpoint)
				}
			})
		}
	}
	return errors.Join(failed...)
}

func (d *Deliverer) due(ctx context.Context, tenant uuid.UUID) (endpoints []uuid.UUID, err error) {
	err = d.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error { return tx.NumberEvents(ctx, d.Now()) })
	if err != nil {
		return nil, err
	}
	err = d.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		endpoints, err = tx.DueEndpoints(ctx, d.Now())
		return err
	})
	return endpoints, err
}

func (d *Deliverer) take(endpoint uuid.UUID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[endpoint] {
		return false
	}
	if d.busy == nil {
		d.busy = map[uuid.UUID]bool{}
	}
	d.busy[endpoint] = true
	return true
}

func (d *Deliverer) leave(endpoint uuid.UUID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.busy, endpoint)
}

// drain sends to one endpoint, one event after the other in the order of their
// numbers, until nothing is due or something did not arrive.
func (d *Deliverer) drain(ctx context.Context, tenant, endpoint uuid.UUID) error {
	for range drainAtMost {
		var claim *postgres.Claim
		err := d.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
			now := d.Now()
			claim, err = tx.ClaimDelivery(ctx, endpoint, now, now.Add(remit.DeliveryLease))
			return err
		})
		if err != nil || claim == nil {
			return err
		}
		answered := d.send(ctx, tenant, claim)
		if ctx.Err() != nil && !answered.Arrived() {
			return nil // cut off by the stop, not by the receiver: it is taken up again
		}
		if err := d.record(context.WithoutCancel(ctx), tenant, claim, answered); err != nil || !answered.Arrived() {
			return err
		}
	}
	return nil
}

// send tries once. Why it failed is said in words of ours: what a name resolved
// to, or what a receiver wrote, is not theirs to read who set the address.
func (d *Deliverer) send(ctx context.Context, tenant uuid.UUID, c *postgres.Claim) remit.Answered {
	ctx, cancel := context.WithTimeout(ctx, remit.DeliveryTimeout)
	defer cancel()
	secret, err := d.Secrets.OpenSecret(secrets.WebhookSecrets, SecretPlace(tenant, c.Endpoint.ID), c.Endpoint.Secret)
	if err != nil {
		d.Logger.ErrorContext(ctx, "an endpoint's secret does not open", "tenant", tenant, "endpoint", c.Endpoint.ID)
		return remit.Answered{Error: "The endpoint's secret cannot be read. Remove the endpoint and add it again."}
	}
	r, err := request(ctx, c.Endpoint.URL, secret, c.Event, d.Now())
	if err != nil {
		d.Logger.ErrorContext(ctx, "an event cannot be sent", "error", err, "tenant", tenant, "endpoint", c.Endpoint.ID)
		return remit.Answered{Error: "The event could not be written."}
	}
	status, err := d.Guard.Deliver(r)
	if refused, is := errors.AsType[*outbound.DeniedError](err); is {
		return remit.Answered{Error: "Not sent: " + refused.Reason + "."}
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return remit.Answered{Error: "No answer within 10 seconds."}
	case err != nil:
		return remit.Answered{Error: "The address could not be reached."}
	}
	return remit.Answered{Status: status}
}

// record writes how a try ended, and what that says of the endpoint.
func (d *Deliverer) record(ctx context.Context, tenant uuid.UUID, c *postgres.Claim, answered remit.Answered) error {
	now := d.Now()
	return d.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		sealed, err := tx.LockWebhookEndpoint(ctx, c.Endpoint.ID)
		if remit.IsCode(err, remit.CodeNotFound) {
			return nil // removed meanwhile, and its deliveries given up
		}
		if err != nil {
			return err
		}
		ours, err := tx.SaveDelivery(ctx, c, c.Delivery.After(answered, now))
		if err != nil || !ours || sealed.State != remit.EndpointEnabled {
			return err
		}
		after := sealed.WebhookEndpoint.After(answered, now)
		if err := tx.SaveWebhookEndpoint(ctx, after); err != nil || after.State == sealed.State {
			return err
		}
		return tx.AppendAudit(ctx, &remit.AuditEntry{
			At: now, Actor: remit.System, Action: "webhook_endpoint.disable", Object: "webhook endpoint " + after.ID.String(), Path: after.Organisation, Outcome: remit.AuditDone,
		})
	})
}
