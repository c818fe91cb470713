#!/bin/sh
# Makes Temporal's databases and brings their schema to its server's version.
# Doing it again changes nothing.
set -eu
SQL_PASSWORD=$(cat /run/secrets/temporal_password)
export SQL_PASSWORD

# database NAME SCHEMA
database() {
	set -- "$1" "$2" temporal-sql-tool --plugin postgres12_pgx --ep postgres -p 5432 -u temporal --db "$1"
	name=$1 schema=$2
	shift 2
	"$@" create-database --defaultdb postgres
	"$@" setup-schema -v 0.0
	"$@" update-schema --schema-name "postgresql/v12/$schema"
	echo "database $name is ready"
}

database temporal temporal
database temporal_visibility visibility
