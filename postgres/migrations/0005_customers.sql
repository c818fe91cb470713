-- +goose Up
create table customers (
    tenant          uuid not null references tenants,
    id              uuid not null,
    organisation_id uuid not null,
    name            text not null,
    email           text not null default '',
    currency        text not null check (currency ~ '^[A-Z]{3}$'),
    external_id     text,              -- the id the business's own files use
    auto_charge     boolean,
    default_payment_method uuid,
    details         jsonb not null default '{}',
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (tenant, id),
    foreign key (tenant, organisation_id) references organisations (tenant, id)
);
select isolate_tenants('customers');
create unique index customers_external on customers (tenant, organisation_id, external_id) where external_id is not null;
create index customers_by_name on customers (tenant, organisation_id, name, id);

-- A customer at one Stripe account. Ids are used only at the account and in the
-- mode they were made in.
create table stripe_customers (
    tenant          uuid not null references tenants,
    account         text not null,
    livemode        boolean not null,
    customer_id     uuid not null,
    stripe_customer text not null,
    created_at      timestamptz not null default now(),
    primary key (tenant, account, livemode, customer_id),
    unique (tenant, account, stripe_customer),
    foreign key (tenant, customer_id) references customers (tenant, id)
);
select isolate_tenants('stripe_customers');

create table payment_methods (
    tenant        uuid not null references tenants,
    id            uuid not null,
    customer_id   uuid not null,
    account       text not null,
    livemode      boolean not null,
    stripe_payment_method text not null,
    type          text not null check (type in ('card', 'us_bank_account')),
    brand         text not null default '',
    bank_name     text not null default '',
    last4         text not null default '',
    exp_month     integer,
    exp_year      integer,
    funding       text not null default '',
    fingerprint   text not null default '',
    status        text not null check (status in ('usable', 'awaiting_deposit', 'awaiting_entry', 'failed', 'locked', 'expired', 'detached')),
    attempts_left integer,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    primary key (tenant, id),
    unique (tenant, account, stripe_payment_method),
    foreign key (tenant, customer_id) references customers (tenant, id)
);
select isolate_tenants('payment_methods');
create index payment_methods_customer on payment_methods (tenant, customer_id, created_at);

alter table customers add constraint customers_default_method
    foreign key (tenant, default_payment_method) references payment_methods (tenant, id) deferrable initially deferred;

-- A hosted page on which a customer adds a method without paying.
create table setup_sessions (
    tenant         uuid not null references tenants,
    id             uuid not null,
    customer_id    uuid not null,
    account        text not null,
    livemode       boolean not null,
    stripe_session text,
    url            text not null default '',
    state          text not null check (state in ('created', 'open', 'complete', 'expired')),
    actor          jsonb not null,
    return_path    text not null default '',
    expires_at     timestamptz not null,
    created_at     timestamptz not null default now(),
    primary key (tenant, id),
    foreign key (tenant, customer_id) references customers (tenant, id)
);
select isolate_tenants('setup_sessions');
create unique index setup_sessions_stripe on setup_sessions (tenant, account, stripe_session) where stripe_session is not null;
create index setup_sessions_open on setup_sessions (tenant, customer_id) where state in ('created', 'open');

grant select, insert, update on customers, stripe_customers, payment_methods, setup_sessions to remit_app;
