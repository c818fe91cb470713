-- +goose Up
-- The version of an invoice's public link. The link itself is not stored: it
-- authenticates the invoice and this version, and a reset raises it.
alter table invoices add column link_version integer not null default 1 check (link_version > 0);
