-- +goose Up
-- The ledger against Stripe's balance transactions and payouts.

alter table agenda drop constraint agenda_kind_check;
alter table agenda add constraint agenda_kind_check check (kind in ('poll', 'overdue', 'send', 'script', 'refund', 'respond', 'excess', 'reconcile'));

-- One comparison of an organisation's ledger with its account.
create table reconciliation_runs (
    tenant          uuid not null references tenants,
    id              uuid not null,
    organisation_id uuid not null,
    nightly         boolean not null,
    account         text not null,
    livemode        boolean not null,
    since           timestamptz,          -- organisation's clock; null: from the beginning on
    at              timestamptz not null, -- organisation's clock, when it was begun
    state           text not null check (state in ('running', 'done', 'failed')),
    failure         text not null default '',
    movements       integer not null default 0,
    payouts         integer not null default 0,
    entries         integer not null default 0,
    actor           jsonb not null,
    created_at      timestamptz not null default now(),
    ended_at        timestamptz,          -- real time
    primary key (tenant, id),
    foreign key (tenant, organisation_id) references organisations (tenant, id),
    check ((state = 'running') = (ended_at is null))
);
select isolate_tenants('reconciliation_runs');
create index reconciliation_runs_at on reconciliation_runs (tenant, at desc, id);
create index reconciliation_runs_running on reconciliation_runs (tenant) where state = 'running';

-- What a run found in one currency.
create table reconciliations (
    tenant      uuid not null,
    id          uuid not null,
    run_id      uuid not null,
    at          timestamptz not null,
    currency    text not null check (currency ~ '^[A-Z]{3}$'),
    unexplained bigint not null check (unexplained >= 0),
    totals      jsonb not null,
    primary key (tenant, id),
    unique (tenant, run_id, currency),
    foreign key (tenant, run_id) references reconciliation_runs (tenant, id)
);
select isolate_tenants('reconciliations');
create index reconciliations_at on reconciliations (tenant, at desc, id);

create table reconciliation_differences (
    tenant            uuid not null,
    reconciliation_id uuid not null,
    n                 integer not null,
    kind              text not null,
    stripe_id         text not null,
    amount            bigint not null,
    cause             text not null,
    explained         boolean not null,
    payment_intent    text not null default '',
    invoice_id        uuid,
    at                timestamptz not null,
    carried           boolean not null,
    primary key (tenant, reconciliation_id, n),
    foreign key (tenant, reconciliation_id) references reconciliations (tenant, id),
    foreign key (tenant, invoice_id) references invoices (tenant, id)
);
select isolate_tenants('reconciliation_differences');

create trigger reconciliations_append_only before update or delete on reconciliations for each row execute function refuse_change();
create trigger reconciliations_no_truncate before truncate on reconciliations execute function refuse_change();
create trigger reconciliation_differences_append_only before update or delete on reconciliation_differences for each row execute function refuse_change();
create trigger reconciliation_differences_no_truncate before truncate on reconciliation_differences execute function refuse_change();

-- Comparing a day reads that day's entries of money at Stripe and no others.
create index ledger_entries_at_stripe on ledger_entries (tenant, at, id) where kind in ('payment', 'refund_sent', 'refund_returned', 'dispute', 'dispute_won');

grant select, insert, update on reconciliation_runs to remit_app;
grant select, insert on reconciliations, reconciliation_differences to remit_app;
grant select on reconciliation_runs, reconciliations, reconciliation_differences to remit_readonly, remit_ops;

-- Every try, the newest first.
create index attempts_newest on attempts (tenant, created_at desc, id);
