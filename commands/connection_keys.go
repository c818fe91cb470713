package commands

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/gateway"
	"remit/postgres"
	"remit/secrets"
)

// SaveKeys connects an organisation by API keys, which are checked against
// Stripe first, stored sealed, and never shown again. New keys of the same
// account replace the old ones; another account's are refused while money is
// in flight.
func (c *Commands) SaveKeys(ctx context.Context, caller Caller, organisation string, body Body[KeysInput]) (remit.Connection, error) {
	member, err := c.atTop(ctx, caller, organisation, remit.StripeAll)
	if err != nil {
		return remit.Connection{}, err
	}
	if err := c.strongly(caller); err != nil {
		return remit.Connection{}, err
	}
	in, err := body()
	if err != nil {
		return remit.Connection{}, err
	}
	livemode, err := c.checkKeys(in)
	if err != nil {
		return remit.Connection{}, err
	}
	client := c.Stripe.At(gateway.Access{Key: in.SecretKey})
	account, err := client.Account(ctx)
	if err != nil {
		if meaning := gateway.MeaningOf(err); meaning == gateway.Unreachable || meaning == gateway.Stop {
			return remit.Connection{}, remit.Invalid("secret_key", "Stripe refused this key.")
		}
		return remit.Connection{}, unavailable(err)
	}
	next, err := c.prepareConnection(ctx, member, account, in, livemode)
	if err != nil {
		return remit.Connection{}, err
	}
	if err := c.sameTime(ctx, member.Tenant, client); err != nil {
		return remit.Connection{}, err
	}
	webhookSecret := in.WebhookSecret
	if webhookSecret == "" && c.reachable() && next.WebhookEndpoint == "" {
		key := fmt.Sprintf("connection/%s/endpoint", next.ID)
		if next.WebhookEndpoint, webhookSecret, err = client.CreateEndpoint(ctx, key, c.PublicURL+"/webhooks/stripe/"+next.ID.String()); err != nil {
			return remit.Connection{}, unavailable(err)
		}
	}
	if err := c.seal(&next, in.SecretKey, webhookSecret); err != nil {
		return remit.Connection{}, err
	}
	saved, err := c.putConnection(ctx, caller, member, next, "stripe.keys")
	if err == nil && c.Sandbox {
		c.nameStandin(ctx, member, client)
	}
	return saved, err
}

// sameTime brings an account's clock at the stand-in to that of an organisation
// which has moved its own on before: it would refuse as too far away what ends by
// the organisation's time (M15).
func (c *Commands) sameTime(ctx context.Context, tenant uuid.UUID, account *gateway.Client) error {
	clock, err := c.clockOf(ctx, tenant)
	if err != nil || !clock.Test {
		return err
	}
	if err := account.MoveStandinClock(ctx, clock.Now(c.Now())); err != nil {
		return remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "The stand-in's clock did not move.")
	}
	return nil
}

// nameStandin has the stand-in's pages name the organisation as the seller.
func (c *Commands) nameStandin(ctx context.Context, member Membership, account *gateway.Client) {
	var own remit.Organisation
	err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		own, err = tx.OrganisationByPath(ctx, member.Path)
		return err
	})
	if err == nil {
		err = account.NameStandin(ctx, own.Name)
	}
	if err != nil {
		c.Logger.WarnContext(ctx, "the stand-in's account has no name of its seller", "error", err)
	}
}

func (c *Commands) checkKeys(in KeysInput) (livemode bool, err error) {
	secret := strings.HasPrefix(in.SecretKey, "sk_") || strings.HasPrefix(in.SecretKey, "rk_")
	rest := strings.TrimPrefix(strings.TrimPrefix(in.SecretKey, "sk_"), "rk_")
	livemode = strings.HasPrefix(rest, "live_")
	switch {
	case !secret || !livemode && !strings.HasPrefix(rest, "test_") || len(in.SecretKey) > 255:
		return false, remit.Invalid("secret_key", "A secret key begins with sk_test_, sk_live_, rk_test_ or rk_live_.")
	case livemode && (c.Sandbox || c.Stripe.Standin()):
		return false, remit.Invalid("secret_key", "Live key in a test organisation.")
	case in.PublishableKey != "" && !strings.HasPrefix(in.PublishableKey, "pk_"):
		return false, remit.Invalid("publishable_key", "A publishable key begins with pk_test_ or pk_live_.")
	case in.PublishableKey != "" && strings.HasPrefix(in.PublishableKey, "pk_live_") != livemode:
		return false, remit.Invalid("publishable_key", "One key is for test mode and the other for live mode.")
	case in.WebhookSecret != "" && !strings.HasPrefix(in.WebhookSecret, "whsec_"):
		return false, remit.Invalid("webhook_secret", "A webhook's signing secret begins with whsec_.")
	}
	return livemode, nil
}

// prepareConnection says what the connection will be: the one in force with new
// keys where the account is the same, else a new one.
func (c *Commands) prepareConnection(ctx context.Context, member Membership, account gateway.Account, in KeysInput, livemode bool) (postgres.SealedConnection, error) {
	var next postgres.SealedConnection
	err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		live, err := tx.LiveConnection(ctx)
		if err != nil {
			return err
		}
		if live != nil && live.Account == account.ID && live.Livemode == livemode && live.Mode == remit.ModeKeys {
			next = *live
			next.PublishableKey, next.DisconnectingSince, next.WoundDown = in.PublishableKey, nil, false
			return nil
		}
		if live != nil && live.Mode.Platform() {
			return connectedAlready()
		}
		if live != nil {
			flying, err := tx.MoneyInFlight(ctx, live.Account)
			if err != nil {
				return err
			}
			if flying > 0 {
				return remit.Conflict(remit.CodeConflict, "%d payments are under way at the connected account. Wait until they are settled.", flying)
			}
		}
		top, err := tx.OrganisationByPath(ctx, member.Path)
		if err != nil {
			return err
		}
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("make an id: %w", err)
		}
		next = postgres.SealedConnection{Connection: remit.Connection{
			ID: id, Tenant: member.Tenant, OrganisationID: top.ID, Mode: remit.ModeKeys, Account: account.ID, Livemode: livemode, PublishableKey: in.PublishableKey,
		}}
		return nil
	})
	next.Describe(account.Facts)
	return next, err
}

// seal seals the keys to the connection's row.
func (c *Commands) seal(next *postgres.SealedConnection, secretKey, webhookSecret string) error {
	var err error
	next.SecretKey, err = c.Secrets.SealSecret(secrets.StripeKeys, activities.KeyPlace(next, "secret_key"), secrets.NewSecret(secretKey))
	if err != nil {
		return fmt.Errorf("seal a key: %w", err)
	}
	if webhookSecret == "" {
		return nil
	}
	next.WebhookSecret, err = c.Secrets.SealSecret(secrets.StripeKeys, activities.KeyPlace(next, "webhook_secret"), secrets.NewSecret(webhookSecret))
	if err != nil {
		return fmt.Errorf("seal a webhook secret: %w", err)
	}
	return nil
}

// reachable reports whether Stripe, or the stand-in, can send events to this
// installation: a public address for Stripe, any for the stand-in beside us.
func (c *Commands) reachable() bool {
	public, err := url.Parse(c.PublicURL)
	if err != nil || public.Host == "" {
		return false
	}
	return c.Stripe.Standin() || public.Scheme == "https"
}
