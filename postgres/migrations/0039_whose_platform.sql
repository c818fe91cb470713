-- +goose Up
-- The platform's own account at Stripe, in whose name an account was connected: the
-- key of another platform says nothing of it. '' of what was connected before, until
-- the account is looked at with success, and of accounts that have keys of their own.
alter table connections add column platform text not null default '';
