-- +goose Up
-- A customer is deleted; his invoices and what was booked of them stay, and his row
-- with them, without what is personal but the name that his invoices carry.
alter table customers add column deleted_at timestamptz; -- organisation's clock
create index customers_deleted on customers (tenant, id) where deleted_at is not null;

-- Nothing new is begun for one who was deleted, not even at the same moment.
-- +goose StatementBegin
create function customer_is_there() returns trigger language plpgsql as $$
begin
    perform 1 from customers where tenant = new.tenant and id = new.customer_id and deleted_at is null for key share;
    if not found then
        raise exception 'the customer was deleted' using errcode = 'check_violation', constraint = 'customer_is_there';
    end if;
    return new;
end $$;
-- +goose StatementEnd
create trigger customer_is_there before insert on invoices for each row execute function customer_is_there();
create trigger customer_is_there before insert on billing_schedules for each row execute function customer_is_there();
create trigger customer_is_there before insert on stripe_customers for each row execute function customer_is_there();
create trigger customer_is_there before insert on setup_sessions for each row execute function customer_is_there();
create trigger customer_is_there before insert on bank_accounts for each row execute function customer_is_there();
