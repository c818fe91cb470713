-- +goose Up
-- Attempts to sign in at the identity provider that are under way: one use, ten
-- minutes. Each is found by the hash of a secret that only the browser has.
create table provider_attempts (
    token_hash bytea primary key,
    account_id uuid references accounts on delete cascade,  -- whose sign-in is linked or confirmed
    purpose    text not null check (purpose in ('sign_in', 'invitation', 'link', 'confirm')),
    invitation bytea,                                       -- hash of the invitation's token
    next       text not null,                               -- local path to go on to
    began_at   timestamptz not null,
    expires_at timestamptz not null,
    check ((account_id is not null) = (purpose in ('link', 'confirm'))),
    check ((invitation is not null) = (purpose = 'invitation'))
);
create index provider_attempts_expiry on provider_attempts (expires_at);

grant select, insert, update, delete on provider_attempts to remit_app;
grant select on provider_attempts to remit_ops;

-- A person of the provider is both or neither.
alter table accounts add check ((oidc_issuer is null) = (oidc_subject is null));
