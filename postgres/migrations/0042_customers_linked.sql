-- +goose Up
-- A customer may be taken off his customer at Stripe again. What was saved there is
-- then nobody's here, and may be another's later: a row of it stays for the payments
-- that were made with it, and the same method has one living row at most.
grant delete on stripe_customers to remit_app;
alter table customers add column links_ended integer not null default 0; -- so that the next customer at Stripe is made, and not remembered
alter table payment_methods add column unlinked_at timestamptz;
alter table payment_methods drop constraint payment_methods_tenant_account_stripe_payment_method_key;
create unique index payment_methods_stripe on payment_methods (tenant, account, stripe_payment_method) where unlinked_at is null;
create index payment_methods_unlinked on payment_methods (tenant, account, stripe_payment_method) where unlinked_at is not null;

-- Why a customer has no customer at Stripe any more, where Stripe said so.
alter table customers add column link_note text not null default '';
