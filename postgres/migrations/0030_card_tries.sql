-- +goose Up
-- Tries with a card, by what its network sees as one card: whoever shares a Stripe
-- account or platform shares its limit, so the table belongs to no tenant. It says
-- of a row neither whose it is nor which card: card is a hash of the account or
-- platform, the mode and Stripe's fingerprint.
create table card_tries (
    card      bytea not null check (length(card) = 32),
    attempt   uuid not null,
    tried_at  timestamptz not null, -- on the clock of the organisation that tried
    succeeded boolean not null default false, -- what is not known counts as failed
    primary key (card, attempt)
);
create index card_tries_failed on card_tries (card, tried_at) where not succeeded;
create index card_tries_attempt on card_tries (attempt);
grant select, insert, update (succeeded) on card_tries to remit_app;
grant select on card_tries to remit_readonly, remit_ops;
