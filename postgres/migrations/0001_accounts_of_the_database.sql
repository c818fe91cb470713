-- +goose Up
-- +goose StatementBegin
-- Cluster-wide roles. Several databases of one cluster may be migrated at the
-- same moment, so losing the race to create one is not an error.
do $$
declare
    name text;
begin
    foreach name in array array['remit_owner', 'remit_app', 'remit_readonly'] loop
        begin
            execute format('create role %I nologin', name);
        exception when duplicate_object or unique_violation then
            null;
        end;
    end loop;
    begin
        create role remit_ops nologin bypassrls;
    exception when duplicate_object or unique_violation then
        null;
    end;
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
