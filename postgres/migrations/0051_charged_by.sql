-- +goose Up
-- Who of the organisation decided that an invoice is charged by itself, or now, where its
-- settings alone would not: above the sum of its approvals one person does not (Z9).
alter table invoices add column charged_by jsonb; -- an actor
