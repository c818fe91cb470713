package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// ImportCustomers is the format of an import that brings customers together with
// those at Stripe: what was decided for each of them, in JSON.
const ImportCustomers = "customers"

// mappingCandidates is how many at Stripe are shown for one of ours.
const mappingCandidates = 5

// Unmapped reads a page, by id, of the customers at a path and below who are not
// linked at an account.
func (tx *Tx) Unmapped(ctx context.Context, of DashboardOf, path string, after uuid.UUID, limit int) ([]remit.Customer, error) {
	rows, err := tx.Query(ctx, "select "+customerColumns+customerTables+` where c.tenant = $1 and (o.path = $2 or o.path ^@ ($2 || '/')) and c.id > $3 and `+noBuyer("c")+`
		and not exists (select 1 from stripe_customers s where s.tenant = c.tenant and s.account = $4 and s.livemode = $5 and s.customer_id = c.id) order by c.id limit $6`,
		tx.Tenant, path, after, of.Account, of.Livemode, limit)
	if err != nil {
		return nil, fmt.Errorf("read customers to map: %w", err)
	}
	customers, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.Customer, error) { return scanCustomer(row) })
	if err != nil {
		return nil, fmt.Errorf("read customers to map: %w", err)
	}
	return customers, nil
}

// Candidates reads who at an account, as it was read last, may be which of the
// customers given.
func (tx *Tx) Candidates(ctx context.Context, of DashboardOf, customers []uuid.UUID) (map[uuid.UUID][]remit.MappingCandidate, error) {
	rows, err := tx.Query(ctx, `select c.id, d.id, d.name, d.email, d.by_email, d.by_name, coalesce(t.name, '')
		from customers c cross join lateral (
			select d.id, d.name, d.email, c.email <> '' and lower(d.email) = lower(c.email) as by_email, lower(btrim(d.name)) = lower(btrim(c.name)) as by_name
			from dashboard_customers d where d.tenant = $1 and d.account = $2 and d.livemode = $3
				and (c.email <> '' and lower(d.email) = lower(c.email) or lower(btrim(d.name)) = lower(btrim(c.name)))
			order by 4 desc, 5 desc, d.id limit $5) d
		left join stripe_customers s on s.tenant = $1 and s.account = $2 and s.stripe_customer = d.id
		left join customers t on t.tenant = $1 and t.id = s.customer_id
		where c.tenant = $1 and c.id = any($4) order by c.id, d.by_email desc, d.by_name desc, d.id`, tx.Tenant, of.Account, of.Livemode, customers, mappingCandidates)
	if err != nil {
		return nil, fmt.Errorf("look for customers at Stripe: %w", err)
	}
	found := map[uuid.UUID][]remit.MappingCandidate{}
	var id uuid.UUID
	var k remit.MappingCandidate
	_, err = pgx.ForEachRow(rows, []any{&id, &k.ID, &k.Name, &k.Email, &k.SameEmail, &k.SameName, &k.TakenBy}, func() error {
		found[id] = append(found[id], k)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for customers at Stripe: %w", err)
	}
	return found, nil
}

// Twins counts, for each of the customers given, how many others of a tenant have the
// same e-mail address and are not linked at an account.
func (tx *Tx) Twins(ctx context.Context, of DashboardOf, customers []uuid.UUID) (map[uuid.UUID]int, error) {
	rows, err := tx.Query(ctx, `select c.id, count(*)::int from customers c join customers b on b.tenant = c.tenant and lower(b.email) = lower(c.email) and b.id <> c.id
		where c.tenant = $1 and c.id = any($2) and c.email <> '' and `+noBuyer("b")+`
			and not exists (select 1 from stripe_customers s where s.tenant = $1 and s.account = $3 and s.livemode = $4 and s.customer_id = b.id)
		group by c.id`, tx.Tenant, customers, of.Account, of.Livemode)
	if err != nil {
		return nil, fmt.Errorf("look for customers with one address: %w", err)
	}
	found := map[uuid.UUID]int{}
	var id uuid.UUID
	var n int
	_, err = pgx.ForEachRow(rows, []any{&id, &n}, func() error {
		found[id] = n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for customers with one address: %w", err)
	}
	return found, nil
}
