-- +goose Up
-- The business's own words on an invoice. The ledger alone decides its status.
alter table invoices add column tags text[] not null default '{}', add column notes jsonb not null default '[]';

alter table agenda drop constraint agenda_kind_check;
alter table agenda add constraint agenda_kind_check check (kind in ('poll', 'overdue', 'send', 'script'));
alter table invoice_requests drop constraint invoice_requests_kind_check;
alter table invoice_requests add constraint invoice_requests_kind_check
    check (kind in ('pay', 'checkout', 'void', 'amend', 'record_payment', 'hold', 'lift_hold', 'run_script'));

-- Every version of a script that was ever saved, beside the setting that says
-- which one holds.
create table script_versions (
    tenant          uuid not null references tenants,
    organisation_id uuid not null,
    version         bigint not null check (version > 0),
    source          text not null,
    saved_at        timestamptz not null default now(),
    saved_by        uuid not null,
    saved_by_name   text not null,
    primary key (tenant, organisation_id, version),
    foreign key (tenant, organisation_id) references organisations (tenant, id)
);
select isolate_tenants('script_versions');
create trigger script_versions_append_only before update or delete on script_versions for each row execute function refuse_change();
create trigger script_versions_no_truncate before truncate on script_versions execute function refuse_change();

-- What a version of a script did for a payment: once, unless it failed.
create table script_runs (
    tenant     uuid not null references tenants,
    payment_id uuid not null,
    script     text not null,      -- the organisation it is saved at and its version
    invoice_id uuid not null,
    outcome    text not null check (outcome in ('applied', 'failed')),
    message    text not null default '',
    ran_at     timestamptz not null,   -- real time
    primary key (tenant, payment_id, script),
    foreign key (tenant, payment_id) references payments (tenant, id),
    foreign key (tenant, invoice_id) references invoices (tenant, id)
);
select isolate_tenants('script_runs');
create index script_runs_invoice on script_runs (tenant, invoice_id, ran_at);
create index script_runs_failed on script_runs (tenant, ran_at) where outcome = 'failed';

grant select, insert on script_versions to remit_app;
grant select, insert, update on script_runs to remit_app;
grant select on script_versions, script_runs to remit_readonly, remit_ops;
