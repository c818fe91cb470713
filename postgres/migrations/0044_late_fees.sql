-- +goose Up
-- What an invoice is charged besides, once it is late: each stage once for good.
create table late_fees (
    tenant      uuid not null references tenants,
    invoice_id  uuid not null,
    stage       integer not null check (stage between 1 and 3),
    amount      bigint not null check (amount > 0), -- minor units
    charged_at  timestamptz not null,               -- organisation's clock
    reversed_at timestamptz,
    reason      text,                               -- why it was taken back
    primary key (tenant, invoice_id, stage),
    foreign key (tenant, invoice_id) references invoices (tenant, id),
    check ((reversed_at is null) = (reason is null))
);
select isolate_tenants('late_fees');
grant select, insert, update (reversed_at, reason) on late_fees to remit_app;
grant select on late_fees to remit_readonly, remit_ops;

-- One more kind of each; whatever others there are stay.
-- +goose StatementBegin
do $$
declare
    kept record;
begin
    for kept in
        select c.conrelid::regclass as of, c.conname as name, pg_get_constraintdef(c.oid) as rule, k.kind
        from (values ('agenda_kind_check', 'late_fee'), ('invoice_requests_kind_check', 'reverse_late_fee'),
                     ('invoice_adjustments_kind_check', 'late_fee'), ('ledger_entries_kind_check', 'late_fee')) k (name, kind)
        join pg_constraint c on c.conname = k.name
    loop
        execute format('alter table %s drop constraint %I, add constraint %I %s', kept.of, kept.name, kept.name,
            replace(kept.rule, ']', format(', %L::text]', kept.kind)));
    end loop;
    execute replace(pg_get_functiondef('ledger_line_booked'::regproc), '''carry_in'')', '''carry_in'', ''late_fee'')');
end
$$;
-- +goose StatementEnd
