-- +goose Up
-- Money comes in by an entry that names the payment it came by, once; no entry
-- of another kind may say that more came in, nor touch another invoice.
alter table ledger_entries add constraint entries_of_money_name_their_payment
    check (payment_id is not null or kind not in ('payment', 'bank_transfer'));

-- +goose StatementBegin
create function ledger_line_fits() returns trigger language plpgsql security definer set search_path = public as $$
declare
    entry record;
begin
    select kind, invoice_id into entry from ledger_entries where tenant = new.tenant and id = new.entry_id;
    if new.account in ('stripe', 'bank') and new.amount > 0 and entry.kind not in ('payment', 'bank_transfer', 'refund', 'dispute') then
        raise exception 'an entry of the kind % brings no money in', entry.kind using errcode = 'check_violation';
    end if;
    if new.invoice_id is not null and new.invoice_id is distinct from entry.invoice_id then
        raise exception 'a line of another invoice than its entry''s' using errcode = 'check_violation';
    end if;
    return new;
end
$$;
-- +goose StatementEnd
create trigger ledger_lines_fit before insert on ledger_lines for each row execute function ledger_line_fits();

-- A credit is spent by a line that debits it: the row is there before it is
-- changed, so that its check is of what is left.
-- +goose StatementBegin
create or replace function ledger_line_booked() returns trigger language plpgsql security definer set search_path = public as $$
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
        values (new.tenant, new.customer_id, new.currency, 0)
        on conflict (tenant, customer_id, currency) do nothing;
        update customer_credits set credit = credit - new.amount
         where tenant = new.tenant and customer_id = new.customer_id and currency = new.currency;
    end if;
    return null;
end
$$;
-- +goose StatementEnd

-- What an attempt was made for, and what a person asked and by which right, is
-- not rewritten; a payment keeps its intent, and a closed one stays closed.
-- +goose StatementBegin
create function payments_stay() returns trigger language plpgsql as $$
begin
    if old.payment_intent is not null and new.payment_intent is distinct from old.payment_intent then
        raise exception 'payment % keeps its intent', old.id using errcode = 'check_violation';
    end if;
    if old.intent_closed and not new.intent_closed then
        raise exception 'the intent of payment % is closed', old.id using errcode = 'check_violation';
    end if;
    return new;
end
$$;
create function attempts_stay() returns trigger language plpgsql as $$
begin
    if (new.invoice_id, new.payment_id, new.request_id, new.number, new.kind, new.amount, new.surcharge)
       is distinct from (old.invoice_id, old.payment_id, old.request_id, old.number, old.kind, old.amount, old.surcharge) then
        raise exception 'attempt % stays what it was made for', old.id using errcode = 'check_violation';
    end if;
    return new;
end
$$;
create function requests_stay() returns trigger language plpgsql as $$
begin
    if (new.invoice_id, new.kind, new.payload, new.actor) is distinct from (old.invoice_id, old.kind, old.payload, old.actor) then
        raise exception 'request % stays what was asked', old.id using errcode = 'check_violation';
    end if;
    return new;
end
$$;
-- +goose StatementEnd
create trigger payments_stay before update on payments for each row execute function payments_stay();
create trigger attempts_stay before update on attempts for each row execute function attempts_stay();
create trigger requests_stay before update on invoice_requests for each row execute function requests_stay();

-- The row under which what was asked with a key is stored, so that a request
-- sent again after its process died is the same one and nothing new.
alter table idempotency_keys add column request_id uuid not null default gen_random_uuid();
