# The one task file. `make demo` and `make test` do all the set-up they need; it is done once, not on every run.
#
#   make demo     a simulated week, verified, in your browser
#   make test     every test
#   make soak     long campaigns: kills by the hundred, every byte of an export, every parser against strangers' bytes
#                 (hours; SOAK_SEED chooses others, SOAK_FUZZ_EXAMPLES how many per parser, 20000 if not given)
#   make lint     style, types, import direction
#   make bench    measure this machine        (NAME=merkle for one of them)
#   make docs     the documentation's own tests
#   make setup    the development environment alone
#   make lock     resolve the locks again, after a change of dependencies
#
# PYTHON=python3.13 chooses the interpreter; ARGS="…" is handed to the command behind demo, test and bench.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PACKAGES := chain queries audit portal sample_data benchmarks

.DEFAULT_GOAL := help
.PHONY: help setup demo test soak lint bench docs lock
.DELETE_ON_ERROR:

help:
	@sed -n 's/^#   /  /p' Makefile

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "gridproof needs Python 3.11 or newer: name it, as in 'make $(MAKECMDGOALS) PYTHON=python3.13'"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Every package and the build backend come from the lock, by hash, as wheels; the project itself is linked in place.
define install
	$(PIP) install --require-hashes --only-binary :all: --no-deps -r $(1)
	$(PIP) install --no-build-isolation --no-deps -e .
	$(PIP) check
endef

# The development lock holds all of the other, with the same versions.
$(VENV)/.development: requirements/dev.lock pyproject.toml | $(BIN)/python
	$(call install,requirements/dev.lock)
	@touch $(VENV)/.runtime $@

$(VENV)/.runtime: requirements/runtime.lock pyproject.toml | $(BIN)/python
	$(call install,requirements/runtime.lock)
	@touch $@

setup: $(VENV)/.development

demo: $(VENV)/.runtime
	$(BIN)/gridproof demo $(ARGS)

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

soak: setup
	$(BIN)/python -m pytest -n 2 -m soak -o faulthandler_timeout=0 $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m benchmarks $(NAME) $(ARGS)

docs: setup
	$(BIN)/python -m pytest tests/test_docs.py $(ARGS)
	$(if $(wildcard notebooks/*.ipynb),$(BIN)/python -m pytest --nbmake notebooks)

# No address of a package index is written into a lock: whoever installs uses their own.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --only-binary :all: \
	--generate-hashes --no-emit-index-url --no-header --no-annotate
lock:
	$(LOCK) pyproject.toml requirements/build.in -o requirements/runtime.lock
	$(LOCK) --extra dev -c requirements/runtime.lock pyproject.toml requirements/build.in -o requirements/dev.lock
