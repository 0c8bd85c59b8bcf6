# One command each: `make run` opens a live match, `make test` runs everything that the CI runs.
# Every target sets up .venv by itself from requirements.lock; a second call finds the stamp and installs nothing.

SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := agents arena envs replays tui
CODE := $(SOURCES) tests .ci
EXTRAS := dev,hf,llm,maths,peers,ray,train,video
WORKERS ?= 2
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# The oldest and the newest Python for which the lock has wheels; pyproject.toml says the same and a test compares them.
OLDEST := 3.11
NEWEST := 3.14
PYTHON_OK = import sys; print("yes" if ($(subst .,$(COMMA),$(OLDEST))) <= sys.version_info[:2] <= ($(subst .,$(COMMA),$(NEWEST))) else sys.version.split()[0])
COMMA := ,

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
.PHONY: help run test check format lint types layers tests nightly docs lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-8s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/base.stamp ## a live match of Connect Four, recorded to runs/
	@$(BIN)/arena watch connect_four mcts scripted

test: check ## what the CI runs: set-up, formatting, lint, types, layers, tests

check: lint types layers tests ## the same, one after another

format: $(VENV)/dev.stamp ## rewrite the code in the house format
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

lint: $(VENV)/dev.stamp ## formatting and lint, without changing a file
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/ruff check $(CODE)

types: $(VENV)/dev.stamp ## mypy --strict over the packages
	@$(BIN)/mypy

layers: $(VENV)/dev.stamp ## who may import whom
	@$(BIN)/lint-imports

# Last in `check`, so that pytest's closing line is the last one printed.
tests: $(VENV)/dev.stamp | lint types layers
	@$(BIN)/python -m pytest -q -n $(WORKERS) -m "not nightly"

nightly: $(VENV)/dev.stamp ## the long proofs, which `make test` leaves out; what they came to goes to docs/results
	@$(BIN)/python -m pytest -q -n $(WORKERS) -m nightly --timeout 7200 --proofs=docs/results/proofs.jsonl

docs: $(VENV)/base.stamp ## write the measured figures of docs/results into the pages
	@$(BIN)/python -m arena.bench.pages

# `===` keeps a build of torch with a local version (2.13.0+cpu) out of the lock: it is not published everywhere.
lock: $(VENV)/python.stamp ## resolve every extra again and write requirements.lock
	@$(PIP) install --dry-run --ignore-installed --report $(VENV)/lock.json \
		hatchling==1.33.0 editables torch===2.13.0 -e ".[$(EXTRAS)]"
	@$(BIN)/python .ci/lock.py $(VENV)/lock.json > $(VENV)/requirements.lock
	@mv $(VENV)/requirements.lock requirements.lock

clean: ## remove the environment and every cache; runs/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist

$(VENV)/python.stamp:
	$(eval FOUND := $(shell $(PYTHON) -c '$(PYTHON_OK)' 2>/dev/null))
	$(if $(filter yes,$(FOUND)),,$(error Palaestra needs Python $(OLDEST) to $(NEWEST), $(PYTHON) is $(or $(FOUND),not there): install one and say `make PYTHON=python3.13`))
	@$(PYTHON) -m venv $(VENV) || { echo "no virtual environment: install the venv module of $(PYTHON) (on Debian: apt install python3-venv)" >&2; exit 1; }
	@touch $@

# The build backends go first and are used in place, because an isolated build would fetch versions that no file pins;
# setuptools builds chess, which comes as source.
$(VENV)/base.stamp: pyproject.toml requirements.lock | $(VENV)/python.stamp
	@echo "installing into $(VENV) ..."
	@$(PIP) install -c requirements.lock hatchling editables setuptools
	@$(PIP) install -c requirements.lock --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/base.stamp
	@echo "installing the development tools into $(VENV) ..."
	@$(PIP) install -c requirements.lock --no-build-isolation -e ".[dev]"
	@$(PIP) install -c requirements.lock --no-deps mpe2  # what it asks for would overwrite pygame
	@touch $@
