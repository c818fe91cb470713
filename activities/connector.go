package activities

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/postgres"
	"remit/secrets"
)

// Connector opens connections: it takes their sealed keys to a Stripe client.
type Connector struct {
	DB      *postgres.DB
	Gateway *gateway.Gateway
	Secrets *secrets.Keyring
}

// Link is an opened connection.
type Link struct {
	postgres.SealedConnection
	Stripe *gateway.Client
}

// errNoKeys says that a connection's keys are gone, so nothing stored under its
// account can be looked at.
var errNoKeys = &gateway.Failure{Meaning: gateway.Unreachable, Code: "no_keys"}

// Live opens the tenant's connection in force. Where there is none, or it may
// not charge, it answers with what the payer's screen says (A10).
func (c *Connector) Live(ctx context.Context, tenant uuid.UUID) (*Link, error) {
	var sealed *postgres.SealedConnection
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		sealed, err = tx.LiveConnection(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := Usable(sealed); err != nil {
		return nil, err
	}
	return c.Open(sealed)
}

// Usable says why a connection cannot collect money, in the words of the
// payer's screen.
func Usable(c *postgres.SealedConnection) error {
	if c == nil {
		return remit.Conflict(remit.CodeNotConnected, "Loading error: no API keys. Enter them on Settings > Integrations > Stripe.")
	}
	if c.DisconnectingSince != nil {
		return remit.Conflict(remit.CodeNotConnected, "The Stripe account is being disconnected. See Settings > Integrations > Stripe.")
	}
	if c.KeysRefused != nil {
		return remit.Conflict(remit.CodeNotConnected, "Loading error: Stripe does not take the API keys any more. Enter new ones on Settings > Integrations > Stripe.")
	}
	if !c.Usable() {
		return remit.Conflict(remit.CodeNotConnected, "Stripe does not take charges for this account now. See Settings > Integrations > Stripe.")
	}
	return nil
}

// At opens the connection to the account something was stored under. An object
// is only ever looked up at its own account and in its own mode (M3).
func (c *Connector) At(ctx context.Context, tenant uuid.UUID, account string, livemode bool) (*Link, error) {
	var sealed *postgres.SealedConnection
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		sealed, err = tx.ConnectionOfAccount(ctx, account, livemode)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.Open(sealed)
}

// Open gives access to a connection's account: by its own key, which is unsealed, or
// by the platform's. Where there is none it cannot be reached, nor where the platform's
// is of the other mode, by which nothing of the account's is to be found. An account of
// its owner's is reached only while the connection is in force: what another
// organisation was allowed meanwhile, by the same owner or the next, is not this one's.
// One that was made here stays the platform's own, to follow what was begun in it.
func (c *Connector) Open(sealed *postgres.SealedConnection) (*Link, error) {
	if sealed != nil && sealed.Mode.Platform() {
		platform := c.Gateway.Platform()
		switch {
		case platform == nil || sealed.Account == "":
			return nil, errNoKeys
		case platform.Live() != sealed.Livemode:
			return nil, fmt.Errorf("the platform's key is of the other mode: %w", errNoKeys)
		case sealed.Mode == remit.ModeStandard && sealed.DisconnectedAt != nil:
			return nil, fmt.Errorf("its owner's permission has ended: %w", errNoKeys)
		}
		return &Link{SealedConnection: *sealed, Stripe: platform.At(sealed.Account)}, nil
	}
	if sealed == nil || len(sealed.SecretKey) == 0 {
		return nil, errNoKeys
	}
	key, err := c.Secrets.OpenSecret(secrets.StripeKeys, KeyPlace(sealed, "secret_key"), sealed.SecretKey)
	if err != nil {
		return nil, fmt.Errorf("open a connection's key: %w", err)
	}
	return &Link{SealedConnection: *sealed, Stripe: c.Gateway.At(gateway.Access{Key: key.Reveal(), Owner: sealed.Account})}, nil
}

// KeyPlace is where a connection's key is stored, which it is sealed to.
func KeyPlace(c *postgres.SealedConnection, column string) secrets.AD {
	return secrets.AD{Tenant: c.Tenant, Table: "connections", Column: column, Row: c.ID.String()}
}

// NoKeys reports that a connection's keys are gone.
func NoKeys(err error) bool { return errors.Is(err, errNoKeys) }

// isUnreachable reports that an account's keys do not work (any more).
func isUnreachable(err error) bool {
	return errors.Is(err, errNoKeys) || gateway.MeaningOf(err) == gateway.Unreachable
}
