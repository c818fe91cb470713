package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// StoreAt finds whose store an address is. It returns [remit.NotFound] where it is
// nobody's.
func (db *DB) StoreAt(ctx context.Context, slug string) (tenant, store uuid.UUID, err error) {
	err = db.pool.QueryRow(ctx, "select tenant, store from store_directory where slug = $1", slug).Scan(&tenant, &store)
	if isNoRows(err) {
		return uuid.Nil, uuid.Nil, remit.NotFound()
	}
	if err != nil {
		return uuid.Nil, uuid.Nil, fmt.Errorf("find a store: %w", err)
	}
	return tenant, store, nil
}

func (tx *Tx) store(ctx context.Context, where string, arg uuid.UUID) (remit.Store, error) {
	s := remit.Store{Tenant: tx.Tenant}
	err := tx.QueryRow(ctx, `select s.id, s.organisation_id, o.path, s.slug, coalesce(nullif(s.name, ''), o.name), s.is_open, s.embedders, s.version
		from stores s join organisations o on o.tenant = s.tenant and o.id = s.organisation_id where s.tenant = $1 and `+where, tx.Tenant, arg).
		Scan(&s.ID, &s.OrganisationID, &s.Organisation, &s.Slug, &s.Name, &s.Open, &s.Embedders, &s.Version)
	if isNoRows(err) {
		return remit.Store{}, remit.NotFound()
	}
	if err != nil {
		return remit.Store{}, fmt.Errorf("read a store: %w", err)
	}
	return s, nil
}

// Store reads a store. It returns [remit.NotFound] where there is none.
func (tx *Tx) Store(ctx context.Context, id uuid.UUID) (remit.Store, error) {
	return tx.store(ctx, "s.id = $2", id)
}

// StoreOf reads an organisation's store. It returns [remit.NotFound] where it has none.
func (tx *Tx) StoreOf(ctx context.Context, organisation uuid.UUID) (remit.Store, error) {
	return tx.store(ctx, "s.organisation_id = $2", organisation)
}

// SaveStore makes an organisation's store or changes it, with its address: the one it
// had before leads nowhere. It returns [remit.CodeAlreadyExists] for an address that is
// somebody else's.
func (tx *Tx) SaveStore(ctx context.Context, s remit.Store) error {
	batch := &pgx.Batch{}
	batch.Queue(`insert into stores (tenant, id, organisation_id, slug, name, is_open, embedders) values ($1,$2,$3,$4,$5,$6,$7)
		on conflict (tenant, organisation_id) do update set slug = excluded.slug, name = excluded.name, is_open = excluded.is_open, embedders = excluded.embedders,
		version = stores.version + 1, updated_at = now()`, tx.Tenant, s.ID, s.OrganisationID, s.Slug, s.Name, s.Open, s.Embedders)
	batch.Queue("delete from store_directory where tenant = $1 and store = $2", tx.Tenant, s.ID)
	batch.Queue("insert into store_directory (slug, tenant, store) values ($1,$2,$3)", s.Slug, tx.Tenant, s.ID)
	err := tx.SendBatch(ctx, batch).Close()
	if IsUnique(err, "store_directory_pkey") || IsUnique(err, "stores_tenant_slug_key") {
		return remit.Conflict(remit.CodeAlreadyExists, "Another store has this address. Choose another.")
	}
	if err != nil {
		return fmt.Errorf("save a store: %w", err)
	}
	return nil
}
