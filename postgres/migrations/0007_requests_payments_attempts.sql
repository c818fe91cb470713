-- +goose Up
-- What a person asked of an invoice. The workflow's update carries only the id,
-- so a forged update without a row does nothing.
create table invoice_requests (
    tenant     uuid not null references tenants,
    id         uuid not null,
    invoice_id uuid not null,
    kind       text not null check (kind in ('pay', 'checkout', 'void', 'amend', 'record_payment', 'hold', 'lift_hold')),
    payload    jsonb not null,
    actor      jsonb not null,
    result     jsonb,                  -- set once, in the transaction that carried it out
    created_at timestamptz not null default now(),
    done_at    timestamptz,
    primary key (tenant, id),
    foreign key (tenant, invoice_id) references invoices (tenant, id)
);
select isolate_tenants('invoice_requests');
create index invoice_requests_open on invoice_requests (tenant, invoice_id) where done_at is null;

-- A payment owns one PaymentIntent at one account, in one mode and currency.
create table payments (
    tenant          uuid not null references tenants,
    id              uuid not null,
    invoice_id      uuid not null,
    customer_id     uuid not null,
    source          text not null check (source in ('stripe', 'checkout', 'bank_transfer')),
    account         text not null default '',
    livemode        boolean not null default false,
    stripe_customer text not null default '',
    currency        text not null,
    payment_intent  text,
    intent_amount   bigint not null default 0,
    intent_closed   boolean not null default false, -- Stripe said canceled, or succeeded and booked
    charge          text not null default '',
    amount          bigint not null default 0,      -- the last attempt's
    surcharge       bigint not null default 0,
    amount_captured bigint not null default 0,
    amount_refunded bigint not null default 0,
    state           text not null check (state in ('created', 'requires_action', 'processing', 'confirming', 'failed', 'canceled', 'succeeded')),
    reference       text not null default '',
    created_at      timestamptz not null default now(),
    settled_at      timestamptz,
    primary key (tenant, id),
    foreign key (tenant, invoice_id) references invoices (tenant, id),
    check (amount_refunded >= 0 and amount_refunded <= amount_captured)
);
select isolate_tenants('payments');
create unique index payments_intent on payments (tenant, account, payment_intent) where payment_intent is not null;
create index payments_invoice on payments (tenant, invoice_id, created_at);

-- An attempt is one confirm of a payment's intent, or one Checkout Session.
create table attempts (
    tenant        uuid not null references tenants,
    id            uuid not null,
    invoice_id    uuid not null,
    payment_id    uuid not null,
    request_id    uuid not null,
    number        integer not null check (number > 0),
    kind          text not null check (kind in ('charge', 'checkout')),
    state         text not null check (state in ('created', 'requires_action', 'processing', 'confirming', 'failed', 'canceled', 'succeeded')),
    amount        bigint not null check (amount > 0),
    surcharge     bigint not null default 0 check (surcharge >= 0),
    payment_method_id uuid,
    method        jsonb,               -- as it was: type, brand, last4
    charge_before text,                -- the intent's latest_charge before the confirm
    confirm_at    timestamptz,         -- organisation's clock, when the confirm was first sent
    charge        text not null default '',
    stripe_session text,
    session_params jsonb,              -- every parameter, so that a lost create is repeated as it was
    session_url   text not null default '',
    expires_at    timestamptz,
    next_action   text not null default '',
    decline       jsonb,
    polls         integer not null default 0,
    actor         jsonb not null,
    created_at    timestamptz not null default now(), -- organisation's clock
    since         timestamptz not null default now(), -- when it entered its state
    ended_at      timestamptz,
    primary key (tenant, id),
    unique (tenant, invoice_id, number),
    unique (tenant, request_id),
    foreign key (tenant, invoice_id) references invoices (tenant, id),
    foreign key (tenant, payment_id) references payments (tenant, id)
);
select isolate_tenants('attempts');
-- At most one live attempt for an invoice, whatever the code believes.
create unique index attempts_one_live on attempts (tenant, invoice_id) where state in ('created', 'requires_action', 'processing', 'confirming');
create unique index attempts_session on attempts (tenant, stripe_session) where stripe_session is not null;
create index attempts_payment on attempts (tenant, payment_id, number);

-- +goose StatementBegin
-- The ladder of an attempt's states; a row never steps down it.
create function attempt_rank(state text) returns integer language sql immutable as $$
    select case state when 'created' then 0 when 'requires_action' then 1 when 'processing' then 1
        when 'confirming' then 1 when 'failed' then 2 when 'canceled' then 2 when 'succeeded' then 3 end
$$;
-- +goose StatementEnd
-- +goose StatementBegin
create function attempts_only_climb() returns trigger language plpgsql as $$
begin
    if attempt_rank(new.state) < attempt_rank(old.state) or (attempt_rank(old.state) = 2 and new.state <> old.state and new.state <> 'succeeded') then
        raise exception 'attempt % cannot go from % to %', old.id, old.state, new.state using errcode = 'check_violation';
    end if;
    return new;
end
$$;
-- +goose StatementEnd
create trigger attempts_climb before update of state on attempts for each row execute function attempts_only_climb();

-- Which tenant a Checkout Session belongs to, for the way back from Stripe.
create table checkout_directory (
    stripe_session text primary key,
    tenant         uuid not null references tenants
);

grant select, insert, update on invoice_requests, payments, attempts, checkout_directory to remit_app;
