# uketsuke: two commands matter, `make run` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help run test lint types contracts tests bench fuzz sbom clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: .venv/.installed ## start every role on this machine (Ctrl-C ends all of it)
	@$(BIN)/uketsuke serve

test: lint types contracts tests ## all that guards the project

lint: .venv/.installed ## style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.installed ## static types
	$(BIN)/mypy .

contracts: .venv/.installed ## which floor may import which
	$(BIN)/lint-imports

tests: .venv/.installed ## the test suite
	$(BIN)/python -m pytest -n auto --dist loadfile

bench: .venv/.installed ## figures: ratios within one run, minutes long
	$(BIN)/python -m benchmarks.accept
	$(BIN)/python -m benchmarks.parse
	$(BIN)/python -m benchmarks.assess
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.flat
	$(BIN)/python -m benchmarks.thread
	$(BIN)/python -m benchmarks.desk
	$(BIN)/python -m benchmarks.reports
	$(BIN)/python -m benchmarks.load --short
	$(BIN)/python -m benchmarks.peers --short

fuzz: .venv/.installed ## ten minutes of coverage-guided fuzzing of the reading of mails
	$(BIN)/python -m tests.trials.fuzz_parse --seconds 600

sbom: .venv/.installed ## what runs, package by package: a CycloneDX bill of materials
	@$(BIN)/python -m tools.sbom --out dist/uketsuke.cdx.json

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "uketsuke needs Python 3.11 or newer: set PYTHON=python3.11"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

clean: ## remove what was built (never the data folder)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
