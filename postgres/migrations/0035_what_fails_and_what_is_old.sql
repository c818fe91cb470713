-- +goose Up
-- A due-date run that meets a row it cannot carry out records that one and goes on,
-- and says which of its notices it could not write.
alter table due_date_run_entries drop constraint due_date_run_entries_forecast_check;
alter table due_date_run_entries add constraint due_date_run_entries_forecast_check check (forecast in ('charged', 'processing', 'declined', 'skipped', 'failed'));
alter table due_date_runs add column notices_failed integer not null default 0;
alter table due_date_runs add column notice_failure text not null default ''; -- of the first of them, with its invoice
-- No run was ever in the stage 'forecast': what is expected is stored page by page.
alter table due_date_runs alter column stage set default 'charge';
alter table due_date_runs drop constraint due_date_runs_stage_check;
alter table due_date_runs add constraint due_date_runs_stage_check check (stage in ('charge', 'notices', 'ended'));

-- What neither ledger, timeline nor audit trail needs is let go of after a while.
alter table card_tries add column recorded_at timestamptz not null default now(); -- real time; tried_at is the organisation's
create index card_tries_old on card_tries (recorded_at);
grant delete on card_tries, events, event_deliveries to remit_app;
alter table mails add column emptied_at timestamptz; -- its body is gone
create index mails_full on mails (tenant, queued_at) where emptied_at is null;
grant update (body, text, emptied_at) on mails to remit_app;
