-- +goose Up
-- Every change to an invoice has exactly one entry, chained by hash.
create table timeline (
    tenant     uuid not null,
    invoice_id uuid not null,
    seq        bigint not null,
    at         timestamptz not null,   -- organisation's clock
    kind       text not null,
    what       text not null,
    rule       text not null default '',
    rule_version text not null default '',
    actor_kind text not null,
    actor_id   text not null default '',
    actor_name text not null default '',
    stripe_ids text[] not null default '{}',
    next_what  text not null default '',
    next_at    timestamptz,
    data       jsonb not null default '{}',
    hash       bytea not null,
    primary key (tenant, invoice_id, seq),
    foreign key (tenant, invoice_id) references invoices (tenant, id)
);
select isolate_tenants('timeline');
create trigger timeline_append_only before update or delete on timeline for each row execute function refuse_change();
create trigger timeline_no_truncate before truncate on timeline execute function refuse_change();

-- Who did what, one chain for each tenant.
create table audit (
    tenant     uuid not null references tenants,
    seq        bigint not null,
    at         timestamptz not null,   -- real time
    actor_kind text not null,
    actor_id   text not null default '',
    actor_name text not null default '',
    token_id   uuid,
    address    text not null default '',
    request_id text not null default '',
    action     text not null,
    object     text not null default '',
    path       text not null default '',
    scope      text not null default '',
    matched    text not null default '',
    policy_version bigint not null default 0,
    outcome    text not null,
    change     jsonb not null default '{}',
    hash       bytea not null,
    primary key (tenant, seq)
);
select isolate_tenants('audit');
create trigger audit_append_only before update or delete on audit for each row execute function refuse_change();
create trigger audit_no_truncate before truncate on audit execute function refuse_change();

create table audit_heads (
    tenant uuid primary key references tenants,
    seq    bigint not null,
    hash   bytea not null
);
select isolate_tenants('audit_heads');

grant select, insert on timeline, audit to remit_app;
grant select, insert, update on audit_heads to remit_app;
