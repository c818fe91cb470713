-- +goose Up
-- What a business and Stripe both keep of a customer is kept in line. A link is its own
-- outbox: it is due where something is to be sent to Stripe, or looked at there.
alter table stripe_customers
    add column shared      jsonb,                        -- name, e-mail and the like when both last had the same of ours; null: never compared
    add column seen        jsonb,                        -- as Stripe had them when it was looked at last
    add column version     integer not null default 0,   -- of what is sent: the last state wins
    add column due_at      timestamptz,                  -- real time, as all times here
    add column claimed_at  timestamptz,                  -- somebody is at work on it
    add column tries       integer not null default 0,
    add column failure     text not null default '',     -- why Stripe did not take it
    add column made_here   boolean not null default false, -- Remit made the customer at Stripe
    add column ending      text check (ending in ('keep', 'delete')); -- the customer was deleted here: what becomes of the one there
create index stripe_customers_due on stripe_customers (tenant, due_at) where due_at is not null;

-- A mapping is looked up by plain columns: under row security no index is used by way
-- of a function such as lower().
alter table dashboard_customers
    add column email_key text generated always as (lower(email)) stored,
    add column name_key  text generated always as (lower(btrim(name))) stored;
drop index dashboard_customers_email;
drop index dashboard_customers_name;
create index dashboard_customers_email on dashboard_customers (tenant, account, livemode, email_key);
create index dashboard_customers_name on dashboard_customers (tenant, account, livemode, name_key);
alter table customers
    add column email_key text generated always as (lower(email)) stored,
    add column name_key  text generated always as (lower(btrim(name))) stored;
drop index customers_email;
create index customers_email on customers (tenant, email_key) where email <> '';
create index customers_number on customers (tenant, external_id) where external_id is not null;

-- The ids by which a customer at Stripe is known elsewhere, as its metadata has them.
create table dashboard_customer_ids (
    tenant   uuid not null references tenants,
    account  text not null,
    livemode boolean not null,
    key      text not null, -- system and id, as the domain writes them
    id       text not null,
    primary key (tenant, account, livemode, key, id),
    foreign key (tenant, account, livemode, id) references dashboard_customers (tenant, account, livemode, id) on delete cascade
);
select isolate_tenants('dashboard_customer_ids');
create index dashboard_customer_ids_of on dashboard_customer_ids (tenant, account, livemode, id);
grant select, insert, delete on dashboard_customer_ids to remit_app;
grant select on dashboard_customer_ids to remit_readonly, remit_ops;

-- A person stops an import of customers, and has it go on.
-- +goose StatementBegin
do $$
declare
    allowed text;
begin
    select pg_get_expr(conbin, conrelid) into strict allowed from pg_constraint where conrelid = 'imports'::regclass and conname = 'imports_state_check';
    alter table imports drop constraint imports_state_check;
    execute format('alter table imports add constraint imports_state_check check (state = ''stopped'' or %s)', allowed);
end $$;
-- +goose StatementEnd
