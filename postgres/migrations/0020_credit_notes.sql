-- +goose Up
-- Credit notes that came in. What one is worth is booked as its customer's
-- credit; the row is what the same document is recognised by.
create table credit_notes (
    tenant          uuid not null references tenants,
    id              uuid not null,
    organisation_id uuid not null,
    customer_id     uuid not null,
    number          text not null,
    seller_name     text not null default '',
    seller_tax_id   text not null default '',
    currency        text not null check (currency ~ '^[A-Z]{3}$'),
    amount          bigint not null check (amount > 0), -- minor units
    issue_date      date not null,
    source          text not null,
    import_id       uuid,
    created_at      timestamptz not null default now(),
    primary key (tenant, id),
    constraint credit_notes_natural_key unique (tenant, organisation_id, seller_name, customer_id, number),
    foreign key (tenant, organisation_id) references organisations (tenant, id),
    foreign key (tenant, customer_id) references customers (tenant, id),
    foreign key (tenant, import_id) references imports (tenant, id)
);
select isolate_tenants('credit_notes');
grant select, insert on credit_notes to remit_app;
grant select on credit_notes to remit_readonly, remit_ops;

-- A customer's credit is read by customer, beside the ledger's own order.
create index ledger_lines_credit on ledger_lines (tenant, customer_id, entry_id) where account = 'customer_credit';
