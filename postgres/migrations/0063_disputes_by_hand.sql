-- +goose Up
-- That a dispute was won may be a person's word, where nobody could ask Stripe, which is
-- believed when it says otherwise. Those before are known by their timeline.
alter table disputes
    add column by_hand boolean not null default false,   -- its state is a person's word
    add column overruled boolean not null default false; -- the money that a person said was back was not
alter table disputes no force row level security;
alter table timeline no force row level security;
update disputes d set by_hand = true
    where d.state = 'won' and (select t.actor_kind from timeline t
        where t.tenant = d.tenant and t.invoice_id = d.invoice_id and t.kind = 'dispute' and t.data ->> 'dispute' = d.id::text and t.data ->> 'state' = 'won'
        order by t.seq desc limit 1) in ('user', 'token');
alter table disputes force row level security;
alter table timeline force row level security;
