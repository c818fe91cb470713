# Remit. `make` alone lists what there is.
#
# A machine with Go and make is enough on Debian and Ubuntu: what else is
# needed is installed by apt or built once into ${REMIT_CACHE:-~/.cache/remit}.

SHELL = /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run build test test-short bench receivables prove generate fmt lint replay histories temporal-ui browser tools sbom vuln secrets clean-data

# Sample invoices and receivables outside the repository; some tests read them.
SAMPLES ?= $(wildcard ../shared/data)
ifneq ($(SAMPLES),)
export REMIT_SAMPLES ?= $(abspath $(SAMPLES))
endif

DATA = $${REMIT_DATA_DIR:-$${XDG_DATA_HOME:-$$HOME/.local/share}/remit}

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Everything on this machine: PostgreSQL, Temporal, a Stripe stand-in, Remit (ARGS="..." go to `remit dev`)
	@tools/need postgres
	@tools/build temporald >/dev/null
	@echo "Building remit ..."
	@CGO_ENABLED=0 go build -trimpath -o bin/remit ./cmd/remit
	@REMIT_TEMPORALD=$$(tools/build --built temporald) exec bin/remit dev $(ARGS)

build: ## The program, as bin/remit
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o bin/remit ./cmd/remit

test: ## All tests, with a PostgreSQL and a Temporal of their own (TEST_ARGS="-run X" go to `go test`)
	@tools/test $(TEST_ARGS)

test-short: ## The tests that need no server and no browser
	go test -short . ./money/... ./ledger/... ./decline/... ./invoicefile/...

bench: build ## Payments, journeys and charges by themselves beside what the same Temporal server could do at best
	@tools/need postgres
	@REMIT_TEMPORALD=$$(tools/build temporald) bin/remit bench $(ARGS)

receivables: build ## Two years of receivables lived through in minutes (DECLINES=20 has banks decline that many percent; FILE=...)
	@tools/need postgres
	@REMIT_TEMPORALD=$$(tools/build temporald) bin/remit receivables --declines $(or $(DECLINES),0) $(ARGS) "$(or $(FILE),$(SAMPLES)/receivables-2012-2013.csv)"

prove: build ## Kill and lie to all of Remit and see that each cent is where it should be (ARGS="--runs 200", docs/prove.md)
	@tools/need postgres
	@REMIT_TEMPORALD=$$(tools/build temporald) bin/remit prove $(ARGS)

# templ runs in each folder: its paths, which go into the generated code, then
# do not depend on where it was called from.
generate: ## Generated code again
	@go generate ./...
	@templ=$$(tools/build templ) && for dir in $$(find . -path ./tools -prune -o -name '*.templ' -printf '%h\n' | sort -u); do \
		(cd "$$dir" && "$$templ" generate -log-level warn) || exit 1; done

fmt: ## Go files, formatted
	gofmt -w $$(git ls-files '*.go')

lint: ## All linters
	@tools/hygiene
	@"$$(tools/build staticcheck)" ./...
	@"$$(tools/build golangci-lint)" run ./...
	@"$$(tools/build workflowcheck)" ./workflows/...

replay: ## Recorded workflow histories against today's workflows
	go test -count=1 -run 'Replay' -v ./workflows/...

histories: ## Records the workflow histories that `make replay` replays (only for a path that is new)
	@tools/need postgres
	@REMIT_TEMPORALD=$$(tools/build temporald) REMIT_HISTORIES=$(CURDIR)/workflows/testdata/histories \
		go test -count=1 -run TestHistoriesOfEveryPath ./program

temporal-ui: ## Temporal's own web UI on http://127.0.0.1:8233, read only, for what `make run` runs
	@exec "$$(tools/build temporalui)" -ports "$(DATA)/ports.json" -temporal "$${TEMPORAL_ADDRESS:-}"

browser: ## Chromium, where it is missing
	@tools/need chromium

tools: ## All tools, built into the cache
	@tools/build temporald temporalui templ staticcheck golangci-lint workflowcheck govulncheck sbom

sbom: build ## CycloneDX bill of materials of the program, as sbom.json
	@"$$(tools/build sbom)" bin/remit >sbom.json
	@echo "sbom.json: $$(grep -c '"purl"' sbom.json) components"

vuln: ## Known vulnerabilities in what the program calls; says so where the database is out of reach
	@tools/vuln

secrets: ## Random secrets for docker-compose.yml, where they are missing
	@deploy/make-secrets

clean-data: ## Removes the data of `make run` (asks first; YES=1 does not ask)
	@if [ ! -e "$(DATA)" ]; then echo "There is no $(DATA)."; exit 0; fi; \
	if command -v flock >/dev/null && ! flock -n "$(DATA)/lock" true; then echo "$(DATA) is in use; stop it first."; exit 1; fi; \
	if [ -z "$(YES)" ]; then printf 'Remove %s with all its data? [y/N] ' "$(DATA)"; read -r answer; [ "$$answer" = y ] || exit 1; fi; \
	rm -rf -- "$(DATA)"
