package commands

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/activities"
	"remit/postgres"
	"remit/secrets"
	"remit/webhooks"
)

// Rotation is what a rotation of one purpose's keys has done.
type Rotation struct {
	Purpose  secrets.Purpose
	Keys     []secrets.KeyInfo
	Resealed int // stored values that were sealed by an older key
}

// RotateKeys adds a new primary key to a purpose and seals anew what is kept
// for good under an older one. What is short-lived (answers, mails, workflow
// histories) stays under its key until that is retired. It may run while
// everything works, and again after it was cut off. It is for the operator and
// asks for no permission.
func (c *Commands) RotateKeys(ctx context.Context, purpose secrets.Purpose) (Rotation, error) {
	done := Rotation{Purpose: purpose}
	if !slices.Contains(secrets.Purposes(), purpose) {
		return done, remit.Invalid("purpose", "The purposes are %v.", secrets.Purposes())
	}
	if err := c.Secrets.Rotate(ctx, purpose); err != nil {
		return done, fmt.Errorf("rotate: %w", err)
	}
	var err error
	switch purpose {
	case secrets.StripeKeys:
		done.Resealed, err = c.resealConnections(ctx)
	case secrets.MFA:
		done.Resealed, err = c.resealSecondFactors(ctx)
	case secrets.WebhookSecrets:
		done.Resealed, err = c.resealEndpoints(ctx)
	case secrets.RecordKeys:
		done.Resealed, err = c.resealRecordKeys(ctx)
	case secrets.RequestKeys, secrets.RequestAnswers, secrets.PayLinks, secrets.KnownBrowsers, secrets.TemporalPayloads, secrets.Mails, secrets.AuditSeal:
	}
	if err != nil {
		return done, err
	}
	done.Keys, err = c.Secrets.KeyInfo(purpose)
	return done, err
}

func (c *Commands) resealConnections(ctx context.Context) (resealed int, err error) {
	tenants, err := c.DB.Tenants(ctx)
	if err != nil {
		return 0, err
	}
	for _, tenant := range tenants {
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
			connections, err := tx.SealedConnections(ctx)
			if err != nil {
				return err
			}
			for _, sealed := range connections {
				changed := 0
				for column, value := range map[string]*[]byte{"secret_key": &sealed.SecretKey, "webhook_secret": &sealed.WebhookSecret} {
					again, err := c.reseal(secrets.StripeKeys, activities.KeyPlace(&sealed, column), value)
					if err != nil {
						return fmt.Errorf("connection %s: %w", sealed.ID, err)
					}
					changed += again
				}
				if changed > 0 {
					if err := tx.ResealConnection(ctx, sealed); err != nil {
						return err
					}
				}
				resealed += changed
			}
			return nil
		})
		if err != nil {
			return resealed, err
		}
	}
	return resealed, nil
}

func (c *Commands) resealEndpoints(ctx context.Context) (resealed int, err error) {
	tenants, err := c.DB.TenantsWithWebhooks(ctx)
	if err != nil {
		return 0, err
	}
	for _, tenant := range tenants {
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
			endpoints, err := tx.SealedEndpoints(ctx)
			if err != nil {
				return err
			}
			for _, sealed := range endpoints {
				again, err := c.reseal(secrets.WebhookSecrets, webhooks.SecretPlace(tenant, sealed.ID), &sealed.Secret)
				if err != nil {
					return fmt.Errorf("webhook endpoint %s: %w", sealed.ID, err)
				}
				if again > 0 {
					if err := tx.ResealEndpoint(ctx, sealed); err != nil {
						return err
					}
				}
				resealed += again
			}
			return nil
		})
		if err != nil {
			return resealed, err
		}
	}
	return resealed, nil
}

func (c *Commands) resealSecondFactors(ctx context.Context) (resealed int, err error) {
	const page = 100
	for after := uuid.Nil; ; {
		var accounts []postgres.Account
		err := c.DB.Global(ctx, func(tx pgx.Tx) (err error) {
			if accounts, err = postgres.SecondFactors(ctx, tx, after, page); err != nil {
				return err
			}
			for _, account := range accounts {
				again, err := c.reseal(secrets.MFA, mfaPlace(account.ID), &account.MFASecret)
				if err != nil {
					return fmt.Errorf("account %s: %w", account.ID, err)
				}
				if again > 0 {
					if err := postgres.ResealSecondFactor(ctx, tx, account.ID, account.MFASecret); err != nil {
						return err
					}
				}
				resealed += again
			}
			return nil
		})
		if err != nil || len(accounts) == 0 {
			return resealed, err
		}
		after = accounts[len(accounts)-1].ID
	}
}

// reseal replaces a value sealed by an older key and reports 1 if it did.
func (c *Commands) reseal(purpose secrets.Purpose, place secrets.AD, sealed *[]byte) (int, error) {
	if len(*sealed) == 0 || !c.Secrets.Stale(purpose, *sealed) {
		return 0, nil
	}
	plain, err := c.Secrets.Open(purpose, place, *sealed)
	if err != nil {
		return 0, fmt.Errorf("open: %w", err)
	}
	if *sealed, err = c.Secrets.Seal(purpose, place, plain); err != nil {
		return 0, fmt.Errorf("seal: %w", err)
	}
	return 1, nil
}
