-- +goose Up
-- Organisations that share a Stripe account each have an endpoint there, so each
-- is sent every event: what is foreign to one may be another's.
alter table stripe_events alter column tenant set not null;
alter table stripe_events drop constraint stripe_events_pkey;
alter table stripe_events add primary key (account, event_id, tenant);
