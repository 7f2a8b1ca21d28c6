# A person's daily commands. Each installs what it needs into .venv first, and only when the pins changed.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Python compiles what is imported, when it is; compiling all of the AWS provider takes longer than the rest.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
# For every platform and every Python that we support, in one file each. What shares .venv is resolved together.
# Extras stay in the pins: pip takes `coverage[toml]` for another package than `coverage`, and wants the newest of it.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-strip-extras --custom-compile-command "make lock" $(ARGS)
PARTS_OF_DEV := requirements policy/requirements functions/requirements examples/work/requirements
APART := local/requirements tests/proofs/conformance/requirements
SOURCES := __main__.py infra functions local ops policy benchmarks docs examples tests

.DEFAULT_GOAL := help
.PHONY: help demo local unit test lint format docs lock bench lanes faults model fuzz chaos engine clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

demo: $(VENV)/.installed ## Run 30 tasks through the whole system on this machine (ARGS="--tasks 200 --seed 7 --json")
	@exec $(BIN)/python -m ops demo $(ARGS)

local: $(VENV)/.installed ## Keep the whole system up on this machine until Ctrl-C
	@exec $(BIN)/python -m ops local $(ARGS)

unit: $(VENV)/.installed-dev ## Run the quick tests: functions, program and tool, without emulator and scanners
	@exec $(BIN)/python -m pytest --numprocesses 3 --dist loadfile tests/functions tests/infra tests/ops $(ARGS)

test: $(VENV)/.installed-dev ## Run every test and print the product's coverage (ARGS="-k name" for some)
	@exec $(BIN)/python -m pytest --numprocesses 3 --dist loadfile --cov $(ARGS)

lint: $(VENV)/.installed-dev ## Check style, types, the direction of imports, and workflows
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy $(SOURCES)
	PYTHONPATH=functions $(BIN)/lint-imports --no-logo
	$(BIN)/actionlint -shellcheck= -pyflakes=
	$(BIN)/zizmor --offline --quiet .github

format: $(VENV)/.installed-dev ## Rewrite the code in the project's style
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

docs: $(VENV)/.installed-dev ## Rewrite the tables in the documentation that follow from the code
	@exec $(BIN)/python -m docs.generate

lock: $(VENV)/.installed-dev ## Compile what is installed, with hashes, from requirements*.in (ARGS="--upgrade-package rich")
	@$(LOCK) requirements-dev.in --output-file requirements-dev.txt
	@for name in $(PARTS_OF_DEV); do $(LOCK) $$name.in --constraint requirements-dev.txt --output-file $$name.txt || exit; done
	@if [ -f functions/work/requirements.in ]; then $(LOCK) functions/work/requirements.in \
		--constraint functions/requirements.txt --output-file functions/work/requirements.txt; fi
	@for name in $(APART); do $(LOCK) $$name.in --output-file $$name.txt || exit; done

bench: $(VENV)/.installed-dev ## Measure what each function's imports cost at cold start
	@exec $(BIN)/python -m benchmarks.import_cost $(ARGS)

lanes: $(VENV)/.installed-dev ## Measure whether a slow lane delays a quick one, on the local cloud
	@exec $(BIN)/python -m benchmarks.lanes

faults: $(VENV)/.installed-dev ## Fail every step in every way and check that no task is lost (ARGS="--seed 7")
	@$(BIN)/python -m tests.proofs.simulation $(ARGS)

model: $(VENV)/.installed-dev ## Search every interleaving of one task's life, and miss each rule that is taken out
	@exec $(BIN)/python -m tests.proofs.model $(ARGS)

fuzz: $(VENV)/.installed-dev ## Send more than 10,000 bad and odd inputs to the functions (ARGS="--seed 7")
	@exec $(BIN)/python -W error -m tests.proofs.fuzz $(ARGS)

chaos: $(VENV)/.installed-dev ## Run 5,000 tasks on the emulator while calls fail and workers are killed (ARGS="--seed 7")
	@exec $(BIN)/python -m tests.proofs.chaos $(ARGS)

engine: $(VENV)/.installed-dev ## Deploy, change and destroy the stack with the Pulumi CLI, if it is there, in an emulator
	@exec $(BIN)/python -m tests.proofs.engine

clean: ## Remove everything that was built or installed
	rm -rf $(VENV) .venv-emulator .local .build .schemathesis .venv-scanners .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "TaskGuard needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ...")'
	@echo "Creating $(VENV) ..." >&2
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: requirements.txt $(VENV)/.created
	@echo "Installing requirements.txt into $(VENV) ..." >&2
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(wildcard functions/work/requirements.txt) $(VENV)/.created
	@echo "Installing requirements-dev.txt into $(VENV) ..." >&2
	@$(PIP) -r requirements-dev.txt
	@if [ -f functions/work/requirements.txt ]; then $(PIP) -r functions/work/requirements.txt; fi
	@touch $(VENV)/.installed $@
