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
	rows, err := tx.Query(ctx, "select "+customerColumns+customerTables+` where c.tenant = $1 and (o.path = $2 or o.path ^@ ($2 || '/')) and c.id > $3 and c.deleted_at is null and `+noBuyer("c")+`
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
// customers given: by an id in another system, an e-mail address or a name.
func (tx *Tx) Candidates(ctx context.Context, of DashboardOf, customers []remit.Customer) (map[uuid.UUID][]remit.MappingCandidate, error) {
	by := make(map[uuid.UUID]remit.Customer, len(customers))
	ids := make([]uuid.UUID, len(customers))
	var owners []uuid.UUID
	var keys []string
	for n, c := range customers {
		by[c.ID], ids[n] = c, c.ID
		for _, key := range c.MappingKeys() {
			owners, keys = append(owners, c.ID), append(keys, key)
		}
	}
	rows, err := tx.Query(ctx, `with ours as materialized ( -- first of all, whatever the planner knows of the tables
			select id, email, email_key, name_key from customers where tenant = $1 and id = any($4)
		), pairs as materialized (
			select c.id as ours, d.id as theirs from ours c
				join dashboard_customers d on d.tenant = $1 and d.account = $2 and d.livemode = $3 and d.email_key = c.email_key
				where c.email <> ''
			union select c.id, d.id from ours c
				join dashboard_customers d on d.tenant = $1 and d.account = $2 and d.livemode = $3 and d.name_key = c.name_key
			union select k.ours, i.id from unnest($6::uuid[], $7::text[]) k(ours, key)
				join dashboard_customer_ids i on i.tenant = $1 and i.account = $2 and i.livemode = $3 and i.key = k.key
		), ranked as (
			select p.ours, d.id, d.name, d.email, c.email <> '' and d.email_key = c.email_key as by_email, d.name_key = c.name_key as by_name,
				row_number() over (partition by p.ours order by not (d.email_key = c.email_key or d.name_key = c.name_key) desc, c.email <> '' and d.email_key = c.email_key desc, d.name_key = c.name_key desc, d.id) as n
			from pairs p join ours c on c.id = p.ours
			join dashboard_customers d on d.tenant = $1 and d.account = $2 and d.livemode = $3 and d.id = p.theirs
		)
		select r.ours, r.id, r.name, r.email, r.by_email, r.by_name, coalesce(t.name, ''), coalesce(o.path, ''),
			array(select i.key from dashboard_customer_ids i where i.tenant = $1 and i.account = $2 and i.livemode = $3 and i.id = r.id order by i.key)
		from ranked r
		left join stripe_customers s on s.tenant = $1 and s.account = $2 and s.stripe_customer = r.id
		left join customers t on t.tenant = $1 and t.id = s.customer_id
		left join organisations o on o.tenant = $1 and o.id = t.organisation_id
		where r.n <= $5 order by r.ours, r.n`, tx.Tenant, of.Account, of.Livemode, ids, mappingCandidates, owners, keys)
	if err != nil {
		return nil, fmt.Errorf("look for customers at Stripe: %w", err)
	}
	found := map[uuid.UUID][]remit.MappingCandidate{}
	var id uuid.UUID
	var k remit.MappingCandidate
	_, err = pgx.ForEachRow(rows, []any{&id, &k.ID, &k.Name, &k.Email, &k.SameEmail, &k.SameName, &k.TakenBy, &k.TakenAt, &k.KnownAs}, func() error {
		found[id] = append(found[id], k.Compared(by[id]))
		k.KnownAs = nil
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for customers at Stripe: %w", err)
	}
	return found, nil
}

// Twins counts, for each of the customers given, how many others of a tenant have the
// same e-mail address, or the same number in its books, and are not linked at an account.
func (tx *Tx) Twins(ctx context.Context, of DashboardOf, customers []uuid.UUID) (map[uuid.UUID]int, error) {
	rows, err := tx.Query(ctx, `with ours as materialized (
			select id, email, email_key, external_id from customers where tenant = $1 and id = any($2)
		), pairs as materialized (
			select c.id as ours, b.id as twin from ours c join customers b on b.tenant = $1 and b.email_key = c.email_key and b.email <> '' and b.id <> c.id
				where c.email <> '' and b.deleted_at is null and `+noBuyer("b")+`
			union select c.id, b.id from ours c join customers b on b.tenant = $1 and b.external_id = c.external_id and b.id <> c.id
				where b.deleted_at is null and `+noBuyer("b")+`
		)
		select p.ours, count(*)::int from pairs p
		where not exists (select 1 from stripe_customers s where s.tenant = $1 and s.account = $3 and s.livemode = $4 and s.customer_id = p.twin)
		group by p.ours`, tx.Tenant, customers, of.Account, of.Livemode)
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

// StopImport has a running import of customers stop, and reports whether it ran.
func (tx *Tx) StopImport(ctx context.Context, id uuid.UUID) (bool, error) {
	return tx.turnImport(ctx, id, "running", "stopped")
}

// ResumeImport has one that was stopped go on, and reports whether it was.
func (tx *Tx) ResumeImport(ctx context.Context, id uuid.UUID) (bool, error) {
	return tx.turnImport(ctx, id, "stopped", "running")
}

func (tx *Tx) turnImport(ctx context.Context, id uuid.UUID, from, to string) (bool, error) {
	tag, err := tx.Exec(ctx, "update imports set state = $4 where tenant = $1 and id = $2 and state = $3 and format = $5", tx.Tenant, id, from, to, ImportCustomers)
	if err != nil {
		return false, fmt.Errorf("stop or resume an import: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}
