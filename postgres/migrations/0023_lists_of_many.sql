-- +goose Up
-- Every list reads its page from an index in the list's own order, however many
-- rows there are behind it.
create index invoices_in_order on invoices (tenant, due_date, id);
create index invoices_overdue on invoices (tenant, due_date, id) where overdue;
create index invoices_held on invoices (tenant, due_date, id) where hold_reason is not null;
create index invoices_by_number on invoices (tenant, number, due_date, id);
-- Counts by status read nothing but these.
create index invoices_counted on invoices (tenant, status, organisation_id);
create index invoices_counted_overdue on invoices (tenant, status, organisation_id) where overdue;
create index invoices_counted_held on invoices (tenant, status, organisation_id) where hold_reason is not null;

create index customers_in_order on customers (tenant, name, id);

create index work_items_live on work_items (tenant, due_date, id) where state in ('open', 'claimed', 'paying');
create index work_items_paying on work_items (tenant, due_date, id) where state = 'paying';
create index work_items_closed on work_items (tenant, due_date, id) where state in ('done', 'cancelled');
-- An invoice knows its latest item, and the inbox which roles there are.
create index work_items_invoice on work_items (tenant, invoice_id, created_at);
create index work_items_roles on work_items (tenant, role);
