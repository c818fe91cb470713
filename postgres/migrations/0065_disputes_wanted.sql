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
alter table disputes force row level security;
alter table timeline force row level security;
