# bursar: two commands do all the set-up.  `make demo` shows the main job;  `make test` runs everything that CI checks.
# Needed on Debian: git make python3 python3-venv (Python 3.11 or newer). uv is used where it is there.

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

.PHONY: help demo test check docs bench lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    the whole thing against the built-in sandbox; ends by itself within a minute"
	@echo "make test    everything that CI checks: ruff, mypy --strict, import-linter, pytest"
	@echo "make check   the same without pytest"
	@echo "make docs    draw again what docs/ shows of the code"
	@echo "make bench   the measurements of docs/performance.md  (ARGS=--quick for a short form)"
	@echo "make lock    pin the versions of everything that is installed, again (needs uv)"
	@echo "make clean   take away what these made"

demo: $(VENV)/.run
	$(BIN)/bursar demo $(ARGS)

test: check
	$(BIN)/pytest $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.dev
	$(BIN)/python -m bursar.testing.diagrams > docs/life.md

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

# Hashes of every file of every version, for every platform; no address of any index.
lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: pipx install uv" >&2; exit 1; }
	$(COMPILE) -o requirements/run.txt
	$(COMPILE) --extra dev -o requirements/dev.txt

COMPILE = uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--group pyproject.toml:build --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock"

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp for each set of packages; bursar itself is installed editable, its entry points with it.
INSTALL = if command -v uv >/dev/null && uv pip install --quiet --python $(BIN)/python -r $(1); then :; \
	else $(BIN)/python -m pip --disable-pip-version-check install --quiet -r $(1); fi \
	&& $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .

$(VENV)/.run: requirements/run.txt pyproject.toml $(BIN)/python
	@echo "installing bursar and what it needs into $(VENV) (a minute, the first time)"
	@$(call INSTALL,requirements/run.txt)
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml $(BIN)/python
	@echo "installing bursar and what its checks need into $(VENV) (a minute, the first time)"
	@$(call INSTALL,requirements/dev.txt)
	@touch $@ $(VENV)/.run

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null \
		|| { echo "bursar needs Python 3.11 or newer: apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "bursar needs Python 3.11 or newer, and $(PYTHON) is older: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "bursar needs the venv module of $(PYTHON): apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
