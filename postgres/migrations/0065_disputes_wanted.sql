-- +goose Up
-- Any word of a person on a dispute is asked about once Stripe can be, not that it was won
-- alone; and Stripe may wait for evidence of what a person said was over.
alter table disputes add column wanted boolean not null default false;
alter table disputes no force row level security;
alter table timeline no force row level security;
update disputes d set by_hand = true
    where d.state in ('lost', 'warning_closed') and (select t.actor_kind from timeline t
        where t.tenant = d.tenant and t.invoice_id = d.invoice_id and t.kind = 'dispute' and t.data ->> 'dispute' = d.id::text and t.data ->> 'state' = d.state
        order by t.seq desc limit 1) in ('user', 'token');
alter table invoices no force row level security;
alter table organisations no force row level security;
alter table agenda no force row level security;
insert into agenda (tenant, id, organisation_id, invoice_id, at, kind, object_id, what)
    select d.tenant, gen_random_uuid(), i.organisation_id, d.invoice_id,
        now() + coalesce((select o.clock_offset from organisations o where o.tenant = d.tenant and o.clock_offset is not null limit 1), interval '0'),
        'poll', d.id, 'Ask Stripe about the dispute'
    from disputes d join invoices i on i.tenant = d.tenant and i.id = d.invoice_id where d.by_hand and d.closed_at is not null
    on conflict (tenant, kind, object_id) where done_at is null do nothing;
alter table agenda force row level security;
alter table organisations force row level security;
alter table invoices force row level security;
alter table disputes force row level security;
alter table timeline force row level security;
