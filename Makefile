# The commands of the project. `make run` and `make test` need nothing but Python 3.11 and Node 20.
# What is up to date is not done again: each step leaves a stamp that is newer than what it read.

PYTHON_BIN := .venv/bin/python
RUN_STAMP := .venv/.installed
DEV_STAMP := .venv/.installed-dev
NPM_STAMP := frontend/node_modules/.installed
FRONT := frontend/dist/.built
REQUIREMENTS := requirements.txt constraints.txt platform/requirements.txt grader/requirements.txt grader/training/requirements.txt grader/node.txt grader/data.txt
FRONT_SOURCES := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
PYTEST := .venv/bin/pytest

.PHONY: run test check bench imports format front test-front test-sqlite test-services test-gpu tools clean help

help: ## show this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

run: $(RUN_STAMP) $(FRONT) ## install, build, publish, serve on 127.0.0.1:$${PORT:-8000}
	@exec $(PYTHON_BIN) manage.py start

test: tools $(DEV_STAMP) $(FRONT) test-front test-sqlite test-services ## the whole suite
	@echo "All suites passed."

check: $(DEV_STAMP) $(FRONT) imports ## linters, types, import rules, migrations, curriculum
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	$(PYTHON_BIN) manage.py makemigrations --check --dry-run
	$(PYTHON_BIN) manage.py check --fail-level WARNING
	$(PYTHON_BIN) manage.py curriculum check
	npm --prefix frontend run --silent check

imports: $(DEV_STAMP)
	@test ! -e platform/__init__.py || { echo "platform/__init__.py shadows the standard library: remove it."; exit 1; }
	PYTHONPATH=.:platform .venv/bin/lint-imports --no-cache

test-front: $(FRONT)
	npm --prefix frontend test --silent

test-sqlite: $(DEV_STAMP) $(FRONT)
	$(PYTEST) -m "not services"

test-services: $(DEV_STAMP) $(FRONT)
	$(PYTHON_BIN) -m tests.services $(PYTEST) platform tests

test-gpu: $(DEV_STAMP) ## the tests that need an NVIDIA GPU; without one they say so
	$(PYTEST) -m gpu -rs grader

bench: $(RUN_STAMP) $(FRONT) ## what grading, pages and publishing cost, beside their peers
	$(PYTHON_BIN) -m bench

format: $(DEV_STAMP) ## format the Python code
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

front: $(FRONT) ## build the front end

tools:
	@scripts/test-tools.sh

.venv/.made:
	@scripts/check-tools.sh
	@test -x $(PYTHON_BIN) || "$$(scripts/find-python.sh)" -m venv .venv
	@touch $@

$(RUN_STAMP): .venv/.made $(REQUIREMENTS)
	@echo "Installing what the site needs. The first time takes a minute or two."
	@$(PYTHON_BIN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(PYTHON_BIN) -m pip install --quiet --disable-pip-version-check --no-deps -r grader/data.txt
	@touch $@

$(DEV_STAMP): $(RUN_STAMP) requirements-dev.txt
	@echo "Installing what the checks and tests need."
	@$(PYTHON_BIN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(NPM_STAMP): frontend/package.json frontend/package-lock.json
	@scripts/check-tools.sh
	@echo "Installing what the front end is built with."
	@npm --prefix frontend ci --no-audit --no-fund --loglevel=error
	@touch $@

$(FRONT): $(NPM_STAMP) $(FRONT_SOURCES)
	@echo "Building the front end."
	@npm --prefix frontend run --silent build
	@touch $@

clean: ## remove what was built and installed, but not the data in var/
	rm -rf .venv frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
