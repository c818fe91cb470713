-- +goose Up
-- The hold of a person or an import that one for money which came back took the
-- place of: it stands again once that one is lifted by the money's return.
alter table invoices add column prior_hold jsonb;

-- Refunds kept it until now, each what it found.
alter table invoices no force row level security;
alter table refunds no force row level security;
update invoices i set prior_hold = r.prior_hold
    from (select distinct on (tenant, invoice_id) tenant, invoice_id, prior_hold from refunds
          where choice = 'reopen' and state not in ('failed', 'canceled') and prior_hold ->> 'kind' in ('person', 'import')
          order by tenant, invoice_id, created_at desc, id desc) r
    where i.tenant = r.tenant and i.id = r.invoice_id and i.hold_kind = 'refund';
alter table invoices force row level security;
alter table refunds force row level security;
alter table refunds drop column prior_hold;
