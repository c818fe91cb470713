-- +goose Up
-- Charging by itself: what it has come to, a deposit with a date of its own, and
-- the runs that go through what is due.
alter table agenda drop constraint agenda_kind_check;
alter table agenda add constraint agenda_kind_check check (kind in
    ('poll', 'overdue', 'send', 'script', 'refund', 'respond', 'excess', 'reconcile', 'bank_account', 'charge', 'notice'));
alter table agenda add column details jsonb;   -- what the row was planned with
alter table agenda add column result jsonb;    -- what a charge came to, for the run that woke it
-- Runs page through what is due of their kinds, wherever else the tenant is busy.
create index agenda_runs on agenda (tenant, kind, at, id) where done_at is null and kind in ('charge', 'notice');

alter table invoices add column collection_state text not null default ''
    check (collection_state in ('', 'retrying', 'awaits_method', 'awaits_payer', 'asks', 'ended'));
alter table invoices add column collection_why text not null default '';
alter table invoices add column collection_since timestamptz;
alter table invoices add column deposit_amount bigint check (deposit_amount > 0);
alter table invoices add column deposit_due date;
alter table invoices add constraint invoices_deposit check ((deposit_amount is null) = (deposit_due is null));
create index invoices_collection on invoices (tenant, collection_state, due_date, id) where collection_state <> '';

-- What a bank has last said of a method, on whatever invoice, and when it worked.
alter table payment_methods add column renewed_at timestamptz; -- its bank has put another date on it
create index attempts_of_methods on attempts (tenant, (method ->> 'fingerprint'), ended_at) where kind = 'charge' and ended_at is not null;

alter table invoice_requests drop constraint invoice_requests_kind_check;
alter table invoice_requests add constraint invoice_requests_kind_check check (kind in (
    'pay', 'checkout', 'void', 'amend', 'record_payment', 'hold', 'lift_hold', 'run_script', 'refund', 'resolve_excess', 'use_credit', 'settle', 'cancel',
    'auto_charge', 'charge'));

create table due_date_runs (
    tenant          uuid not null references tenants,
    id              uuid not null,
    organisation_id uuid not null,      -- it and those below
    as_of           date not null,
    by_instant      timestamptz not null, -- what is due by then, on the organisation's clock
    dry_run         boolean not null,
    state           text not null check (state in ('running', 'done', 'failed')),
    failure         text not null default '',
    stage           text not null default 'forecast' check (stage in ('forecast', 'charge', 'notices', 'ended')),
    after_at        timestamptz,        -- where the page that is through ended
    after_id        uuid,
    found           integer not null default 0,
    charged         integer not null default 0,
    processing      integer not null default 0,
    declined        integer not null default 0,
    skipped         integer not null default 0,
    failed          integer not null default 0,
    notices         integer not null default 0,
    amount_charged  jsonb not null default '{}',  -- minor units by currency
    compared_with   uuid,               -- the dry run it is compared with; its own forecast where null
    actor           jsonb not null,
    created_at      timestamptz not null, -- organisation's clock
    ended_at        timestamptz,
    started_real    timestamptz not null default now(),
    ended_real      timestamptz,
    primary key (tenant, id),
    foreign key (tenant, organisation_id) references organisations (tenant, id)
);
select isolate_tenants('due_date_runs');
create index due_date_runs_newest on due_date_runs (tenant, created_at desc, id desc);
create index due_date_runs_running on due_date_runs (tenant, id) where state = 'running';

create table due_date_run_entries (
    tenant       uuid not null,
    run_id       uuid not null,
    agenda_id    uuid not null,
    invoice_id   uuid not null,
    at           timestamptz not null,
    amount       bigint not null,        -- expected; what was charged where the outcome says so
    surcharge    bigint not null default 0,
    currency     text not null,
    method       text not null default '', -- in words
    forecast     text not null check (forecast in ('charged', 'processing', 'declined', 'skipped')),
    forecast_reason text not null default '',
    forecast_amount bigint not null,
    outcome      text not null default '' check (outcome in ('', 'charged', 'processing', 'declined', 'skipped', 'failed')),
    reason       text not null default '',
    attempt_id   uuid,
    primary key (tenant, run_id, agenda_id),
    foreign key (tenant, run_id) references due_date_runs (tenant, id)
);
select isolate_tenants('due_date_run_entries');
create index due_date_run_entries_order on due_date_run_entries (tenant, run_id, at, agenda_id);

grant select, insert, update on due_date_runs, due_date_run_entries to remit_app;
grant select on due_date_runs, due_date_run_entries to remit_readonly, remit_ops;
