-- +goose Up
-- What is left of an invoice and too small to be charged is billed with the next one
-- of its customer.

alter table invoices drop constraint invoices_status_check;
alter table invoices add constraint invoices_status_check
    check (status in ('draft', 'open', 'processing', 'partially_paid', 'paid', 'contested', 'void', 'uncollectible', 'carried'));
alter table invoice_adjustments drop constraint invoice_adjustments_kind_check;
alter table invoice_adjustments add constraint invoice_adjustments_kind_check
    check (kind in ('tax', 'allowance', 'charge', 'prepaid', 'rounding', 'carried'));

-- carried: between two invoices of a customer. It is at nothing whenever a transaction ends.
alter table ledger_lines drop constraint ledger_lines_account_check;
alter table ledger_lines add constraint ledger_lines_account_check
    check (account in ('receivable', 'revenue', 'stripe', 'bank', 'surcharge', 'excess', 'customer_credit', 'written_off', 'refunds', 'carried'));
alter table ledger_lines add constraint carried_of_an_invoice check (account <> 'carried' or invoice_id is not null and customer_id is not null);
alter table ledger_entries drop constraint ledger_entries_kind_check;
alter table ledger_entries add constraint ledger_entries_kind_check check (kind in (
    'issue', 'amend', 'void', 'write_off', 'carry_out', 'carry_in',          -- what an invoice bills
    'payment', 'bank_transfer', 'unmatched',                                 -- money that came in
    'refund', 'refund_sent', 'refund_returned', 'refund_undone',             -- money that goes back
    'dispute', 'dispute_won',                                                -- money a bank took, and gave back
    'credit', 'credit_note', 'credit_used'));                                -- what is owed to a customer

-- +goose StatementBegin
create or replace function ledger_line_booked() returns trigger language plpgsql security definer set search_path = public as $$
declare
    entry_kind text;
begin
    select kind into entry_kind from ledger_entries where tenant = new.tenant and id = new.entry_id;
    if new.account = 'receivable' then
        if entry_kind in ('issue', 'amend', 'void', 'write_off', 'carry_out', 'carry_in') then
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
        values (new.tenant, new.customer_id, new.currency, 0)
        on conflict (tenant, customer_id, currency) do nothing;
        update customer_credits set credit = credit - new.amount
         where tenant = new.tenant and customer_id = new.customer_id and currency = new.currency;
    elsif new.account = 'refunds' and entry_kind in ('refund', 'refund_undone') then
        -- Promised back, or no longer: never more than was captured.
        update payments set amount_refunded = amount_refunded - new.amount where tenant = new.tenant and id = new.payment_id;
        if not found then
            raise exception 'a refund of no payment' using errcode = 'check_violation';
        end if;
    end if;
    return null;
end
$$;

create function carried_comes_to_nothing() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (select 1 from ledger_entries where tenant = new.tenant and id = new.entry_id and kind in ('carry_out', 'carry_in')) then
        raise exception 'an entry that carries nothing is booked as carried' using errcode = 'check_violation';
    end if;
    if (select sum(amount) from ledger_lines where tenant = new.tenant and customer_id = new.customer_id and currency = new.currency and account = 'carried') <> 0 then
        raise exception 'what is carried between the invoices of customer % does not come to nothing', new.customer_id using errcode = 'check_violation';
    end if;
    return null;
end
$$;
-- +goose StatementEnd
create index ledger_lines_carried on ledger_lines (tenant, customer_id) where account = 'carried';
create constraint trigger ledger_lines_carried after insert on ledger_lines
    deferrable initially deferred for each row when (new.account = 'carried') execute function carried_comes_to_nothing();

-- Which invoice bills what was left of which.
create table carried_amounts (
    tenant       uuid not null references tenants,
    from_invoice uuid not null,
    to_invoice   uuid not null,
    amount       bigint not null check (amount > 0), -- minor units
    returned     bigint not null default 0,          -- of it, because the invoice that billed it was cancelled
    primary key (tenant, from_invoice, to_invoice),
    foreign key (tenant, from_invoice) references invoices (tenant, id),
    foreign key (tenant, to_invoice) references invoices (tenant, id),
    check (from_invoice <> to_invoice),
    constraint returned_within_amount check (returned between 0 and amount)
);
select isolate_tenants('carried_amounts');
create index carried_amounts_to on carried_amounts (tenant, to_invoice);
grant select, insert, update (returned) on carried_amounts to remit_app;
grant select on carried_amounts to remit_readonly, remit_ops;

-- Few organisations carry, and sending an invoice asks for what may be carried.
create index invoices_carrying on invoices (tenant, customer_id) where status in ('open', 'partially_paid') and settings ->> 'below_minimum' = 'carry';
