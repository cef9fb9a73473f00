# Every target sets up what it needs in .venv, from nothing but Python >= 3.11 with pip and a C++ compiler.
# The files .venv/.installed* record what is installed, and are made again when pyproject.toml or
# constraints.txt change.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
JOBS ?= 2
FUZZ_SEED ?= $(shell date +%s)

VENV := .venv
BIN := $(VENV)/bin
# setuptools warns at each editable install that it is one.
PIP_INSTALL := PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	-c constraints.txt
PINS := pyproject.toml constraints.txt

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help venv demo test test-models fuzz lint format bench clean distclean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.installed ## optimise the eight example programs, and print what it gained
	$(BIN)/taso demo

test: $(VENV)/.installed-test ## run all tests (JOBS=2 at a time)
	$(BIN)/python -m pytest -n $(JOBS) -q

test-models: $(VENV)/.installed-test ## run the models at their full size (minutes)
	$(BIN)/python -m pytest -m full_models -q test/models

fuzz: $(VENV)/.installed-test ## run thousands of random programs (minutes; FUZZ_SEED=N counts from there)
	FUZZ_SEED=$(FUZZ_SEED) $(BIN)/python -m pytest -m fuzz -n $(JOBS) -q test/fuzz

lint: $(VENV)/.installed-lint ## check style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: $(VENV)/.installed-lint ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-test ## check the speeds on this machine (test/timing), and measure the search
	$(BIN)/python -m pytest -m timing -s test/timing
	$(BIN)/python bench/cost_correlation.py
	$(BIN)/python bench/search.py

venv: $(VENV)/.installed-test $(VENV)/.installed-lint ## make .venv with all that the other targets need

clean: ## remove caches and build output
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +

distclean: clean ## remove .venv as well
	rm -rf $(VENV)

# A Python without ensurepip (Debian's, without python3-venv) gets its pip from the one outside.
$(VENV)/.created:
	@test -n "$(PYTHON)" || { echo "no Python >= 3.11 found; name one: make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) >/dev/null || { \
		$(PYTHON) -m venv --without-pip $(VENV) && \
		$(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }
	@touch $@

$(VENV)/.installed: $(PINS) | $(VENV)/.created
	$(PIP_INSTALL) -e '.[torch]'
	@touch $@

# torch-mlir brings upstream MLIR, which the tests hold our linalg against. It runs without the packages
# that it names.
$(VENV)/.installed-test: $(VENV)/.installed
	$(PIP_INSTALL) -e '.[torch,models,test]'
	$(PIP_INSTALL) --no-deps torch-mlir
	@touch $@

$(VENV)/.installed-lint: $(VENV)/.installed
	$(PIP_INSTALL) -e '.[torch,models,lint]'
	@touch $@
