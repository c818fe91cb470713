package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

const productColumns = "p.id, p.organisation_id, o.path, p.name, p.description, p.price, p.currency, p.stock, p.sold, p.active, p.picture_version, p.created_at"

const productTables = " from products p join organisations o on o.tenant = p.tenant and o.id = p.organisation_id"

func scanProduct(row pgx.CollectableRow) (p remit.Product, err error) {
	err = row.Scan(&p.ID, &p.OrganisationID, &p.Organisation, &p.Name, &p.Description, &p.Price, &p.Currency, &p.Stock, &p.Sold, &p.Active, &p.Picture, &p.CreatedAt)
	return p, err
}

func (tx *Tx) products(ctx context.Context, where string, args ...any) ([]remit.Product, error) {
	rows, err := tx.Query(ctx, "select "+productColumns+productTables+" where p.tenant = $1 and p.removed_at is null "+where, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanProduct)
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	return list, nil
}

// ProductQuery narrows a list of products.
type ProductQuery struct {
	Path   string      // at this path and below; "" for anywhere
	Units  []uuid.UUID // at these organisations
	Before *time.Time  // keyset: made before this moment, or at it with a lower id; nil: from the newest
	ID     uuid.UUID
	Limit  int
}

// ListProducts reads a page of products, newest first.
func (tx *Tx) ListProducts(ctx context.Context, q ProductQuery) ([]remit.Product, error) {
	return tx.products(ctx, `and ($2 = '' or o.path = $2 or o.path ^@ ($2 || '/')) and p.organisation_id = any($3)
		and ($4::timestamptz is null or (p.created_at, p.id) < ($4, $5)) order by p.created_at desc, p.id desc limit $6`, q.Path, q.Units, q.Before, q.ID, q.Limit)
}

// ProductsOnSale reads what an organisation's store shows, in the order it was added.
func (tx *Tx) ProductsOnSale(ctx context.Context, organisation uuid.UUID, limit int) ([]remit.Product, error) {
	return tx.products(ctx, "and p.organisation_id = $2 and p.active order by p.created_at, p.id limit $3", organisation, limit)
}

// LockProducts reads those of an organisation's products that have the ids, and holds
// their rows: whoever orders the same waits. They are taken in the order of their ids,
// so that two orders never wait for each other.
func (tx *Tx) LockProducts(ctx context.Context, organisation uuid.UUID, ids []uuid.UUID) ([]remit.Product, error) {
	return tx.products(ctx, "and p.organisation_id = $2 and p.id = any($3) order by p.id for update of p", organisation, ids)
}

// Product reads a product that is not removed. It returns [remit.NotFound] where there
// is none.
func (tx *Tx) Product(ctx context.Context, id uuid.UUID) (remit.Product, error) {
	return tx.product(ctx, id, "")
}

// LockProduct is [Tx.Product], and nobody changes or orders it until the transaction
// ends.
func (tx *Tx) LockProduct(ctx context.Context, id uuid.UUID) (remit.Product, error) {
	return tx.product(ctx, id, " for update of p")
}

func (tx *Tx) product(ctx context.Context, id uuid.UUID, lock string) (remit.Product, error) {
	list, err := tx.products(ctx, "and p.id = $2"+lock, id)
	if err != nil {
		return remit.Product{}, err
	}
	if len(list) == 0 {
		return remit.Product{}, remit.NotFound()
	}
	return list[0], nil
}

// InsertProduct adds a product.
func (tx *Tx) InsertProduct(ctx context.Context, p remit.Product) error {
	_, err := tx.Exec(ctx, `insert into products (tenant, id, organisation_id, name, description, price, currency, stock, active, created_at)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`, tx.Tenant, p.ID, p.OrganisationID, p.Name, p.Description, p.Price, p.Currency, p.Stock, p.Active, p.CreatedAt)
	if err != nil {
		return fmt.Errorf("insert a product: %w", err)
	}
	return nil
}

// SaveProduct writes what people edit of a product. How many are sold is not part of
// it: see [Tx.TakeStock].
func (tx *Tx) SaveProduct(ctx context.Context, p remit.Product) error {
	_, err := tx.Exec(ctx, `update products set name = $3, description = $4, price = $5, currency = $6, stock = $7, active = $8, updated_at = now() where tenant = $1 and id = $2`,
		tx.Tenant, p.ID, p.Name, p.Description, p.Price, p.Currency, p.Stock, p.Active)
	if err != nil {
		return fmt.Errorf("save a product: %w", err)
	}
	return nil
}

// RemoveProduct takes a product out of every list. Orders keep what they say of it.
func (tx *Tx) RemoveProduct(ctx context.Context, id uuid.UUID) error {
	_, err := tx.Exec(ctx, "update products set removed_at = now(), active = false where tenant = $1 and id = $2", tx.Tenant, id)
	if err != nil {
		return fmt.Errorf("remove a product: %w", err)
	}
	return nil
}

// TakeStock counts what is in a cart as sold. It returns [remit.CodeInvalid] where
// there are not as many left: the database refuses it whatever was read before.
func (tx *Tx) TakeStock(ctx context.Context, cart remit.Cart) error {
	for _, item := range cart {
		_, err := tx.Exec(ctx, "update products set sold = sold + $3 where tenant = $1 and id = $2", tx.Tenant, item.Product, item.Quantity)
		if isCheck(err, "products_not_oversold") {
			return remit.Invalid("cart", "Somebody was quicker: there are not as many left.")
		}
		if err != nil {
			return fmt.Errorf("take stock: %w", err)
		}
	}
	return nil
}

// SetPicture stores a product's picture under a version of its own; nil takes it away.
func (tx *Tx) SetPicture(ctx context.Context, product uuid.UUID, picture []byte, mediaType, version string) error {
	_, err := tx.Exec(ctx, "update products set picture = $3, picture_type = nullif($4, ''), picture_version = $5, updated_at = now() where tenant = $1 and id = $2",
		tx.Tenant, product, picture, mediaType, version)
	if err != nil {
		return fmt.Errorf("store a picture: %w", err)
	}
	return nil
}

// Picture reads a picture of a product that an organisation's store sells.
func (tx *Tx) Picture(ctx context.Context, organisation, product uuid.UUID) (picture []byte, mediaType string, err error) {
	err = tx.QueryRow(ctx, `select picture, picture_type from products where tenant = $1 and organisation_id = $2 and id = $3 and picture is not null and removed_at is null`,
		tx.Tenant, organisation, product).Scan(&picture, &mediaType)
	if isNoRows(err) {
		return nil, "", remit.NotFound()
	}
	if err != nil {
		return nil, "", fmt.Errorf("read a picture: %w", err)
	}
	return picture, mediaType, nil
}
