package activities

import (
	"context"
	"errors"
	"fmt"

	"remit"
	"remit/gateway"
	"remit/policies"
	"remit/postgres"
)

// collect starts the attempt a request asks for and brings it as far as it
// goes now. Carried out again, it goes on with the same attempt.
func (p *Payments) collect(ctx context.Context, r reservation, begun *remit.Attempt) (remit.RequestResult, error) {
	// Of an attempt that exists money may be on its way: whatever forbids a new
	// one by now, this one is taken on, and never answered with a refusal.
	if begun != nil {
		p.boundary("reserved")
		return attempted(begun), p.advance(ctx, r.ref, begun.ID)
	}
	if err := decodePayRequest(r.stored, &r); err != nil {
		return remit.RequestResult{}, err
	}
	if r.link == nil {
		if err := p.collectThrough(ctx, &r); err != nil {
			return remit.RequestResult{}, err
		}
	}
	if err := p.readFunding(ctx, &r); err != nil {
		return remit.RequestResult{}, err
	}
	// Each round removes one thing that stands in the way: an open checkout, an
	// earlier intent, a policy that moved on. More than a few rounds mean that
	// somebody keeps putting them there.
	for range 6 {
		obstacle, w, err := p.reserve(ctx, &r)
		if errors.Is(err, errApproverLost) {
			return remit.RequestResult{}, errors.Join(err, p.lapseUnheld(ctx, &r))
		}
		if err != nil {
			return remit.RequestResult{}, err
		}
		if obstacle == nil {
			p.boundary("reserved")
			if r.in.Approval != nil {
				p.boundary("approval used")
			}
			return attempted(&w.attempt), p.take(ctx, w)
		}
		r.strict = obstacle.policy
		if err := p.clear(ctx, &r, obstacle); err != nil {
			return remit.RequestResult{}, err
		}
	}
	return remit.RequestResult{}, inFlight()
}

func attempted(a *remit.Attempt) remit.RequestResult {
	return remit.RequestResult{Attempt: &a.ID, Payment: &a.PaymentID}
}

// collectThrough finds the connection in force and the customer's id there.
func (p *Payments) collectThrough(ctx context.Context, r *reservation) error {
	var sealed *postgres.SealedConnection
	var customer remit.Customer
	err := p.DB.InTenant(ctx, r.ref.Tenant, func(tx *postgres.Tx) (err error) {
		if sealed, err = tx.LiveConnection(ctx); err != nil {
			return err
		}
		if err := Usable(sealed); err != nil {
			return err
		}
		invoice, err := tx.InvoiceHead(ctx, r.ref.Invoice)
		if err != nil {
			return err
		}
		if customer, err = tx.Customer(ctx, invoice.CustomerID); err != nil {
			return err
		}
		if err := customer.Collectable(); err != nil {
			return err
		}
		r.stripeCustomer, err = tx.StripeCustomer(ctx, customer.ID, sealed.Account, sealed.Livemode)
		return err
	})
	if err != nil {
		return err
	}
	if r.link, err = p.Connector.Open(sealed); err != nil || r.stripeCustomer != "" {
		return p.beforeMoney(err)
	}
	r.stripeCustomer, err = p.Connector.MakeStripeCustomer(ctx, r.ref.Tenant, r.link, customer)
	return p.beforeMoney(err)
}

// decide asks policies anew whether the one who asked still may (T4). It is
// asked outside of any transaction; the version it was decided at is compared
// inside the ones that count.
func (p *Payments) decide(ctx context.Context, r *reservation) error {
	permit := r.in.Permit
	if permit.Customer || permit.Link > 0 || permit.Itself() {
		return nil // membership and the link's version are rows, looked at in the transaction
	}
	path, err := remit.ParsePath(permit.Path)
	if err != nil {
		return fmt.Errorf("a permit's path: %w", err)
	}
	subject := policies.Subject{UserID: permit.Account, Tenant: r.ref.Tenant, TokenScopes: permit.TokenScopes}
	for n, scope := range permit.Scopes {
		ask := p.Authority.Can
		if r.strict {
			ask = p.Authority.CanNow
		}
		decision, err := ask(ctx, subject, path, scope)
		if err != nil {
			return fmt.Errorf("ask for %s: %w", scope, err)
		}
		if !decision.Allowed {
			return remit.Forbidden(scope.String(), permit.Path)
		}
		if n == 0 || decision.Version < r.decided {
			r.decided = decision.Version // of the oldest answer: a later one says nothing of what was asked before
		}
	}
	return p.decideApprover(ctx, r)
}

// policyMoved reports that who may do what changed since decide was asked.
func (p *Payments) policyMoved(ctx context.Context, tx *postgres.Tx, r *reservation) (bool, error) {
	if token := r.in.Permit.Token; token != nil {
		stands, err := tx.APITokenStands(ctx, *token)
		if err != nil {
			return false, err
		}
		if !stands {
			return false, remit.Errorf(remit.KindForbidden, remit.CodeForbidden, "This API token was revoked.")
		}
	}
	if r.in.Permit.Customer {
		own, err := tx.IsCustomersUser(ctx, r.in.Permit.Account, r.ref.Invoice)
		if err != nil {
			return false, err
		}
		if !own {
			return false, remit.NotFound()
		}
		return false, nil
	}
	if r.in.Permit.Itself() {
		return false, nil // see chargeStill
	}
	if link := r.in.Permit.Link; link > 0 {
		version, err := tx.LinkVersion(ctx, r.ref.Invoice)
		if err == nil && version != link {
			err = remit.NotFound() // it was reset meanwhile
		}
		return false, err
	}
	version, err := tx.AuthzVersion(ctx)
	return version != r.decided, err
}

// clear removes an obstacle, or says that money may be on its way through it.
func (p *Payments) clear(ctx context.Context, r *reservation, o *obstacle) error {
	switch {
	case o.owed != nil:
		return o.owed
	case o.session != nil:
		return p.closeSession(ctx, r.ref, *o.session)
	case o.intent != nil:
		return p.closeIntent(ctx, r.ref, r.stored.ID, *o.intent)
	default:
		return nil // decided again at the next round
	}
}

// beforeMoney turns a failure of a call that cannot have moved money into an
// answer, where repeating it cannot help.
func (p *Payments) beforeMoney(err error) error {
	var failure *gateway.Failure
	if !errors.As(err, &failure) {
		return err
	}
	switch failure.Meaning {
	case gateway.Unreachable:
		return remit.Conflict(remit.CodeNotConnected, "Stripe does not accept this organisation's keys. Enter them anew on Settings > Integrations > Stripe.")
	case gateway.Stop, gateway.State, gateway.Outcome, gateway.Refunded, gateway.Disputed, gateway.Short:
		return remit.Conflict(remit.CodeNotPayable, "Nothing was charged: Stripe refused the request (%s).", failure.Named())
	case gateway.Unknown, gateway.Later:
		return err
	}
	return err
}

func inFlight() error {
	return remit.Conflict(remit.CodeInFlight, "A payment is already under way. Nothing more was charged.")
}
