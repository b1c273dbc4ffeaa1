# bursar: two commands do all the set-up.  `make demo` shows the main job;  `make test` runs everything that CI checks.
# Needed on Debian: git make python3 python3-venv (Python 3.11 or newer). uv is used where it is there.
# Another Python: make demo PYTHON=python3.12. Both begin with a line that says how long they take, and end with one that says how it went: see .ci/steps.

PYTHON ?=
ARGS ?=
export PYTHON

BIN := .venv/bin
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

.PHONY: help demo test check test-long test-matrix docs bench lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo         the whole thing against the built-in sandbox; ends by itself: a quarter of a minute"
	@echo "make test         everything that CI checks: ruff, mypy --strict, import-linter, pytest: eleven minutes"
	@echo "                  (only some tests: ARGS=tests/unit/rules; one process, and more words: ARGS='-n0 -x tests/unit/rules')"
	@echo "make check        the same without pytest: half a minute"
	@echo "make test-long    the long forms: random property tests, fuzzing, kills; three hours"
	@echo "make test-matrix  the tests as other users, in other zones, on other terminals and Pythons, under load; hours"
	@echo "make docs         draw again what docs/ shows of the code"
	@echo "make bench        the measurements of docs/performance.md  (ARGS=--quick for a short form)"
	@echo "make lock         pin the versions of everything that is installed, again (needs uv)"
	@echo "make clean        take away what these made"

demo test check test-long:
	@.ci/steps $@ $(ARGS)

test-matrix:
	@.ci/matrix $(ARGS)

docs:
	@.ci/install dev
	$(BIN)/python -m bursar.testing.diagrams life > docs/life.md
	$(BIN)/python -m bursar.testing.diagrams permission > docs/permission.md
	PYTHONPATH=tests $(BIN)/python -m support.reference > docs/reference.md

bench:
	@.ci/install dev
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
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
