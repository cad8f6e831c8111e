# Everything a fresh machine needs is made here, once; the stamps in .make/ remember what is done.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

export POETRY_VIRTUALENVS_IN_PROJECT := true
export PYTHONUNBUFFERED := 1
# Empty: processes that the tests start by the hundred must not compile every module anew, wherever that is set.
export PYTHONDONTWRITEBYTECODE :=

POETRY := .poetry/bin/poetry
RUN := .venv/bin
# Many tests wait for processes that start or are killed, so twice as many run as there are processors.
# A file's tests stay together, and files keep their order: the unit tests, many and short, fill the gaps at the end.
TEST_WORKERS := $(shell n=$$(getconf _NPROCESSORS_ONLN); [ "$$n" -lt 4 ] && expr 2 \* "$$n" || echo 8)
SIDE_BY_SIDE := -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder
NPM := npm --prefix frontend --no-fund --no-audit
PAGE_SOURCES := $(shell find frontend/src frontend/public frontend/index.html frontend/vite.config.ts -type f 2>/dev/null)

.PHONY: help demo serve install lint lint-python lint-page check-page format test test-fast openapi clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: install .make/page ## Run the whole product on a simulated cluster (PORT=8000)
	@$(RUN)/ding-robot demo

serve: install .make/page ## Run the product on your own cluster (see README)
	@$(RUN)/ding-robot web

install: .make/python .make/node

lint: lint-python lint-page ## Formatting, lint, types, import contracts

lint-python: install
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/lint-imports
	$(RUN)/mypy .

lint-page: install
	$(NPM) run lint
	$(NPM) run typecheck

check-page: lint-page .make/page
	$(NPM) test
	$(NPM) run check:size

format: install ## Format and fix what can be fixed
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

test: install .make/browser .make/postgresql .make/sshd .make/host-tools ## All checks and tests, the browser ones too
	@$(MAKE) --no-print-directory -j2 lint-python check-page
	$(RUN)/pytest $(SIDE_BY_SIDE)

test-fast: install .make/postgresql .make/sshd .make/host-tools ## Tests that need no browser
	$(RUN)/pytest $(SIDE_BY_SIDE) -m "not e2e"

openapi: install ## Regenerate what the page takes from the backend: API client, titles of conditions
	$(RUN)/ding-robot openapi frontend/openapi.json
	$(RUN)/python scripts/write_condition_titles.py frontend/src/i18n/conditions.json
	$(NPM) run gen:api

clean: ## Remove everything that was installed or built
	rm -rf .make .poetry .venv frontend/node_modules backend/static/spa

.make/prerequisites: scripts/check_prerequisites.sh
	@mkdir -p .make
	@sh scripts/check_prerequisites.sh
	@touch $@

.make/poetry: .make/prerequisites scripts/install_poetry.sh
	@echo "==> Poetry into .poetry (once)"
	@sh scripts/install_poetry.sh
	@touch $@

.make/python: .make/poetry pyproject.toml poetry.lock
	@echo "==> Python packages into .venv"
	@sh scripts/sync_python.sh
	@touch $@

.make/node: .make/prerequisites frontend/package.json frontend/package-lock.json
	@echo "==> Page packages into frontend/node_modules"
	@$(NPM) ci --loglevel=error
	@touch $@

.make/page: .make/node $(PAGE_SOURCES)
	@echo "==> Building the page"
	@$(NPM) run build
	@touch $@

.make/postgresql: scripts/ensure_postgresql.sh .make/python
	@echo "==> Looking for a PostgreSQL server"
	@sh scripts/ensure_postgresql.sh
	@touch $@

.make/browser: scripts/ensure_browser.sh .make/python
	@echo "==> Looking for a browser"
	@sh scripts/ensure_browser.sh
	@touch $@

.make/sshd: scripts/ensure_sshd.sh .make/prerequisites
	@echo "==> Looking for OpenSSH"
	@sh scripts/ensure_sshd.sh
	@touch $@

.make/host-tools: scripts/ensure_host_tools.sh .make/prerequisites
	@echo "==> Looking for the tools of small systems"
	@sh scripts/ensure_host_tools.sh
	@touch $@
