-- +goose Up
-- Double entry. An entry's lines sum to zero per currency; debits are positive.
-- What an invoice owes is the balance of its receivable.
create table ledger_entries (
    tenant     uuid not null references tenants,
    id         uuid not null,
    key        text not null,          -- what makes booking the same thing twice a no-op
    kind       text not null check (kind in ('issue', 'amend', 'void', 'payment', 'bank_transfer', 'excess', 'refund', 'dispute', 'write_off', 'credit')),
    invoice_id uuid,
    payment_id uuid,
    at         timestamptz not null,   -- organisation's clock
    booked_at  timestamptz not null default now(),
    primary key (tenant, id),
    unique (tenant, key),
    foreign key (tenant, invoice_id) references invoices (tenant, id),
    foreign key (tenant, payment_id) references payments (tenant, id)
);
select isolate_tenants('ledger_entries');
create index ledger_entries_invoice on ledger_entries (tenant, invoice_id);
-- One intent is booked once.
create unique index ledger_entries_one_capture on ledger_entries (tenant, payment_id) where kind in ('payment', 'bank_transfer');

create table ledger_lines (
    tenant     uuid not null,
    entry_id   uuid not null,
    n          integer not null,
    account    text not null check (account in ('receivable', 'revenue', 'stripe', 'bank', 'surcharge', 'excess', 'customer_credit', 'written_off')),
    invoice_id uuid,
    customer_id uuid,
    payment_id uuid,
    amount     bigint not null check (amount <> 0),
    currency   text not null check (currency ~ '^[A-Z]{3}$'),
    primary key (tenant, entry_id, n),
    foreign key (tenant, entry_id) references ledger_entries (tenant, id),
    check (account <> 'receivable' or invoice_id is not null),
    check (account <> 'customer_credit' or customer_id is not null)
);
select isolate_tenants('ledger_lines');

-- Kept by the trigger below and by nothing else.
create table invoice_balances (
    tenant     uuid not null,
    invoice_id uuid not null,
    currency   text not null,
    billed     bigint not null default 0,
    applied    bigint not null default 0,
    outstanding bigint generated always as (billed - applied) stored,
    primary key (tenant, invoice_id),
    foreign key (tenant, invoice_id) references invoices (tenant, id),
    constraint billed_not_negative check (billed >= 0),
    constraint applied_not_negative check (applied >= 0),
    constraint applied_within_billed check (applied <= billed)
);
select isolate_tenants('invoice_balances');

create table customer_credits (
    tenant      uuid not null,
    customer_id uuid not null,
    currency    text not null,
    credit      bigint not null default 0,
    primary key (tenant, customer_id, currency),
    foreign key (tenant, customer_id) references customers (tenant, id),
    constraint credit_not_negative check (credit >= 0)
);
select isolate_tenants('customer_credits');

-- +goose StatementBegin
create function ledger_line_booked() returns trigger language plpgsql security definer set search_path = public as $$
declare
    entry_kind text;
begin
    if new.account = 'receivable' then
        select kind into entry_kind from ledger_entries where tenant = new.tenant and id = new.entry_id;
        if entry_kind in ('issue', 'amend', 'void') then
            update invoice_balances set billed = billed + new.amount
             where tenant = new.tenant and invoice_id = new.invoice_id and currency = new.currency;
        else
            update invoice_balances set applied = applied - new.amount
             where tenant = new.tenant and invoice_id = new.invoice_id and currency = new.currency;
        end if;
        if not found then
            raise exception 'invoice % has no balance in %', new.invoice_id, new.currency using errcode = 'check_violation';
        end if;
    elsif new.account = 'customer_credit' then
        insert into customer_credits (tenant, customer_id, currency, credit)
        values (new.tenant, new.customer_id, new.currency, -new.amount)
        on conflict (tenant, customer_id, currency) do update set credit = customer_credits.credit - new.amount;
    end if;
    return null;
end
$$;
-- +goose StatementEnd
create trigger ledger_lines_booked after insert on ledger_lines for each row execute function ledger_line_booked();

-- +goose StatementBegin
create function ledger_entry_balances() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (select 1 from ledger_lines where tenant = new.tenant and entry_id = new.id)
       or exists (select 1 from ledger_lines where tenant = new.tenant and entry_id = new.id
                  group by currency having sum(amount) <> 0) then
        raise exception 'ledger entry % does not balance', new.key using errcode = 'check_violation';
    end if;
    return null;
end
$$;
-- +goose StatementEnd
create constraint trigger ledger_entries_balance after insert on ledger_entries
    deferrable initially deferred for each row execute function ledger_entry_balances();

-- +goose StatementBegin
-- A line added later to an entry that was already booked must be refused too.
create function ledger_lines_with_entry() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (select 1 from ledger_entries where tenant = new.tenant and id = new.entry_id and xmin = pg_current_xact_id()::xid) then
        raise exception 'ledger entry % is already booked', new.entry_id using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
-- +goose StatementEnd
create trigger ledger_lines_same_transaction before insert on ledger_lines for each row execute function ledger_lines_with_entry();

create trigger ledger_entries_append_only before update or delete on ledger_entries for each row execute function refuse_change();
create trigger ledger_lines_append_only before update or delete on ledger_lines for each row execute function refuse_change();
create trigger ledger_entries_no_truncate before truncate on ledger_entries execute function refuse_change();
create trigger ledger_lines_no_truncate before truncate on ledger_lines execute function refuse_change();

grant select, insert on ledger_entries, ledger_lines to remit_app;
-- A balance is opened at nothing; only the trigger above moves it.
grant select on invoice_balances to remit_app;
grant insert (tenant, invoice_id, currency) on invoice_balances to remit_app;
grant select on customer_credits to remit_app;
