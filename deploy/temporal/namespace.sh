#!/bin/sh
# Makes Remit's namespace and its search attributes. Doing it again changes
# nothing. Histories are kept for 30 days, as far back as Stripe lists events.
set -eu

until temporal operator cluster health >/dev/null 2>&1; do sleep 1; done
temporal operator namespace describe -n remit >/dev/null 2>&1 ||
	temporal operator namespace create -n remit --retention 30d
until temporal operator search-attribute list -n remit >/dev/null 2>&1; do sleep 1; done
temporal operator search-attribute create -n remit \
	--name RemitOrganisation --type Keyword --name RemitInvoice --type Keyword \
	--name RemitState --type Keyword --name RemitDueDate --type Datetime
