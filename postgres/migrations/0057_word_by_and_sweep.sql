-- +goose Up
-- Who of the organisation gave a customer's word on charges by themselves, and when a no of
-- his was taken back: it is written with the word, so that what follows from it on his
-- invoices does not hang on one request coming through. Null where he gave it himself, or
-- nobody wrote down who did.
alter table customers add column auto_charge_by jsonb;

-- What the sweep looks for, kind by kind: the rows that one midnight has in common are not
-- read to find those that a payer waits for.
create index agenda_neglected on agenda (tenant, kind, at)
    where done_at is null and invoice_id is not null and (kind not in ('charge', 'notice') or (details ->> 'soon')::boolean);
