-- +goose Up
-- What Stripe said last of each account: copies to be looked at, which no decision
-- about money reads. A refresh writes them page by page and may be repeated.

create table dashboard_accounts (
    tenant      uuid not null references tenants,
    account     text not null,
    livemode    boolean not null,
    asked_at    timestamptz,                -- real time: a refresh that began before leaves out what was hinted at
    begun_at    timestamptz,                -- real time, of the refresh under way or the last one
    tried_at    timestamptz,                -- real time, when the last one stopped, for good or ill
    fresh_at    timestamptz,                -- real time, when the last one that came to its end began
    failure     text not null default '',   -- why the last one did not
    pass        jsonb not null default '{}', -- where the one under way goes on; {}: none is
    description jsonb,                      -- the account; null: never read
    newest      timestamptz,                -- account's clock, of the newest transaction read by a refresh that came to its end
    reached_at  timestamptz,                -- real time, when transactions of a day before that were read again
    primary key (tenant, account, livemode)
);
select isolate_tenants('dashboard_accounts');

create table dashboard_balances (
    tenant    uuid not null references tenants,
    account   text not null,
    livemode  boolean not null,
    currency  text not null check (currency ~ '^[A-Z]{3}$'),
    available bigint not null,
    pending   bigint not null,
    primary key (tenant, account, livemode, currency)
);
select isolate_tenants('dashboard_balances');

-- Where payouts go. Numbers are not known here.
create table dashboard_banks (
    tenant      uuid not null references tenants,
    account     text not null,
    livemode    boolean not null,
    id          text not null,
    kind        text not null check (kind in ('bank_account', 'card')),
    bank_name   text not null default '', -- of a card, its brand
    last4       text not null default '',
    country     text not null default '',
    currency    text not null default '',
    by_default  boolean not null,
    status      text not null default '',
    primary key (tenant, account, livemode, id)
);
select isolate_tenants('dashboard_banks');

create table dashboard_payouts (
    tenant          uuid not null references tenants,
    account         text not null,
    livemode        boolean not null,
    id              text not null,
    currency        text not null check (currency ~ '^[A-Z]{3}$'),
    amount          bigint not null,
    status          text not null,
    automatic       boolean not null,
    listed          boolean not null,     -- Stripe tells what it carries
    method          text not null default '',
    bank            text not null default '', -- id of where it went
    own_transaction text not null default '',
    failure_code    text not null default '',
    failure_message text not null default '',
    arrives_on      date not null,
    created         timestamptz not null, -- account's clock
    lines_read      boolean not null default false,
    unexplained     bigint,               -- the amount less its lines; null until they are read
    primary key (tenant, account, livemode, id),
    check (lines_read = (unexplained is not null))
);
select isolate_tenants('dashboard_payouts');
create index dashboard_payouts_newest on dashboard_payouts (tenant, account, livemode, created desc, id desc);
create index dashboard_payouts_unread on dashboard_payouts (tenant, account, livemode, created, id) where listed and not lines_read;
create index dashboard_payouts_unexplained on dashboard_payouts (tenant, account, livemode, created desc) where unexplained <> 0;

create table dashboard_transactions (
    tenant          uuid not null references tenants,
    account         text not null,
    livemode        boolean not null,
    id              text not null,
    kind            text not null,        -- as reconciliations call it
    type            text not null,        -- as Stripe does
    currency        text not null check (currency ~ '^[A-Z]{3}$'),
    amount          bigint not null,
    fee             bigint not null,      -- all fees
    application_fee bigint not null,      -- of them, the platform's
    net             bigint not null check (net = amount - fee),
    available_on    timestamptz not null, -- account's clock
    created         timestamptz not null, -- account's clock
    description     text not null default '',
    source          text not null default '',
    payment_intent  text not null default '',
    payout          text not null default '', -- the one that carries it; '': none yet
    primary key (tenant, account, livemode, id)
);
select isolate_tenants('dashboard_transactions');
create index dashboard_transactions_newest on dashboard_transactions (tenant, account, livemode, created desc, id desc);
create index dashboard_transactions_kind on dashboard_transactions (tenant, account, livemode, kind, created desc, id desc);
create index dashboard_transactions_currency on dashboard_transactions (tenant, account, livemode, currency, created desc, id desc);
create index dashboard_transactions_payout on dashboard_transactions (tenant, account, livemode, payout, created desc, id desc);
create index dashboard_transactions_intent on dashboard_transactions (tenant, account, payment_intent) where payment_intent <> '';

create table dashboard_customers (
    tenant   uuid not null references tenants,
    account  text not null,
    livemode boolean not null,
    id       text not null,
    name     text not null default '',
    email    text not null default '',
    created  timestamptz not null, -- account's clock
    read_at  timestamptz not null, -- real time, of the refresh that saw it last
    primary key (tenant, account, livemode, id)
);
select isolate_tenants('dashboard_customers');
create index dashboard_customers_newest on dashboard_customers (tenant, account, livemode, created desc, id desc);

grant select, insert, update, delete on dashboard_accounts, dashboard_balances, dashboard_banks, dashboard_payouts, dashboard_transactions, dashboard_customers to remit_app;
grant select on dashboard_accounts, dashboard_balances, dashboard_banks, dashboard_payouts, dashboard_transactions, dashboard_customers to remit_readonly, remit_ops;
