-- +goose Up
-- What Stripe says of a connected account, and how a connection comes to its end.
alter table connections
    add column email text not null default '',
    add column details_submitted boolean not null default false,
    add column disabled_reason text not null default '',
    add column requirements jsonb not null default '[]',
    add column deadline timestamptz,
    add column fee_payer text not null default '',
    add column loss_payer text not null default '',
    add column keys_refused timestamptz,
    add column disconnecting_since timestamptz,            -- nothing new is collected; what is on its way is followed
    add column wound_down boolean not null default false,  -- checkouts are closed and timelines told, since then
    add column ended_by text not null default '' check (ended_by in ('', 'person', 'stripe', 'replaced'));
update connections set ended_by = 'person' where disconnected_at is not null;
alter table connections add constraint connections_ended check ((disconnected_at is null) = (ended_by = ''));
alter table connections add constraint connections_keys check (mode = 'api_keys' or secret_key is null and webhook_secret is null);
alter table connections drop column details;

-- The platform's events name an account: whose it is.
alter table connection_directory add column account text not null default '', add column livemode boolean not null default false;
update connection_directory d set account = c.account, livemode = c.livemode from connections c where c.tenant = d.tenant and c.id = d.id;
create index connection_directory_account on connection_directory (account) where account <> '';
grant update (account, livemode) on connection_directory to remit_app;

-- What became of a connection, for whoever asks why it is as it is.
create table connection_history (
    tenant        uuid not null references tenants,
    id            uuid not null,
    connection_id uuid not null,
    at            timestamptz not null,       -- on the organisation's clock
    status        text not null,
    charges       boolean not null,
    payouts       boolean not null,
    what          text not null,
    source        text not null check (source in ('person', 'event', 'look', 'return')),
    actor         jsonb not null,
    primary key (tenant, id),
    foreign key (tenant, connection_id) references connections (tenant, id)
);
select isolate_tenants('connection_history');
create index connection_history_of on connection_history (tenant, connection_id, id desc);

-- A person on the way to Stripe to link his account: the state that Stripe hands
-- back works once, for ten minutes, for the same person in the same session.
create table oauth_states (
    state_hash bytea primary key,
    tenant     uuid not null references tenants,
    path       text not null,
    account_id uuid not null references accounts,   -- the person
    session    bytea,                               -- hash; null: he asked by an API token
    created_at timestamptz not null default now(),
    used_at    timestamptz
);
create index oauth_states_age on oauth_states (created_at);

alter table agenda drop constraint agenda_kind_check;
alter table agenda add constraint agenda_kind_check check (kind in
    ('poll', 'overdue', 'send', 'script', 'refund', 'respond', 'excess', 'reconcile', 'bank_account', 'charge', 'notice', 'connection'));

-- Mails about a connection, each once to each who is told.
alter table mails add column connection_id uuid;
alter table mails add foreign key (tenant, connection_id) references connections (tenant, id);
alter table mails add constraint mails_of_connections_once unique (tenant, connection_id, stage, recipient);
alter table mails drop constraint mails_of_people_or_objects;
alter table mails add constraint mails_of_people_or_objects check (
    case when body is not null then num_nonnulls(text, invoice_id, stage, due_version, bank_account_id, connection_id) = 0
         when bank_account_id is not null then num_nonnulls(text, stage) = 2 and num_nonnulls(invoice_id, due_version, connection_id) = 0
         when connection_id is not null then num_nonnulls(text, stage) = 2 and num_nonnulls(invoice_id, due_version, bank_account_id) = 0
         else num_nonnulls(text, invoice_id, stage, due_version) = 4 end);

grant select, insert on connection_history to remit_app;
grant select, insert, update, delete on oauth_states to remit_app;
grant select on connection_history to remit_readonly, remit_ops;

-- An invoice is told that the account it is collected through comes to its end.
alter table invoice_requests drop constraint invoice_requests_kind_check;
alter table invoice_requests add constraint invoice_requests_kind_check check (kind in (
    'pay', 'checkout', 'void', 'amend', 'record_payment', 'hold', 'lift_hold', 'run_script', 'refund', 'resolve_excess', 'use_credit', 'settle', 'cancel',
    'auto_charge', 'charge', 'wind_down'));
