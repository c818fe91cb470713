-- +goose Up
-- An invoice is mailed once for each stage and each due date it has had. Such a
-- mail says what its invoice says and nothing else, so its text is not sealed;
-- the link to pay and the PDF are made when it is opened or delivered.
alter table mails alter column body drop not null;
alter table mails add column text text, add column invoice_id uuid, add column stage text, add column due_version int;
alter table mails add foreign key (tenant, invoice_id) references invoices (tenant, id);
alter table mails add constraint mails_of_invoices_once unique (tenant, invoice_id, stage, due_version);
alter table mails add constraint mails_of_people_or_invoices check (
    num_nonnulls(text, invoice_id, stage, due_version) = case when body is null then 4 else 0 end);
