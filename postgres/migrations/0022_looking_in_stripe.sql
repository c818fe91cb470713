-- +goose Up
-- A person looks in Stripe for an attempt whose outcome stays unknown, and says
-- whether it was charged.
alter table attempts add column unknown_since timestamptz; -- organisation's clock; null while Stripe says how it is
alter table attempts add column look_since    timestamptz; -- organisation's clock, when a person was asked
create index attempts_to_look_at on attempts (tenant, look_since, id)
    where look_since is not null and state in ('created', 'requires_action', 'processing', 'confirming');

-- A person has said what became of it. Of one that was said to be not charged
-- Stripe is still asked.
alter table payments add column settled_by_hand boolean not null default false;

alter table invoice_requests drop constraint invoice_requests_kind_check;
alter table invoice_requests add constraint invoice_requests_kind_check check (kind in (
    'pay', 'checkout', 'void', 'amend', 'record_payment', 'hold', 'lift_hold', 'run_script', 'refund', 'resolve_excess', 'use_credit', 'settle'));
