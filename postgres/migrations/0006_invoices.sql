-- +goose Up
create table invoices (
    tenant          uuid not null references tenants,
    id              uuid not null,
    organisation_id uuid not null,
    customer_id     uuid not null,
    number          text not null,
    seller_name     text not null default '',
    seller_tax_id   text not null default '',
    status          text not null check (status in ('draft', 'open', 'processing', 'partially_paid', 'paid', 'contested', 'void', 'uncollectible')),
    label           text not null default '',
    overdue         boolean not null default false,
    total           bigint not null check (total >= 0),
    currency        text not null check (currency ~ '^[A-Z]{3}$'),
    issue_date      date not null,
    due_date        date not null,
    due_version     integer not null default 1,
    fingerprint     bytea not null,    -- SHA-256 of the content as it arrived
    source          text not null default 'api',
    import_id       uuid,              -- the import that brought it
    hold_reason     text,
    hold_kind       text check (hold_kind in ('person', 'import', 'refund', 'dispute', 'return')),
    hold_since      timestamptz,
    settings        jsonb not null,    -- the settings in force when it was made
    sent_at         timestamptz,
    paid_at         timestamptz,
    voided_at       timestamptz,
    replaced_by     uuid,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    timeline_seq    bigint not null default 0,
    timeline_hash   bytea not null default '',
    primary key (tenant, id),
    foreign key (tenant, organisation_id) references organisations (tenant, id),
    foreign key (tenant, customer_id) references customers (tenant, id),
    check ((hold_reason is null) = (hold_kind is null))
);
select isolate_tenants('invoices');
create unique index invoices_natural_key on invoices (tenant, organisation_id, seller_name, customer_id, number);
create index invoices_by_due on invoices (tenant, organisation_id, due_date, id);
create index invoices_by_status on invoices (tenant, status, due_date, id);
create index invoices_by_import on invoices (tenant, import_id, id) where import_id is not null;
create index invoices_by_customer on invoices (tenant, customer_id, due_date, id);

create table invoice_lines (
    tenant      uuid not null,
    invoice_id  uuid not null,
    n           integer not null,
    description text not null,
    quantity    text not null,
    unit_price  text not null,
    amount      bigint not null,
    primary key (tenant, invoice_id, n),
    foreign key (tenant, invoice_id) references invoices (tenant, id)
);
select isolate_tenants('invoice_lines');

create table invoice_adjustments (
    tenant      uuid not null,
    invoice_id  uuid not null,
    n           integer not null,
    kind        text not null check (kind in ('tax', 'allowance', 'charge', 'prepaid', 'rounding')),
    description text not null,
    amount      bigint not null,
    primary key (tenant, invoice_id, n),
    foreign key (tenant, invoice_id) references invoices (tenant, id)
);
select isolate_tenants('invoice_adjustments');

create table work_items (
    tenant          uuid not null references tenants,
    id              uuid not null,
    invoice_id      uuid not null,
    organisation_id uuid not null,     -- the assignee's path
    assignee_name   text not null,
    assignee_path   text collate "C" not null,
    assignee_type   text not null default 'UNIT',
    role            text not null,     -- workflow=role('<role>') at the path
    state           text not null check (state in ('open', 'claimed', 'paying', 'done', 'cancelled')),
    claimed_by      uuid,
    claimed_by_name text,
    claimed_at      timestamptz,
    closed_reason   text not null default '',
    due_date        date not null,     -- the invoice's, for the inbox's order
    created_at      timestamptz not null default now(),
    closed_at       timestamptz,
    primary key (tenant, id),
    foreign key (tenant, invoice_id) references invoices (tenant, id),
    foreign key (tenant, organisation_id) references organisations (tenant, id)
);
select isolate_tenants('work_items');
-- Processing an invoice again never makes a second live item.
create unique index work_items_one_live on work_items (tenant, invoice_id) where state in ('open', 'claimed', 'paying');
create index work_items_inbox on work_items (tenant, organisation_id, role, due_date, id) where state in ('open', 'claimed', 'paying');
create index work_items_all on work_items (tenant, organisation_id, role, due_date, id);

grant select, insert, update on invoices, invoice_lines, invoice_adjustments, work_items to remit_app;
grant delete on invoice_lines, invoice_adjustments to remit_app;
