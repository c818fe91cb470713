-- +goose Up
-- Customers are brought together with Stripe's by address and by name.
create index dashboard_customers_email on dashboard_customers (tenant, account, livemode, lower(email));
create index dashboard_customers_name on dashboard_customers (tenant, account, livemode, lower(btrim(name)));
create index customers_email on customers (tenant, lower(email)) where email <> '';
