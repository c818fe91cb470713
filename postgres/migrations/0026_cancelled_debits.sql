-- +goose Up
-- Whoever may pay may call back a bank debit that its bank does not have yet.
alter table invoice_requests drop constraint invoice_requests_kind_check;
alter table invoice_requests add constraint invoice_requests_kind_check check (kind in (
    'pay', 'checkout', 'void', 'amend', 'record_payment', 'hold', 'lift_hold', 'run_script', 'refund', 'resolve_excess', 'use_credit', 'settle', 'cancel'));

-- What became of earlier debits of an account is asked before each one.
create index attempts_of_banks on attempts (tenant, invoice_id) where method ->> 'type' = 'us_bank_account';
