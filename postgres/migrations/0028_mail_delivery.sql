-- +goose Up
-- Notices by mail: what keeps them back, and how each mail goes out.
alter table invoices add column promise jsonb;                 -- to pay, until a day
alter table customers add column reminders boolean not null default true;
alter table customers add column reminded_on date;             -- on the organisation's clock

-- A mail that was marked sending and of which nothing was heard is unknown: it may
-- have gone out, so only a person sends it again.
alter table mails add column bcc text[] not null default '{}';
-- What was written before there was any delivery is old, and some of it holds links
-- that sign in: none of it goes out by itself.
alter table mails add column state text not null default 'held'
    check (state in ('queued', 'sending', 'sent', 'failed', 'bounced', 'held', 'unknown'));
alter table mails alter column state set default 'queued';
alter table mails add column tries integer not null default 0;
alter table mails add column queued_at timestamptz not null default now();   -- real time, as the next three
alter table mails add column next_at timestamptz not null default now();
alter table mails add column sending_since timestamptz;
alter table mails add column delivered_at timestamptz;
alter table mails add column message_id text not null default '';
alter table mails add column last_error text not null default 'It was written before mails were delivered.';
alter table mails alter column last_error set default '';
create index mails_to_send on mails (tenant, next_at, id) where state in ('queued', 'sending');
create index mails_in_trouble on mails (tenant, id desc) where state in ('failed', 'bounced', 'held', 'unknown');

grant update (state, tries, next_at, sending_since, delivered_at, message_id, last_error) on mails to remit_app;
