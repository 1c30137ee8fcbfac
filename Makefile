# Each target does its own set-up: a bare clone, make and Python 3.11 or newer are enough.
# PYTHON=python3.13 picks another interpreter, VENV=.venv-313 another environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= 4
FOR ?=
QUICK ?=
ONLY ?=

.PHONY: demo test test-all test-oldest check format docs bench chaos clean

demo: $(VENV)/.demo
	$(BIN)/beatkit dev examples/hello.py $(if $(FOR),--for $(FOR))

# All but the pages of the docs, which `make check` carries out.
test: $(VENV)/.develop
	$(BIN)/pytest -n $(JOBS) --dist loadfile -m "not chaos and not slow" --ignore=tests/docs

test-all: $(VENV)/.develop
	$(BIN)/pytest -n $(JOBS) --dist loadfile -m "not chaos"

# The oldest Celery that is supported, in an environment of its own.
test-oldest:
	$(MAKE) VENV=.venv-oldest .venv-oldest/.develop
	.venv-oldest/bin/pip install --quiet --disable-pip-version-check "celery[redis]==5.5.0"
	.venv-oldest/bin/pytest -n $(JOBS) --dist loadfile -m "not chaos and not slow"

check: $(VENV)/.develop
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/pytest -n $(JOBS) -q tests/docs

format: $(VENV)/.develop
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# QUICK=1 takes minutes; ONLY="rivals schedules" names the tables that are wanted.
bench: $(VENV)/.develop
	$(BIN)/pip install --quiet --group bench
	BENCH_QUICK=$(QUICK) $(BIN)/python -m bench $(ONLY)

chaos: $(VENV)/.develop
	$(BIN)/pytest -s -m chaos tests/chaos

clean:
	rm -rf $(VENV) .venv-oldest .beatkit bench/out chaos-out

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "beatkit needs Python 3.11 or newer; '$(PYTHON)' is `$(PYTHON) --version 2>/dev/null || echo not there`. Try: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.demo: $(VENV)/.made pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@

$(VENV)/.develop: $(VENV)/.demo pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --group test --group check
	@touch $@
