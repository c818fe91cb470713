-- +goose Up
create table roles (
    tenant     uuid not null references tenants,
    name       text not null,
    created_at timestamptz not null default now(),
    primary key (tenant, name)
);
select isolate_tenants('roles');

create table role_permissions (
    tenant uuid not null,
    role   text not null,
    object text not null,
    action text not null,
    primary key (tenant, role, object, action),
    foreign key (tenant, role) references roles on delete cascade
);
select isolate_tenants('role_permissions');

-- A grant may name a shipped role, so role is not a foreign key; the command
-- that writes it checks that the role exists.
create table grants (
    tenant          uuid not null references tenants,
    id              uuid not null,
    account_id      uuid not null references accounts,
    role            text not null,
    organisation_id uuid not null,
    granted_by      uuid,
    created_at      timestamptz not null default now(),
    primary key (tenant, id),
    unique (tenant, account_id, role, organisation_id),
    foreign key (tenant, organisation_id) references organisations (tenant, id)
);
select isolate_tenants('grants');

-- +goose StatementBegin
-- Every change to who may do what raises the tenant's version in the same
-- transaction and tells all processes, so that it is in force at once.
create function authz_changed() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if tg_op = 'DELETE' then
        update tenants set authz_version = authz_version + 1 where id in (select distinct tenant from old_rows);
        perform pg_notify('authz', tenant::text) from (select distinct tenant from old_rows) t;
    else
        update tenants set authz_version = authz_version + 1 where id in (select distinct tenant from new_rows);
        perform pg_notify('authz', tenant::text) from (select distinct tenant from new_rows) t;
    end if;
    return null;
end
$$;
-- +goose StatementEnd

create trigger grants_inserted after insert on grants referencing new table as new_rows for each statement execute function authz_changed();
create trigger grants_updated after update on grants referencing new table as new_rows for each statement execute function authz_changed();
create trigger grants_deleted after delete on grants referencing old table as old_rows for each statement execute function authz_changed();
create trigger permissions_inserted after insert on role_permissions referencing new table as new_rows for each statement execute function authz_changed();
create trigger permissions_deleted after delete on role_permissions referencing old table as old_rows for each statement execute function authz_changed();
create trigger roles_deleted after delete on roles referencing old table as old_rows for each statement execute function authz_changed();
create trigger members_updated after update on members referencing new table as new_rows for each statement execute function authz_changed();
create trigger organisations_inserted after insert on organisations referencing new table as new_rows for each statement execute function authz_changed();
create trigger organisations_updated after update on organisations referencing new table as new_rows for each statement execute function authz_changed();
create trigger organisations_deleted after delete on organisations referencing old table as old_rows for each statement execute function authz_changed();

grant select, insert, update, delete on roles, role_permissions, grants to remit_app;
