#!/bin/sh
# Makes Temporal's databases and brings their schema to its server's version.
# Doing it again changes nothing.
set -eu
SQL_PASSWORD=$(cat /run/secrets/temporal_password)
export SQL_PASSWORD

# database NAME SCHEMA
database() {
	tool="temporal-sql-tool --plugin postgres12_pgx --ep postgres -p 5432 -u temporal --db $1"
	$tool create-database --defaultdb postgres
	$tool setup-schema -v 0.0
	$tool update-schema --schema-name "postgresql/v12/$2"
	echo "database $1 is ready"
}

database temporal temporal
database temporal_visibility visibility
