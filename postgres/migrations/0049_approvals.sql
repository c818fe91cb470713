-- +goose Up
-- A payment above a sum needs a second person (Z9). What is asked stays as it was
-- asked: another payment is another request.
create table approvals (
    tenant          uuid not null references tenants,
    id              uuid not null,
    invoice_id      uuid not null,
    organisation_id uuid not null,                      -- the invoice's
    amount          bigint not null check (amount > 0), -- minor units
    surcharge       bigint not null default 0 check (surcharge >= 0),
    at_most         boolean not null,                   -- the surcharge was not known and is not more
    method          uuid,                               -- null: typed on Stripe's page
    method_words    text not null,
    total           bigint not null,                    -- of the invoice when it was asked
    state           text not null check (state in ('asked', 'approved', 'used', 'declined', 'lapsed')),
    asked_by        uuid not null,
    asked_by_name   text not null,
    asked_at        timestamptz not null,               -- organisation's clock, as all times here
    level           text not null,                      -- path whose approvers are asked now
    answered_by     uuid,
    answered_name   text not null default '',
    in_place_of     uuid,
    in_place_name   text not null default '',
    delegation      uuid,
    token           uuid,                               -- API token it was answered with
    token_scopes    jsonb,
    answered_at     timestamptz,
    expires_at      timestamptz,
    reason          text not null default '',
    attempt_id      uuid,                               -- that was begun with it
    ended_at        timestamptz,
    primary key (tenant, id),
    foreign key (tenant, invoice_id) references invoices (tenant, id),
    foreign key (tenant, organisation_id) references organisations (tenant, id),
    foreign key (tenant, attempt_id) references attempts (tenant, id),
    constraint approvals_four_eyes check (asked_by <> answered_by and asked_by <> in_place_of),
    constraint approvals_answered check (state not in ('approved', 'used') or answered_by is not null and expires_at is not null),
    constraint approvals_used_once check ((state = 'used') = (attempt_id is not null)),
    constraint approvals_ended check ((state in ('asked', 'approved')) = (ended_at is null))
);
select isolate_tenants('approvals');
create unique index approvals_one_live on approvals (tenant, invoice_id, asked_by) where state in ('asked', 'approved');
create unique index approvals_attempt on approvals (tenant, attempt_id) where attempt_id is not null;
create index approvals_of_invoices on approvals (tenant, invoice_id, asked_at);
create index approvals_waiting on approvals (tenant, asked_at, id) where state = 'asked';

-- +goose StatementBegin
create function approvals_stay() returns trigger language plpgsql as $$
begin
    if (new.invoice_id, new.amount, new.surcharge, new.at_most, new.method, new.total, new.asked_by, new.asked_at)
        is distinct from (old.invoice_id, old.amount, old.surcharge, old.at_most, old.method, old.total, old.asked_by, old.asked_at) then
        raise exception 'what is to be approved is not changed' using errcode = 'check_violation', constraint = 'approvals_stay';
    end if;
    if old.state in ('used', 'declined', 'lapsed') or old.state = 'approved' and new.state not in ('approved', 'used', 'lapsed')
        or old.state = 'asked' and new.state = 'used'
        or old.answered_by is not null and new.answered_by is distinct from old.answered_by then
        raise exception 'an approval does not go from % to %', old.state, new.state using errcode = 'check_violation', constraint = 'approvals_stay';
    end if;
    return new;
end $$;
-- +goose StatementEnd
create trigger approvals_stay before update on approvals for each row execute function approvals_stay();

-- Somebody hands his approvals at a path and below to somebody else.
create table approval_delegations (
    tenant          uuid not null references tenants,
    id              uuid not null,
    organisation_id uuid not null,
    from_account    uuid not null references accounts,
    to_account      uuid not null references accounts,
    until           date not null,
    ends_at         timestamptz not null,      -- organisation's clock
    created_at      timestamptz not null,
    ended_at        timestamptz,               -- taken back
    primary key (tenant, id),
    foreign key (tenant, organisation_id) references organisations (tenant, id),
    check (from_account <> to_account)
);
select isolate_tenants('approval_delegations');
create index approval_delegations_to on approval_delegations (tenant, to_account) where ended_at is null;

grant select, insert, update on approvals, approval_delegations to remit_app;
grant select on approvals, approval_delegations to remit_readonly, remit_ops;

-- Mails about an approval, each once to each who is told. Other kinds of rows and of
-- mails stay as they are allowed.
alter table mails add column approval_id uuid;
alter table mails add foreign key (tenant, approval_id) references approvals (tenant, id);
alter table mails add constraint mails_of_approvals_once unique (tenant, approval_id, stage, recipient);
-- +goose StatementBegin
do $$
declare
    allowed text;
begin
    select pg_get_expr(conbin, conrelid) into strict allowed from pg_constraint where conrelid = 'mails'::regclass and conname = 'mails_of_people_or_objects';
    alter table mails drop constraint mails_of_people_or_objects;
    execute format('alter table mails add constraint mails_of_people_or_objects check (case when approval_id is not null
        then num_nonnulls(text, stage) = 2 and num_nonnulls(body, invoice_id, due_version, bank_account_id, connection_id) = 0 else %s end)', allowed);
    select pg_get_expr(conbin, conrelid) into strict allowed from pg_constraint where conrelid = 'agenda'::regclass and conname = 'agenda_kind_check';
    alter table agenda drop constraint agenda_kind_check;
    execute format('alter table agenda add constraint agenda_kind_check check (kind = ''approval'' or %s)', allowed);
end $$;
-- +goose StatementEnd
