-- +goose Up
-- What is to be sent is found without reading all that was sent before.
create index orders_to_send on orders (tenant, created_at desc, id desc) where fulfilled_at is null;

-- Where the orders of a deleted customer went is not kept.
update orders r set delivery = '' from invoices i join customers c on c.tenant = i.tenant and c.id = i.customer_id
    where i.tenant = r.tenant and i.id = r.id and c.deleted_at is not null and r.delivery <> '';
