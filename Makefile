# Two commands do everything: `make demo` and `make test`. Both build .venv/ once and touch nothing else.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check -q
export PIP_REQUIRE_VIRTUALENV := 1

.PHONY: help demo test check compiled bench lock clean

help:
	@echo "make demo    audit the sample calls and say which page to open"
	@echo "make test    lint, types, layers and all tests"
	@echo "make compiled  compile what judges each call, where there is a C compiler (optional)"
	@echo "make bench   print ratios measured on this machine (needs CALLAUDIT_SHARED)"
	@echo "make lock    pin all dependencies anew, with hashes"
	@echo "make clean   remove .venv/ and caches"

demo: $(VENV)/.runtime
	@$(BIN)/callaudit models install base
	@$(BIN)/callaudit demo --out callaudit-demo

test: $(VENV)/.dev
	@$(BIN)/callaudit models install base
	@$(BIN)/callaudit models install resemblyzer
	$(BIN)/ruff check audit tests samples benchmarks
	$(BIN)/ruff format --check audit tests samples benchmarks
	$(BIN)/mypy
	$(BIN)/pytest -n auto

# Hash-checked packages first, then the project itself without looking at any index.
$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing the packages of requirements/runtime.txt into $(VENV)/ ..."
	@$(PIP) install --require-hashes -r requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "installing the packages of requirements/dev.txt into $(VENV)/ ..."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# Optional: without it, or where a source has changed since, rules run as they are.
compiled: $(VENV)/.dev
	@$(BIN)/python requirements/compile.py

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/throughput.py

lock: $(VENV)/.dev
	$(BIN)/python requirements/lock.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache callaudit-demo
