-- +goose Up
-- What of a card's fee a run expected to pass on, beside what it did.
alter table due_date_run_entries add column forecast_surcharge bigint not null default 0;

-- A card that was typed for one invoice and is not to be kept. It is nobody's default,
-- in no list, and taken away at Stripe once its payment has ended.
alter table payment_methods add column only_for uuid,
    add foreign key (tenant, only_for) references invoices (tenant, id);
create index payment_methods_once on payment_methods (tenant, created_at) where only_for is not null and status <> 'detached';

-- Where fees are passed on, a hosted page only reads the card: what is then to be paid
-- with it, once the payer has seen the fee, and what permits that.
alter table setup_sessions
    add column invoice_id uuid,
    add column amount bigint check (amount > 0),   -- minor units, without the surcharge
    add column owed   bigint,                      -- by the invoice, when this was asked
    add column save   boolean not null default false,
    add column permit jsonb,
    add column payment_method_id uuid,             -- that it collected
    add foreign key (tenant, invoice_id) references invoices (tenant, id),
    add check ((invoice_id is null) = (amount is null) and (invoice_id is null) = (permit is null));
create index setup_sessions_invoice on setup_sessions (tenant, invoice_id, created_at) where invoice_id is not null;
