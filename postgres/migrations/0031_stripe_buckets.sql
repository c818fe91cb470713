-- +goose Up
-- How many calls Stripe still takes now, by account: a token bucket for all calls
-- and one for each group of endpoints. Of no tenant, since several may share an
-- account, and holding nothing of any. Unlogged: a bucket that a crash emptied
-- begins full, which holds less than Stripe takes within one second, and writing
-- it waits for no disk.
create unlogged table stripe_buckets (
    account     text not null check (account <> ''), -- acct_…, or key: and a digest where it is not known yet
    livemode    boolean not null,
    bucket      text not null check (bucket <> ''),  -- all, or for example POST payment_intents
    millionths  bigint not null check (millionths >= 0), -- of a token
    refilled_at timestamptz not null,                -- real time
    granted     bigint not null check (granted >= 0), -- to whoever asked last
    primary key (account, livemode, bucket)
) with (fillfactor = 50);

grant select, insert, update on stripe_buckets to remit_app;
grant select on stripe_buckets to remit_readonly, remit_ops;
