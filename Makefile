# Everything a contributor or an operator starts. Each target prepares `.venv` once from a hash-pinned lock file.
#   make demo                      play the demonstration      make demo ARGS="--once --json"
#   make test                      all tests                   make test ARGS="tests/keys -n0"
#   make check                     style, types, import floors, generated docs
#   make bench, make soak          measure; stay up under load
# PYTHON=… chooses the interpreter (3.11 or newer). Nothing outside this folder is changed, but for one thing: root, in
# a folder that others may not enter, gets PostgreSQL's programs copied to /var/lib/gatehouse (docs/decisions/0001).

VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?= $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11,$(shell \
	command -v $(p) >/dev/null 2>&1 && $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
# Only wheels: a source distribution would run code whose own requirements no lock pins.
PIP := $(PY) -m pip --disable-pip-version-check --no-input install --quiet
CODE := $(wildcard src tests tools deploy)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check bench soak locks clean

help:
	@sed -n 's/^# \{0,1\}//;1,5p' Makefile

demo: $(VENV)/runtime.stamp
	@$(PY) deploy/demo/play.py $(ARGS)

# Two processes or more need a test's file as a whole, or each would start its own hub for it.
test: $(VENV)/dev.stamp
	@$(PY) -m pytest -n logical --maxprocesses 4 --dist loadfile $(ARGS)

check: $(VENV)/dev.stamp
	@$(PY) -m ruff check $(CODE)
	@$(PY) -m ruff format --check --quiet $(CODE) || { echo "run: $(PY) -m ruff format $(CODE)"; exit 1; }
	@$(PY) -m mypy $(CODE)
	@$(VENV)/bin/lint-imports >$(VENV)/floors.txt || { cat $(VENV)/floors.txt; exit 1; }
	@$(PY) -m tools.generated
	@echo "check: style, types, import floors and generated docs are right"

bench: $(VENV)/runtime.stamp
	@$(PY) deploy/bench/run.py $(ARGS)

soak: $(VENV)/runtime.stamp
	@$(PY) deploy/bench/run.py --soak $(ARGS)

# Newest versions that fit; reads public indexes, writes no address.
UV_COMPILE := $(VENV)/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-config --no-emit-index-url --quiet --group build
locks: $(VENV)/dev.stamp
	@$(PY) -m pip --disable-pip-version-check install --quiet uv
	@$(UV_COMPILE) --output-file locks/runtime.txt $(ARGS)
	@$(UV_COMPILE) --group dev --constraint locks/runtime.txt --output-file locks/dev.txt $(ARGS)

clean:
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	@find src tests tools deploy -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# pip comes last into an environment, so it tells a finished one.
$(VENV)/bin/pip:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or newer is needed: sudo apt-get install python3 python3-venv, or make PYTHON=…" >&2; exit 1; fi
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make environments here: sudo apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/%.stamp: locks/%.txt pyproject.toml | $(VENV)/bin/pip
	@echo "installing Gatehouse and its $* requirements into $(VENV), once, about a minute …" >&2
	@$(PIP) --only-binary :all: --require-hashes --requirement locks/$*.txt >&2
	@$(PIP) --no-build-isolation --no-deps --editable . >&2
	@touch $@
