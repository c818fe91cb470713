#!/bin/sh
# Run once by the postgres image, in a new data folder: one account per
# process, each with what it needs. `remit migrate` gives remit_app its rights.
set -eu

secret() { cat "/run/secrets/$1_password"; }

# Each on a line of its own: in an argument, a file that cannot be read would
# pass for an empty password.
migrate=$(secret migrate)
server=$(secret server)
temporal=$(secret temporal)

psql -v ON_ERROR_STOP=1 -U postgres -d postgres \
	-v migrate="$migrate" -v server="$server" -v temporal="$temporal" <<'SQL'
-- Migrations make roles, one of which passes row security.
create role remit_migrate login createrole bypassrls password :'migrate';
create database remit owner remit_migrate;
revoke all on database remit from public;

create role remit_app nologin;
create role remit_server login in role remit_app password :'server';
grant remit_app to remit_migrate with admin option;
grant connect on database remit to remit_server;

create role temporal login createdb password :'temporal';
SQL
