package commands

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/outbound"
	"remit/policies"
	"remit/postgres"
	"remit/secrets"
	"remit/webhooks"
)

// WebhookInput is an endpoint to be added.
type WebhookInput struct {
	Organisation string // whose events it is told of, and those below
	URL          string
	Events       []string // types; none: all
}

// NewWebhook is an endpoint that was just added. Its secret is not shown again.
type NewWebhook struct {
	remit.WebhookEndpoint
	Secret secrets.Secret
}

// maxWebhookURL is the longest address taken, in bytes.
const maxWebhookURL = 2000

// AddWebhookEndpoint has an address told of what happens at an organisation and
// below it. It asks for a confirmation: what it sends out outlives a session.
func (c *Commands) AddWebhookEndpoint(ctx context.Context, caller Caller, body Body[WebhookInput]) (NewWebhook, error) {
	if err := c.somewhere(ctx, caller, remit.AdminWebhooks); err != nil {
		return NewWebhook{}, err
	}
	in, err := body()
	if err != nil {
		return NewWebhook{}, err
	}
	member, err := c.at(ctx, caller, in.Organisation, remit.AdminWebhooks)
	if err != nil {
		return NewWebhook{}, err
	}
	if err := c.strongly(caller); err != nil {
		return NewWebhook{}, err
	}
	types, err := remit.ParseEventTypes(in.Events)
	if err != nil {
		return NewWebhook{}, err
	}
	if err := c.checkWebhookURL(ctx, in.URL); err != nil {
		return NewWebhook{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return NewWebhook{}, fmt.Errorf("make an id: %w", err)
	}
	if caller.Asked != uuid.Nil { // sent again after a process died over it, it is the same endpoint
		id = uuid.NewSHA1(caller.Asked, []byte("webhook endpoint"))
	}
	made := NewWebhook{Secret: webhooks.NewSecret()}
	sealed := postgres.SealedEndpoint{WebhookEndpoint: remit.WebhookEndpoint{
		ID: id, URL: in.URL, Events: types, State: remit.EndpointEnabled, CreatedBy: caller.Account, CreatedAt: c.Now(),
	}}
	if sealed.Secret, err = c.Secrets.SealSecret(secrets.WebhookSecrets, webhooks.SecretPlace(member.Tenant, id), made.Secret); err != nil {
		return NewWebhook{}, fmt.Errorf("seal an endpoint's secret: %w", err)
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		there, err := tx.WebhookEndpoint(ctx, id)
		if err == nil {
			made.WebhookEndpoint = there.WebhookEndpoint
			made.Secret, err = c.Secrets.OpenSecret(secrets.WebhookSecrets, webhooks.SecretPlace(member.Tenant, id), there.Secret)
			return err
		}
		if !remit.IsCode(err, remit.CodeNotFound) {
			return err
		}
		organisation, err := tx.OrganisationByPath(ctx, orTop(in.Organisation, member))
		if err != nil {
			return remit.Invalid("organisation", "There is no such organisation, or you may not see it.")
		}
		sealed.OrganisationID, sealed.Organisation = organisation.ID, organisation.Path
		if err := tx.InsertWebhookEndpoint(ctx, sealed); err != nil {
			return err
		}
		made.WebhookEndpoint = sealed.WebhookEndpoint
		return c.audit(ctx, tx, endpointEntry(caller, "webhook_endpoint.create", nil, &made.WebhookEndpoint))
	})
	if err != nil {
		return NewWebhook{}, err
	}
	return made, nil
}

// checkWebhookURL refuses an address that could never be used (T16). Connecting
// decides again every time.
func (c *Commands) checkWebhookURL(ctx context.Context, address string) error {
	if len(address) > maxWebhookURL {
		return remit.Invalid("url", "Enter at most %d characters.", maxWebhookURL)
	}
	if u, err := url.Parse(address); err == nil && u.Fragment != "" {
		return remit.Invalid("url", "The part after # is never sent. Leave it out.")
	}
	err := c.Outbound.CheckURL(ctx, address)
	if refused, is := errors.AsType[*outbound.DeniedError](err); is {
		return remit.Invalid("url", "%s.", strings.ToUpper(refused.Reason[:1])+refused.Reason[1:])
	}
	return err
}

// WebhookEndpoints lists the endpoints at a path and below at which the caller
// holds admin=webhooks, newest first.
func (c *Commands) WebhookEndpoints(ctx context.Context, caller Caller, organisation string, page Page) (List[remit.WebhookEndpoint], error) {
	return listWebhooks(ctx, c, caller, organisation, page, (*postgres.Tx).ListWebhookEndpoints, func(w remit.WebhookEndpoint) uuid.UUID { return w.ID })
}

// Events lists what endpoints at a path and below were told or are to be told,
// newest first, where the caller holds admin=webhooks.
func (c *Commands) Events(ctx context.Context, caller Caller, organisation string, page Page) (List[remit.Event], error) {
	return listWebhooks(ctx, c, caller, organisation, page, (*postgres.Tx).ListEvents, func(e remit.Event) uuid.UUID { return e.ID })
}

func listWebhooks[T any](ctx context.Context, c *Commands, caller Caller, organisation string, page Page,
	read func(*postgres.Tx, context.Context, postgres.WebhookQuery) ([]T, error), id func(T) uuid.UUID,
) (List[T], error) {
	member, err := tenantOf(caller, organisation)
	if err != nil {
		return List[T]{}, err
	}
	query := postgres.WebhookQuery{Path: organisation, Limit: page.limit() + 1}
	if query.Units, err = c.units(ctx, caller, member.Tenant, remit.AdminWebhooks); err != nil {
		return List[T]{}, err
	}
	if len(query.Units) == 0 {
		return List[T]{}, c.refuse(ctx, caller, member.Tenant, member.Path, remit.AdminWebhooks, policies.Decision{})
	}
	if _, query.Before, err = page.after(); err != nil {
		return List[T]{}, err
	}
	var items []T
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		items, err = read(tx, ctx, query)
		return err
	})
	if err != nil {
		return List[T]{}, err
	}
	return cut(items, page.limit(), func(item T) (string, uuid.UUID) { return "", id(item) }), nil
}

// EnableWebhookEndpoint has an endpoint told of events again that was disabled since
// nothing arrived there. What happened meanwhile is not sent by itself. One that is
// enabled already stays as it is.
func (c *Commands) EnableWebhookEndpoint(ctx context.Context, caller Caller, id uuid.UUID) (remit.WebhookEndpoint, error) {
	var w remit.WebhookEndpoint
	found, err := c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		there, err := tx.WebhookEndpoint(ctx, id)
		w = there.WebhookEndpoint
		return w.Organisation, uuid.Nil, err
	}, remit.AdminWebhooks)
	if err != nil {
		return w, err
	}
	if err := c.authorise(ctx, caller, found.member.Tenant, found.path, remit.AdminWebhooks); err != nil {
		return w, err
	}
	if w.State == remit.EndpointEnabled {
		return w, nil
	}
	if err := c.checkWebhookURL(ctx, w.URL); err != nil {
		return w, err
	}
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		locked, err := tx.LockWebhookEndpoint(ctx, id)
		if err != nil || locked.State == remit.EndpointEnabled {
			w = locked.WebhookEndpoint
			return err
		}
		before := locked.WebhookEndpoint
		w = before.Enabled()
		if err := tx.SaveWebhookEndpoint(ctx, w); err != nil {
			return err
		}
		return c.audit(ctx, tx, endpointEntry(caller, "webhook_endpoint.enable", &before, &w))
	})
	return w, err
}

// RemoveWebhookEndpoint ends an endpoint at once: nothing more is sent there,
// and its secret is gone. It asks for no confirmation: what leaks should end fast.
func (c *Commands) RemoveWebhookEndpoint(ctx context.Context, caller Caller, id uuid.UUID) error {
	found, err := c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		w, err := tx.WebhookEndpoint(ctx, id)
		return w.Organisation, uuid.Nil, err
	}, remit.AdminWebhooks)
	if err != nil {
		return err
	}
	if err := c.authorise(ctx, caller, found.member.Tenant, found.path, remit.AdminWebhooks); err != nil {
		return err
	}
	return c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		w, err := tx.LockWebhookEndpoint(ctx, id)
		if err != nil {
			return err
		}
		before := w.WebhookEndpoint
		w.State = remit.EndpointRemoved
		if err := tx.SaveWebhookEndpoint(ctx, w.WebhookEndpoint); err != nil {
			return err
		}
		return c.audit(ctx, tx, endpointEntry(caller, "webhook_endpoint.remove", &before, nil))
	})
}

// ResendEvent queues an event again for every endpoint that wants it, whether it
// arrived there, was given up or was never sent. It answers a conflict where
// there is no such endpoint.
func (c *Commands) ResendEvent(ctx context.Context, caller Caller, id uuid.UUID) (remit.Event, error) {
	found, err := c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		e, err := tx.Event(ctx, id, nil)
		return e.Organisation, uuid.Nil, err
	}, remit.AdminWebhooks)
	if err != nil {
		return remit.Event{}, err
	}
	if err := c.authorise(ctx, caller, found.member.Tenant, found.path, remit.AdminWebhooks); err != nil {
		return remit.Event{}, err
	}
	units, err := c.units(ctx, caller, found.member.Tenant, remit.AdminWebhooks)
	if err != nil {
		return remit.Event{}, err
	}
	var event remit.Event
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		queued, err := tx.QueueAgain(ctx, id, c.Now())
		if err != nil {
			return err
		}
		if queued == 0 {
			return remit.Conflict(remit.CodeConflict, "No enabled endpoint wants this event.")
		}
		if event, err = tx.Event(ctx, id, units); err != nil {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("event.resend", "event "+id.String(), found.path), nil, map[string]any{"type": event.Type, "endpoints": queued}))
	})
	return event, err
}

// endpointEntry says what became of an endpoint. What follows a "?" in its
// address may be a key of the receiver's, and is left out.
func endpointEntry(caller Caller, action string, before, after *remit.WebhookEndpoint) *remit.AuditEntry {
	text := func(w *remit.WebhookEndpoint) any {
		if w == nil {
			return nil
		}
		address, err := url.Parse(w.URL)
		if err != nil {
			return nil
		}
		address.RawQuery = ""
		return map[string]any{"url": address.String(), "events": w.Events, "organisation": w.Organisation, "state": w.State}
	}
	of := before
	if of == nil {
		of = after
	}
	return changing(caller.entry(action, "webhook endpoint "+of.ID.String(), of.Organisation), text(before), text(after))
}
