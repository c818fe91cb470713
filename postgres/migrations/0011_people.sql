-- +goose Up
-- Somebody invited belongs to a tenant once he has accepted, by the link sent
-- to his address: an account of that address may exist already, made by whoever
-- typed the address first.
alter table members add column accepted_at timestamptz;

-- What a sign-in needs to know of a membership before a tenant is set. Kept by
-- the trigger below and by nothing else.
alter table member_directory
    add column customer_id uuid,
    add column active      boolean not null default false;

-- +goose StatementBegin
create function member_listed() returns trigger language plpgsql security definer set search_path = public as $$
begin
    insert into member_directory (account_id, tenant, customer_id, active)
    values (new.account_id, new.tenant, new.customer_id, new.disabled_at is null and new.accepted_at is not null)
    on conflict (account_id, tenant) do update set customer_id = excluded.customer_id, active = excluded.active;
    return null;
end
$$;
-- +goose StatementEnd
create trigger members_listed after insert or update on members for each row execute function member_listed();
revoke insert, update, delete on member_directory from remit_app;

-- What a bearer token needs, likewise. Revoking deletes the row.
alter table api_token_directory
    add column account_id   uuid not null references accounts,
    add column scopes       text[],
    add column expires_at   timestamptz,
    add column last_used_at timestamptz;
alter table api_tokens drop column last_used_at;
create index api_token_directory_token on api_token_directory (tenant, token_id);
create index api_tokens_account on api_tokens (tenant, account_id, created_at, id);

-- Remit keeps nothing in a session but whose it is.
alter table sessions drop column data;
alter table sessions alter column account_id set not null, alter column signed_in_at set not null,
    alter column confirmed_at set not null;

create index account_tokens_account on account_tokens (account_id, purpose);
-- A role without permissions still takes the place of a shipped one.
create trigger roles_inserted after insert on roles referencing new table as new_rows for each statement execute function authz_changed();

create index sign_in_failures_age on sign_in_failures (last_failed);
create index member_directory_tenant on member_directory (tenant);
create index grants_organisation on grants (tenant, organisation_id);

-- An entry's hash is over its text, and jsonb does not keep a text as it came.
alter table audit alter column change drop default;
alter table audit alter column change type json using change::json;

-- Mails as they would be sent. A body may hold a link that signs somebody in,
-- so it is sealed like a key.
create table mails (
    tenant     uuid not null references tenants,
    id         uuid not null,
    recipient  text not null,
    subject    text not null,
    body       bytea not null,
    created_at timestamptz not null,
    primary key (tenant, id)
);
select isolate_tenants('mails');

grant select, insert on mails to remit_app;
grant select on mails to remit_ops;
