-- +goose Up
-- Money that goes back: refunds, disputes, and what came in and fits nowhere.

alter table agenda drop constraint agenda_kind_check;
alter table agenda add constraint agenda_kind_check check (kind in ('poll', 'overdue', 'send', 'script', 'refund', 'respond', 'excess'));
alter table invoice_requests drop constraint invoice_requests_kind_check;
alter table invoice_requests add constraint invoice_requests_kind_check
    check (kind in ('pay', 'checkout', 'void', 'amend', 'record_payment', 'hold', 'lift_hold', 'run_script', 'refund', 'resolve_excess', 'use_credit'));

-- refunds: promised back to a payer and not yet debited by Stripe.
alter table ledger_lines drop constraint ledger_lines_account_check;
alter table ledger_lines add constraint ledger_lines_account_check
    check (account in ('receivable', 'revenue', 'stripe', 'bank', 'surcharge', 'excess', 'customer_credit', 'written_off', 'refunds'));
alter table ledger_entries drop constraint ledger_entries_kind_check;
alter table ledger_entries add constraint ledger_entries_kind_check check (kind in (
    'issue', 'amend', 'void', 'write_off',                                   -- what an invoice bills
    'payment', 'bank_transfer', 'unmatched',                                 -- money that came in
    'refund', 'refund_sent', 'refund_returned', 'refund_undone',             -- money that goes back
    'dispute', 'dispute_won',                                                -- money a bank took, and gave back
    'credit', 'credit_note', 'credit_used'));                                -- what is owed to a customer
alter table ledger_entries drop constraint entries_of_money_name_their_payment;
alter table ledger_entries add constraint entries_of_money_name_their_payment check (payment_id is not null or kind not in
    ('payment', 'bank_transfer', 'refund', 'refund_sent', 'refund_returned', 'refund_undone', 'dispute', 'dispute_won'));

-- +goose StatementBegin
create or replace function ledger_line_fits() returns trigger language plpgsql security definer set search_path = public as $$
declare
    entry record;
begin
    select kind, invoice_id into entry from ledger_entries where tenant = new.tenant and id = new.entry_id;
    if new.account in ('stripe', 'bank') and new.amount > 0 and entry.kind not in ('payment', 'bank_transfer', 'unmatched', 'refund_returned', 'dispute_won') then
        raise exception 'an entry of the kind % brings no money in', entry.kind using errcode = 'check_violation';
    end if;
    if new.account in ('stripe', 'bank') and new.amount < 0 and entry.kind not in ('refund_sent', 'dispute') then
        raise exception 'an entry of the kind % sends no money out', entry.kind using errcode = 'check_violation';
    end if;
    if new.invoice_id is not null and new.invoice_id is distinct from entry.invoice_id then
        raise exception 'a line of another invoice than its entry''s' using errcode = 'check_violation';
    end if;
    return new;
end
$$;

create or replace function ledger_line_booked() returns trigger language plpgsql security definer set search_path = public as $$
declare
    entry_kind text;
begin
    select kind into entry_kind from ledger_entries where tenant = new.tenant and id = new.entry_id;
    if new.account = 'receivable' then
        if entry_kind in ('issue', 'amend', 'void', 'write_off') then
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
-- +goose StatementEnd

-- A refund of a payment, asked for here or made at Stripe.
create table refunds (
    tenant         uuid not null references tenants,
    id             uuid not null,
    invoice_id     uuid not null,
    payment_id     uuid not null,
    request_id     uuid,                -- what asked for it; null where it was made at Stripe
    excess_id      uuid,                -- the excess it gives back
    account        text not null,
    livemode       boolean not null,
    currency       text not null check (currency ~ '^[A-Z]{3}$'),
    amount         bigint not null check (amount > 0),      -- minor units, without the surcharge
    surcharge      bigint not null default 0 check (surcharge >= 0), -- that goes back besides
    reason         text not null default '',
    choice         text not null check (choice in ('reopen', 'settle', 'write_off', 'excess')),
    state          text not null check (state in ('requested', 'sent', 'pending', 'requires_action', 'succeeded', 'failed', 'canceled')),
    stripe_refund  text,
    failure        text not null default '',
    sent_at        timestamptz,         -- organisation's clock, when it was first sent
    polls          integer not null default 0,
    actor          jsonb not null,
    created_at     timestamptz not null, -- organisation's clock
    since          timestamptz not null,
    ended_at       timestamptz,
    primary key (tenant, id),
    unique (tenant, request_id),
    foreign key (tenant, invoice_id) references invoices (tenant, id),
    foreign key (tenant, payment_id) references payments (tenant, id)
);
select isolate_tenants('refunds');
create unique index refunds_at_stripe on refunds (tenant, account, stripe_refund) where stripe_refund is not null;
create index refunds_payment on refunds (tenant, payment_id, created_at);
create index refunds_invoice on refunds (tenant, invoice_id, created_at);
create index refunds_open on refunds (tenant, id) where ended_at is null;

-- +goose StatementBegin
-- The ladder of a refund's states: one that has succeeded can still fail, when
-- the payer's bank sends it back.
create function refund_rank(state text) returns integer language sql immutable as $$
    select case state when 'requested' then 0 when 'sent' then 1 when 'pending' then 2 when 'requires_action' then 2
        when 'succeeded' then 3 when 'failed' then 4 when 'canceled' then 4 end
$$;
create function refunds_stay() returns trigger language plpgsql as $$
begin
    if refund_rank(new.state) < refund_rank(old.state) or (refund_rank(old.state) = 4 and new.state <> old.state) then
        raise exception 'refund % cannot go from % to %', old.id, old.state, new.state using errcode = 'check_violation';
    end if;
    if (new.invoice_id, new.payment_id, new.amount, new.surcharge, new.choice, new.currency, new.account)
       is distinct from (old.invoice_id, old.payment_id, old.amount, old.surcharge, old.choice, old.currency, old.account)
       or old.stripe_refund is not null and new.stripe_refund is distinct from old.stripe_refund then
        raise exception 'refund % stays what was asked for', old.id using errcode = 'check_violation';
    end if;
    return new;
end
$$;
-- +goose StatementEnd
create trigger refunds_stay before update on refunds for each row execute function refunds_stay();

-- A dispute of a charge, as Stripe tells it.
create table disputes (
    tenant         uuid not null references tenants,
    id             uuid not null,
    invoice_id     uuid not null,
    payment_id     uuid not null,
    account        text not null,
    livemode       boolean not null,
    stripe_dispute text not null,
    charge         text not null,
    currency       text not null check (currency ~ '^[A-Z]{3}$'),
    amount         bigint not null check (amount > 0),
    reason         text not null,
    state          text not null check (state in ('warning_needs_response', 'warning_under_review', 'warning_closed', 'needs_response', 'under_review', 'won', 'lost')),
    respond_by     timestamptz,
    withdrawn      boolean not null default false, -- the bank took the money
    reinstated     boolean not null default false, -- and gave it back
    created_at     timestamptz not null,           -- organisation's clock
    closed_at      timestamptz,
    primary key (tenant, id),
    unique (tenant, account, stripe_dispute),
    foreign key (tenant, invoice_id) references invoices (tenant, id),
    foreign key (tenant, payment_id) references payments (tenant, id),
    check (withdrawn or not reinstated)
);
select isolate_tenants('disputes');
create index disputes_invoice on disputes (tenant, invoice_id);
create index disputes_payment on disputes (tenant, payment_id);
create index disputes_open on disputes (tenant, respond_by, id) where closed_at is null;

-- Money that came in and could not be applied: an item until somebody, or its
-- default action when it is due, decides.
create table excess (
    tenant          uuid not null references tenants,
    id              uuid not null,
    organisation_id uuid not null,
    invoice_id      uuid,
    payment_id      uuid,
    customer_id     uuid,
    currency        text not null check (currency ~ '^[A-Z]{3}$'),
    amount          bigint not null check (amount > 0),
    reason          text not null check (reason in ('paid_twice', 'paid_after_void', 'wrong_amount', 'foreign_currency', 'unmatched')),
    reference       text not null default '',
    state           text not null check (state in ('open', 'refunding', 'refunded', 'credited', 'applied')),
    default_action  text not null check (default_action in ('refund', 'credit', 'apply', 'none')),
    due             timestamptz,          -- organisation's clock, of the default action
    resolved_by     jsonb,
    resolved_at     timestamptz,
    created_at      timestamptz not null, -- organisation's clock
    primary key (tenant, id),
    foreign key (tenant, organisation_id) references organisations (tenant, id),
    foreign key (tenant, invoice_id) references invoices (tenant, id),
    foreign key (tenant, payment_id) references payments (tenant, id),
    foreign key (tenant, customer_id) references customers (tenant, id),
    check ((state in ('open', 'refunding')) = (resolved_at is null))
);
select isolate_tenants('excess');
create index excess_open on excess (tenant, organisation_id, created_at, id) where resolved_at is null;
create index excess_invoice on excess (tenant, invoice_id);

grant select, insert, update on refunds, disputes, excess to remit_app;
grant select on refunds, disputes, excess to remit_readonly, remit_ops;
