-- +goose Up
-- What is sold to people without an account: products, the store that shows them, and
-- the orders that were made there. An order is an invoice; here stands what an invoice
-- does not say.

create table products (
    tenant          uuid not null references tenants,
    id              uuid not null,
    organisation_id uuid not null,
    name            text not null check (name <> ''),
    description     text not null default '',
    price           bigint not null check (price > 0), -- of one, minor units
    currency        text not null check (currency ~ '^[A-Z]{3}$'),
    stock           bigint check (stock >= 0),         -- how many there are in all; null: as many as are wanted
    sold            bigint not null default 0 check (sold >= 0),
    active          boolean not null default true,
    picture         bytea,
    picture_type    text check (picture_type in ('image/png', 'image/jpeg')),
    picture_version text not null default '',
    removed_at      timestamptz,                       -- real time; it stays for the orders that name it
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (tenant, id),
    foreign key (tenant, organisation_id) references organisations (tenant, id),
    constraint products_not_oversold check (stock is null or sold <= stock),
    check ((picture is null) = (picture_type is null))
);
select isolate_tenants('products');
create index products_of on products (tenant, organisation_id, id) where removed_at is null;

create table stores (
    tenant          uuid not null references tenants,
    id              uuid not null,
    organisation_id uuid not null,
    slug            text not null,
    name            text not null default '',
    is_open         boolean not null,
    embedders       text[] not null default '{}',      -- origins
    version         bigint not null default 1,
    updated_at      timestamptz not null default now(),
    primary key (tenant, id),
    unique (tenant, organisation_id),
    unique (tenant, slug),
    foreign key (tenant, organisation_id) references organisations (tenant, id)
);
select isolate_tenants('stores');

-- Whose store an address is: readable before a tenant is set.
create table store_directory (
    slug   text primary key check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    tenant uuid not null references tenants,
    store  uuid not null,
    unique (tenant, store)
);

create table orders (
    tenant       uuid not null references tenants,
    id           uuid not null,                        -- of its invoice
    store_id     uuid not null,
    delivery     text not null default '',             -- where to, in the buyer's words
    holds_stock  boolean not null default true,        -- it counts in what is sold of its products
    fulfilled_at timestamptz,                          -- organisation's clock
    fulfilled_by jsonb,
    created_at   timestamptz not null,                 -- organisation's clock
    primary key (tenant, id),
    foreign key (tenant, id) references invoices (tenant, id),
    foreign key (tenant, store_id) references stores (tenant, id),
    check ((fulfilled_at is null) = (fulfilled_by is null))
);
select isolate_tenants('orders');
create index orders_newest on orders (tenant, created_at desc, id desc);

create table order_items (
    tenant     uuid not null references tenants,
    order_id   uuid not null,
    product_id uuid not null,
    quantity   bigint not null check (quantity > 0),
    primary key (tenant, order_id, product_id),
    foreign key (tenant, order_id) references orders (tenant, id),
    foreign key (tenant, product_id) references products (tenant, id)
);
select isolate_tenants('order_items');

grant select, insert, update on products, stores, orders to remit_app;
grant select, insert on order_items to remit_app;
grant select, insert, delete on store_directory to remit_app;
grant select on products, stores, store_directory, orders, order_items to remit_readonly, remit_ops;

-- An order's end, if it is not paid, is on the agenda. The kinds there are stay as they
-- are, whichever there may be.
-- +goose StatementBegin
do $$
declare allowed text;
begin
    select pg_get_constraintdef(oid) into strict allowed from pg_constraint where conrelid = 'agenda'::regclass and conname = 'agenda_kind_check';
    execute 'alter table agenda drop constraint agenda_kind_check';
    execute 'alter table agenda add constraint agenda_kind_check ' || replace(allowed, '''poll''::text', '''poll''::text, ''order''::text');
end
$$;
-- +goose StatementEnd
