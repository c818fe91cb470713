-- +goose Up
-- What is billed again and again.
alter table agenda drop constraint agenda_kind_check;
alter table agenda add constraint agenda_kind_check check (kind in
    ('poll', 'overdue', 'send', 'script', 'refund', 'respond', 'excess', 'reconcile', 'bank_account', 'charge', 'notice', 'connection', 'bill'));
create index agenda_bills on agenda (tenant, at, id) where done_at is null and kind = 'bill';

create table billing_schedules (
    tenant          uuid not null references tenants,
    id              uuid not null,
    organisation_id uuid not null,
    customer_id     uuid not null,
    number          text not null,
    currency        text not null check (currency ~ '^[A-Z]{3}$'),
    state           text not null check (state in ('active', 'paused', 'ended')),
    versions        jsonb not null,              -- what it bills, each version from a period on
    pauses          jsonb not null default '[]',
    settings        jsonb not null,              -- the settings in force when it was made
    through         date,                        -- begin of the last period that is through
    ended_at        timestamptz,
    trouble         text not null default '',    -- why the period that is due could not be billed
    history_seq     integer not null default 0,
    created_at      timestamptz not null,        -- organisation's clock
    updated_at      timestamptz not null default now(),
    primary key (tenant, id),
    unique (tenant, organisation_id, customer_id, number),
    foreign key (tenant, organisation_id) references organisations (tenant, id),
    foreign key (tenant, customer_id) references customers (tenant, id),
    check (jsonb_array_length(versions) > 0)
);
select isolate_tenants('billing_schedules');
create index billing_schedules_newest on billing_schedules (tenant, created_at desc, id);

-- Each period of a schedule is through once.
create table billing_periods (
    tenant      uuid not null,
    schedule_id uuid not null,
    from_date   date not null,
    until_date  date not null,                   -- the first day that is not of it
    version     integer not null,                -- of what was billed
    state       text not null check (state in ('billed', 'skipped')),
    invoice_id  uuid,                            -- also of one that was skipped after its draft was made
    send_at     timestamptz,                     -- when its draft is sent; null once that is decided
    made_at     timestamptz not null,            -- organisation's clock
    primary key (tenant, schedule_id, from_date),
    foreign key (tenant, schedule_id) references billing_schedules (tenant, id),
    foreign key (tenant, invoice_id) references invoices (tenant, id),
    check (until_date > from_date),
    check (state = 'skipped' or invoice_id is not null)
);
select isolate_tenants('billing_periods');
create unique index billing_periods_invoice on billing_periods (tenant, invoice_id) where invoice_id is not null;
create index billing_periods_drafts on billing_periods (tenant, schedule_id, send_at) where send_at is not null;

-- What happened to a schedule; never changed.
create table billing_schedule_history (
    tenant      uuid not null,
    schedule_id uuid not null,
    seq         integer not null,
    at          timestamptz not null,            -- organisation's clock
    kind        text not null,
    what        text not null,
    actor       jsonb not null,
    primary key (tenant, schedule_id, seq),
    foreign key (tenant, schedule_id) references billing_schedules (tenant, id)
);
select isolate_tenants('billing_schedule_history');

grant select, insert, update on billing_schedules, billing_periods to remit_app;
grant select, insert on billing_schedule_history to remit_app;
grant select on billing_schedules, billing_periods, billing_schedule_history to remit_readonly, remit_ops;
