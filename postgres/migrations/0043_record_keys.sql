-- +goose Up
-- What the records of a top-level organisation's paid invoices are signed with. The
-- public key stays when another one takes its place, so that what it signed can be
-- checked for ever; the private one, sealed, does not.
create table record_keys (
    tenant      uuid not null references tenants,
    id          text not null check (id ~ '^[0-9a-f]{32}$'),   -- follows from the public key
    public_key  bytea not null check (length(public_key) = 32),
    private_key bytea,                                          -- sealed
    made_at     timestamptz not null,
    replaced_at timestamptz,
    primary key (tenant, id),
    check ((replaced_at is null) = (private_key is not null))
);
create unique index record_keys_one_signs on record_keys (tenant) where replaced_at is null;
select isolate_tenants('record_keys');
grant select, insert, update (private_key, replaced_at) on record_keys to remit_app;
grant select (tenant, id, public_key, made_at, replaced_at) on record_keys to remit_readonly, remit_ops;
