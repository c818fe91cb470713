-- +goose Up
-- The intent an event is about, so that one that came before its intent was
-- known here is looked at once it is.
alter table stripe_events add column intent text not null default '';
create index stripe_events_intent on stripe_events (tenant, account, intent) where state = 'foreign' and intent <> '';

-- The hold that a refund's took the place of, for when the refund is undone.
alter table refunds add column prior_hold jsonb;
