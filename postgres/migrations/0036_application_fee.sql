-- +goose Up
-- What the platform takes of a payment to an account connected in its name.
alter table payments
    add column application_fee bigint not null default 0 check (application_fee >= 0), -- minor units, of the last attempt
    add column intent_fee      bigint not null default 0 check (intent_fee >= 0);      -- Stripe's units, as the intent is created with

-- Whether it goes back with a refund. It is kept with the refund, so that one that is
-- sent again is the same.
alter table refunds add column return_fee boolean not null default false;
