-- +goose Up
-- What is to happen later, on the organisation's clock.
create table agenda (
    tenant          uuid not null references tenants,
    id              uuid not null,
    organisation_id uuid not null,
    invoice_id      uuid,
    at              timestamptz not null,
    kind            text not null check (kind in ('poll', 'overdue', 'send')),
    object_id       uuid not null,
    what            text not null,      -- in words, for "what next"
    created_at      timestamptz not null default now(),
    done_at         timestamptz,
    primary key (tenant, id)
);
select isolate_tenants('agenda');
create unique index agenda_one_open on agenda (tenant, kind, object_id) where done_at is null;
create index agenda_due on agenda (tenant, at, id) where done_at is null;
create index agenda_invoice on agenda (tenant, invoice_id, at) where done_at is null;

-- Events are hints: a type and an id, stored once.
create table stripe_events (
    event_id    text not null,
    account     text not null,
    tenant      uuid references tenants,    -- null: foreign
    type        text not null,
    object_id   text not null,
    livemode    boolean not null,
    state       text not null check (state in ('waiting', 'done', 'foreign', 'wrong_mode', 'ignored')),
    invoice_id  uuid,
    received_at timestamptz not null default now(),
    done_at     timestamptz,
    primary key (account, event_id)
);
create index stripe_events_waiting on stripe_events (received_at) where state = 'waiting';
create index stripe_events_object on stripe_events (account, object_id);

-- Answers to our own callers, by caller and path, kept 24 hours.
create table idempotency_keys (
    caller      text not null,
    path        text not null,
    key         text not null,
    fingerprint bytea not null,        -- keyed hash of the body
    status      integer,               -- null: still running
    answer      bytea,                 -- sealed
    created_at  timestamptz not null default now(),
    primary key (caller, path, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

create table imports (
    tenant          uuid not null references tenants,
    id              uuid not null,
    organisation_id uuid not null,
    file_name       text not null,
    file            bytea,             -- dropped once the import has ended
    fingerprint     bytea not null,
    format          text not null,
    state           text not null check (state in ('running', 'done', 'failed')),
    next_line       integer not null default 0,
    rows_total      integer not null default 0,
    rows_new        integer not null default 0,
    rows_same       integer not null default 0,
    rows_bad        integer not null default 0,
    amount_new      bigint not null default 0,
    amount_held     bigint not null default 0,
    currency        text not null,
    ignored_columns text[] not null default '{}',
    failure         text not null default '',
    actor           jsonb not null,
    created_at      timestamptz not null default now(),
    ended_at        timestamptz,
    primary key (tenant, id),
    foreign key (tenant, organisation_id) references organisations (tenant, id)
);
select isolate_tenants('imports');

create table import_errors (
    tenant    uuid not null,
    import_id uuid not null,
    line      integer not null,
    field     text not null default '',
    reason    text not null,
    primary key (tenant, import_id, line),
    foreign key (tenant, import_id) references imports (tenant, id)
);
select isolate_tenants('import_errors');

grant select, insert, update on agenda, stripe_events, idempotency_keys, imports, import_errors to remit_app;
grant delete on idempotency_keys to remit_app;

grant select on all tables in schema public to remit_readonly, remit_ops;
revoke select on accounts, account_recovery_codes, account_tokens, sessions, api_token_directory, keysets, idempotency_keys from remit_readonly;

-- How far the database is migrated, for the readiness check.
create view migration_heads as select version_id from goose_db_version where is_applied and version_id > 0;
grant select on migration_heads to remit_app;
