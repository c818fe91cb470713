-- +goose Up
-- A setting holds at its path and below; the nearest one wins.
create table settings (
    tenant          uuid not null references tenants,
    organisation_id uuid not null,
    name            text not null,
    value           jsonb not null,
    version         bigint not null default 1,
    updated_at      timestamptz not null default now(),
    updated_by      uuid,
    primary key (tenant, organisation_id, name),
    foreign key (tenant, organisation_id) references organisations (tenant, id)
);
select isolate_tenants('settings');

-- A connection to a Stripe account, at a top-level path. Keys are sealed and
-- bound to this row; they are written, used, and never shown.
create table connections (
    tenant          uuid not null references tenants,
    id              uuid not null,
    organisation_id uuid not null,
    mode            text not null check (mode in ('api_keys', 'express', 'standard')),
    account         text not null,
    livemode        boolean not null,
    status          text not null check (status in ('onboarding', 'pending_verification', 'active', 'restricted', 'disconnected')),
    charges_enabled boolean not null default false,
    payouts_enabled boolean not null default false,
    country         text not null default '',
    default_currency text not null default '',
    business_name   text not null default '',
    details         jsonb not null default '{}',
    secret_key      bytea,
    publishable_key text not null default '',
    webhook_secret  bytea,
    webhook_endpoint text not null default '',
    checked_at      timestamptz,
    created_at      timestamptz not null default now(),
    disconnected_at timestamptz,
    primary key (tenant, id),
    foreign key (tenant, organisation_id) references organisations (tenant, id)
);
select isolate_tenants('connections');
create unique index connections_live on connections (tenant, organisation_id) where disconnected_at is null;

create table connection_directory (
    id     uuid primary key,
    tenant uuid not null references tenants
);

grant select, insert, update on settings, connections, connection_directory to remit_app;
