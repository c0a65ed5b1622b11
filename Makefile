# The only door: `make help` lists what it opens.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := build
SETUP := $(STAMPS)/packages
ASSETS := $(STAMPS)/assets

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-once run test walks prove check format bench lock coverage-of-requirements clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 28

$(SETUP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Leadferry needs Python 3.11 or newer; name one with make PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@

$(ASSETS): $(SETUP) package-lock.json scripts/assets.py $(shell find src/leadferry/web/templates -name '*.html')
	$(BIN)/python scripts/assets.py
	@touch $@

setup: $(ASSETS) ## Install everything into this folder

demo: setup ## Run Leadferry with a local LinkedIn; Ctrl-C ends it
	$(BIN)/leadferry demo

demo-once: setup ## The same on fresh data, ending by itself with one JSON line
	@$(BIN)/leadferry demo --once

run: setup ## Run Leadferry against the real LinkedIn
	$(BIN)/leadferry serve

test: setup ## Every test but the walks, on SQLite and PostgreSQL
	$(BIN)/python tests/run.py

walks: setup ## A whole Leadferry in a browser, and killed, on both
	$(BIN)/python tests/run.py walks

prove: setup ## The long proofs; seeds are printed
	$(BIN)/python tests/run.py -s -o python_files='prove_*.py' tests/prove

check: setup ## Format, lint, types, imports, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	LEADFERRY_DATA=$(STAMPS)/check $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_migrations.py

format: setup ## Put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## Measure, each figure beside the bare limit of the same run
	$(BIN)/python -m bench

lock: $(SETUP) ## Make requirements.lock anew from pyproject.toml
	$(BIN)/python scripts/lock.py

coverage-of-requirements: setup ## List the requirements that no test carries
	$(BIN)/python scripts/coverage_of_requirements.py

clean: ## Remove what was installed and built here
	rm -rf $(VENV) $(STAMPS) node_modules .mypy_cache .ruff_cache .pytest_cache src/leadferry/web/static/vendor
