-- +goose Up
-- +goose StatementBegin
-- Cluster-wide roles, where they are missing: an account that may not make any
-- migrates too once somebody else has. Several databases of one cluster may be
-- migrated at the same moment, so losing the race to create one is not an error.
do $$
declare
    name text;
begin
    foreach name in array array['remit_owner', 'remit_app', 'remit_readonly', 'remit_ops'] loop
        continue when exists (select from pg_roles where rolname = name);
        begin
            if name = 'remit_ops' then
                begin
                    create role remit_ops nologin bypassrls;
                exception when insufficient_privilege then
                    -- Only a superuser may give this away before PostgreSQL 16.
                    create role remit_ops nologin;
                    raise warning 'remit_ops sees no rows until a superuser runs: alter role remit_ops bypassrls';
                end;
            else
                execute format('create role %I nologin', name);
            end if;
        exception when duplicate_object or unique_violation then
            null;
        end;
    end loop;
end
$$;
-- +goose StatementEnd

grant usage on schema public to remit_app, remit_readonly, remit_ops;

-- Where nothing has set the tenant, this is null and row security shows nothing.
-- +goose StatementBegin
create function current_tenant() returns uuid language sql stable as
$$ select nullif(current_setting('remit.tenant', true), '')::uuid $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Turns on row security for a table whose first key column is tenant.
create function isolate_tenants(target regclass) returns void language plpgsql as $$
begin
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('create policy tenant_only on %s using (tenant = current_tenant()) with check (tenant = current_tenant())', target);
end
$$;
-- +goose StatementEnd

-- +goose StatementBegin
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;
-- +goose StatementEnd
