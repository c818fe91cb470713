-- +goose Up
-- A tenant is a top-level organisation. This directory and the accounts below
-- carry no tenant's business data and are read before a tenant is known.
create table tenants (
    id            uuid primary key,
    path          text collate "C" not null unique,
    authz_version bigint not null default 1,
    created_at    timestamptz not null default now()
);

-- An account is a person's sign-in, the same person in every tenant.
create table accounts (
    id             uuid primary key,
    email          text not null,
    name           text not null,
    password_hash  text,
    password_set_at timestamptz,
    mfa_secret     bytea,             -- sealed; null: no second factor
    mfa_confirmed_at timestamptz,
    mfa_last_step  bigint not null default 0,
    oidc_issuer    text,
    oidc_subject   text,
    disabled_at    timestamptz,
    created_at     timestamptz not null default now(),
    unique (oidc_issuer, oidc_subject)
);
create unique index accounts_email on accounts (lower(email));

create table account_recovery_codes (
    account_id uuid not null references accounts on delete cascade,
    code_hash  bytea not null,
    used_at    timestamptz,
    primary key (account_id, code_hash)
);

-- Invitations and password resets: one use, hashed, short-lived.
create table account_tokens (
    token_hash bytea primary key,
    account_id uuid not null references accounts on delete cascade,
    purpose    text not null check (purpose in ('invitation', 'reset', 'mfa_sign_in')),
    tenant     uuid references tenants,
    expires_at timestamptz not null,
    used_at    timestamptz,
    created_at timestamptz not null default now()
);

create table sessions (
    token_hash   bytea primary key,
    account_id   uuid references accounts on delete cascade,
    data         bytea not null,
    signed_in_at timestamptz,
    confirmed_at timestamptz,         -- last time the person proved themselves again
    last_seen_at timestamptz not null default now(),
    expires_at   timestamptz not null,
    address      text not null default '',
    agent        text not null default ''
);
create index sessions_account on sessions (account_id);
create index sessions_expiry on sessions (expires_at);

-- Failed sign-ins, by account and by network.
create table sign_in_failures (
    subject     text primary key,     -- 'account:<keyed hash>' or 'network:<prefix>'
    failures    integer not null,
    last_failed timestamptz not null
);

create table keysets (
    purpose text primary key,
    version bigint not null,
    sealed  bytea not null
);

create table organisations (
    tenant     uuid not null references tenants,
    id         uuid not null,
    path       text collate "C" not null,
    name       text not null,
    time_zone  text not null,
    currency   text not null check (currency ~ '^[A-Z]{3}$'),
    clock_offset interval,             -- a test clock: real time plus this; top level only
    clock_date   date,                 -- the date the test clock started at
    created_at timestamptz not null default now(),
    primary key (tenant, id),
    unique (tenant, path)
);
select isolate_tenants('organisations');

create table members (
    tenant      uuid not null references tenants,
    account_id  uuid not null references accounts,
    customer_id uuid,                  -- set: a customer's user, bound to that customer
    disabled_at timestamptz,
    invited_by  uuid,
    created_at  timestamptz not null default now(),
    primary key (tenant, account_id)
);
select isolate_tenants('members');

-- Which tenants an account belongs to, readable before a tenant is set.
create table member_directory (
    account_id uuid not null references accounts,
    tenant     uuid not null references tenants,
    primary key (account_id, tenant)
);

create table api_tokens (
    tenant     uuid not null references tenants,
    id         uuid not null,
    account_id uuid not null references accounts,
    name       text not null,
    scopes     text[],                 -- null: all that the account holds
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    primary key (tenant, id)
);
select isolate_tenants('api_tokens');

create table api_token_directory (
    token_hash bytea primary key,
    tenant     uuid not null references tenants,
    token_id   uuid not null
);

grant select, insert, update on tenants, accounts, account_recovery_codes, account_tokens, sessions,
    sign_in_failures, keysets, organisations, members, member_directory, api_tokens, api_token_directory to remit_app;
grant delete on account_recovery_codes, account_tokens, sessions, sign_in_failures, member_directory,
    api_token_directory, organisations to remit_app;
