-- +goose Up
-- Bank accounts on their way to being payment methods, and the authorisation that
-- each debit stands on. The row is there before Stripe hears of the account; its
-- number is never here.
create table bank_accounts (
    tenant           uuid not null references tenants,
    id               uuid not null,       -- of the payment method it becomes
    customer_id      uuid not null,
    organisation_id  uuid not null,
    account          text not null,
    livemode         boolean not null,
    setup_intent     text,
    state            text not null check (state in ('requested', 'awaiting_deposit', 'awaiting_entry', 'usable', 'failed', 'locked', 'expired', 'detached')),
    reason           text not null default '',
    deposit          text not null default '' check (deposit in ('', 'amounts', 'descriptor_code')),
    arrives_at       timestamptz,
    verify_by        timestamptz,
    tries_left       integer check (tries_left >= 0),
    hosted_url       text not null default '',
    mandate          text,
    mandate_ended    boolean not null default false,
    accepted_how     text not null check (accepted_how in ('online', 'offline')),
    accepted_at      timestamptz not null,
    accepted_address text not null,
    accepted_agent   text not null,
    accepted_version text not null,
    for_invoice      uuid,
    told             integer not null default 0,
    actor            jsonb not null,
    created_at       timestamptz not null,
    ended_at         timestamptz,
    primary key (tenant, id),
    foreign key (tenant, customer_id) references customers (tenant, id),
    foreign key (tenant, organisation_id) references organisations (tenant, id),
    foreign key (tenant, for_invoice) references invoices (tenant, id)
);
select isolate_tenants('bank_accounts');
create unique index bank_accounts_setup on bank_accounts (tenant, account, setup_intent) where setup_intent is not null;
create unique index bank_accounts_mandate on bank_accounts (tenant, account, mandate) where mandate is not null;
create index bank_accounts_customer on bank_accounts (tenant, customer_id, created_at);
create index bank_accounts_waiting on bank_accounts (tenant, created_at, id) where state in ('requested', 'awaiting_deposit', 'awaiting_entry');

-- +goose StatementBegin
-- What was agreed to stays as it was agreed to; what has ended does not wait again.
create function bank_accounts_stay() returns trigger language plpgsql as $$
begin
    if (new.customer_id, new.account, new.livemode, new.accepted_how, new.accepted_at, new.accepted_address, new.accepted_agent, new.accepted_version)
        is distinct from (old.customer_id, old.account, old.livemode, old.accepted_how, old.accepted_at, old.accepted_address, old.accepted_agent, old.accepted_version) then
        raise exception 'what was agreed to for a bank account is not changed' using errcode = 'check_violation', constraint = 'bank_accounts_stay';
    end if;
    if old.state in ('usable', 'failed', 'locked', 'expired', 'detached') and new.state in ('requested', 'awaiting_deposit', 'awaiting_entry')
        or old.state = 'detached' and new.state <> 'detached' or old.state = 'locked' and new.state = 'usable' or old.mandate_ended and not new.mandate_ended then
        raise exception 'a bank account does not go from % to %', old.state, new.state using errcode = 'check_violation', constraint = 'bank_accounts_stay';
    end if;
    return new;
end $$;
-- +goose StatementEnd
create trigger bank_accounts_stay before update on bank_accounts for each row execute function bank_accounts_stay();

alter table connections add column ach_debits boolean not null default false;   -- Stripe's capability us_bank_account_ach_payments is active

alter table agenda drop constraint agenda_kind_check;
alter table agenda add constraint agenda_kind_check check (kind in ('poll', 'overdue', 'send', 'script', 'refund', 'respond', 'excess', 'reconcile', 'bank_account'));

-- A bank account's customer is told of each step once.
alter table mails add column bank_account_id uuid;
alter table mails add foreign key (tenant, bank_account_id) references bank_accounts (tenant, id);
alter table mails add constraint mails_of_bank_accounts_once unique (tenant, bank_account_id, stage);
alter table mails drop constraint mails_of_people_or_invoices;
alter table mails add constraint mails_of_people_or_objects check (
    case when body is not null then num_nonnulls(text, invoice_id, stage, due_version, bank_account_id) = 0
         when bank_account_id is not null then num_nonnulls(text, stage) = 2 and num_nonnulls(invoice_id, due_version) = 0
         else num_nonnulls(text, invoice_id, stage, due_version) = 4 end);

grant select, insert, update on bank_accounts to remit_app;
grant select on bank_accounts to remit_readonly, remit_ops;
