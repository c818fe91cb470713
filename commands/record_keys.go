package commands

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
	"remit/record"
	"remit/secrets"
)

// RecordKey is a public key by which records are checked.
type RecordKey struct {
	ID         string
	PEM        string
	MadeAt     time.Time
	ReplacedAt *time.Time // nil: it signs
}

// RecordKeys are the public keys of an organisation's tenant, the one that signs first,
// which is made where there is none yet. It needs invoice=read at the organisation.
func (c *Commands) RecordKeys(ctx context.Context, caller Caller, organisation uuid.UUID) ([]RecordKey, error) {
	tenant, path, err := c.seeOrganisation(ctx, caller, organisation)
	if err != nil {
		return nil, err
	}
	if err := c.authorise(ctx, caller, tenant, path, remit.InvoiceRead); err != nil {
		return nil, err
	}
	var keys []postgres.RecordKey
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		keys, err = c.recordKeys(ctx, tx, caller)
		return err
	})
	if err != nil {
		return nil, err
	}
	shown := make([]RecordKey, len(keys))
	for n, k := range keys {
		shown[n] = RecordKey{ID: k.ID, MadeAt: k.MadeAt, ReplacedAt: k.ReplacedAt}
		if shown[n].PEM, err = record.PEM(k.Public); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// ReplaceRecordKey makes another key sign the records of a top-level organisation from
// now on, and forgets the private one that did. It is for the operator and asks for no
// permission.
func (c *Commands) ReplaceRecordKey(ctx context.Context, path string) (RecordKey, error) {
	tenant, found, err := c.DB.TenantOfPath(ctx, path)
	if err != nil {
		return RecordKey{}, err
	}
	if !found {
		return RecordKey{}, remit.Invalid("organisation", "There is no top-level organisation %s.", path)
	}
	made, err := c.newRecordKey(tenant)
	if err != nil {
		return RecordKey{}, err
	}
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if _, err := tx.InsertRecordKey(ctx, made, true); err != nil {
			return err
		}
		return c.audit(ctx, tx, keyMade(remit.System, path, made.ID))
	})
	if err != nil {
		return RecordKey{}, err
	}
	shown := RecordKey{ID: made.ID, MadeAt: made.MadeAt}
	shown.PEM, err = record.PEM(made.Public)
	return shown, err
}

// recordKeys are the tenant's keys, the one that signs first.
func (c *Commands) recordKeys(ctx context.Context, tx *postgres.Tx, caller Caller) ([]postgres.RecordKey, error) {
	keys, err := tx.RecordKeys(ctx)
	if err != nil || len(keys) > 0 && keys[0].ReplacedAt == nil {
		return keys, err
	}
	made, err := c.newRecordKey(tx.Tenant)
	if err != nil {
		return nil, err
	}
	stored, err := tx.InsertRecordKey(ctx, made, false) // of two at once the other may have been first
	if err != nil {
		return nil, err
	}
	if stored {
		member, _ := caller.membership(tx.Tenant)
		if err := c.audit(ctx, tx, keyMade(caller.Actor(), member.Path, made.ID)); err != nil {
			return nil, err
		}
	}
	return tx.RecordKeys(ctx)
}

func keyMade(actor remit.Actor, path, id string) *remit.AuditEntry {
	return &remit.AuditEntry{Actor: actor, Action: "record_key.make", Object: id, Path: path, Outcome: remit.AuditDone}
}

func (c *Commands) newRecordKey(tenant uuid.UUID) (postgres.RecordKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return postgres.RecordKey{}, fmt.Errorf("make a record key: %w", err)
	}
	made := postgres.RecordKey{ID: record.KeyID(public), Public: public, MadeAt: c.Now()}
	if made.Private, err = c.Secrets.Seal(secrets.RecordKeys, recordKeyPlace(tenant, made.ID), private.Seed()); err != nil {
		return postgres.RecordKey{}, fmt.Errorf("seal a record key: %w", err)
	}
	return made, nil
}

func (c *Commands) openRecordKey(tenant uuid.UUID, k postgres.RecordKey) (ed25519.PrivateKey, error) {
	seed, err := c.Secrets.Open(secrets.RecordKeys, recordKeyPlace(tenant, k.ID), k.Private)
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("open the record key %s: %w", k.ID, err)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// recordKeyPlace binds a private key to its organisation and to its public key.
func recordKeyPlace(tenant uuid.UUID, id string) secrets.AD {
	return secrets.AD{Tenant: tenant, Table: "record_keys", Column: "private_key", Row: id}
}

func (c *Commands) resealRecordKeys(ctx context.Context) (resealed int, err error) {
	tenants, err := c.DB.Tenants(ctx)
	if err != nil {
		return 0, err
	}
	for _, tenant := range tenants {
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
			keys, err := tx.RecordKeys(ctx)
			if err != nil {
				return err
			}
			for _, k := range keys {
				again, err := c.reseal(secrets.RecordKeys, recordKeyPlace(tenant, k.ID), &k.Private)
				if err != nil {
					return fmt.Errorf("record key %s: %w", k.ID, err)
				}
				if again > 0 {
					if err := tx.ResealRecordKey(ctx, k); err != nil {
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
