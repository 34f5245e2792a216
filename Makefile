# `make run` shows the product, `make test` tests it, `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
SHARED ?= ../shared
PORT ?= 8000
JOBS ?= $(shell nproc)

VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
MODULES := frontend/node_modules/.package-lock.json
PAGES := porsche/static/app/index.html
BENCHMARKS := taobao nexmark learners checkpoint compile overhead api first_run

.PHONY: help setup frontend run stop chromium test tour fast lint services-test conformance bench soak goldens clean

help: ## what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

setup: $(VENV)/.installed ## everything needed, into .venv (nothing outside of it is touched)
	@$(MAKE) --no-print-directory --jobs 2 $(VENV)/.warmed $(PAGES)

$(VENV)/bin/uv: requirements/bootstrap.txt
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/bootstrap.txt
	@touch $@

$(VENV)/.installed: $(VENV)/bin/uv requirements/dev.txt pyproject.toml
	$(UV) pip sync --quiet --require-hashes --compile-bytecode requirements/dev.txt
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Byte code is written here too, as a process that may not write it starts a second later each time.
# Kernels are compiled once, into the cache beside their sources, and again where what they are made of has changed.
$(VENV)/.warmed: $(VENV)/.installed $(shell find engine -name '*.py' -o -name '*.sql')
	$(PY) -m compileall -q engine porsche benchmarks
	$(PY) -m engine.warm
	@touch $@

frontend: $(PAGES) ## the pages, built from frontend/

# Node comes with the packages of .venv; npm keeps to its lock file.
$(MODULES): $(VENV)/.installed frontend/package-lock.json
	scripts/npm.sh ci --no-audit --no-fund --loglevel error
	@touch $@

$(PAGES): $(MODULES) $(wildcard examples/*.yaml) $(shell find frontend -path frontend/node_modules -prune -o -type f -not -name '*.test.*' -print)
	scripts/npm.sh run build --silent
	@touch $@

run: setup ## the platform with the shop example, in a browser (Ctrl-C or `make stop` ends it, the next run resumes)
	@$(VENV)/bin/porsche up --port $(PORT) --example examples/shop.yaml --rate 2000 --set impressions=1000000000

stop: ## end what `make run` started, and list what remains
	@if [ -x $(VENV)/bin/porsche ]; then $(VENV)/bin/porsche down; else echo "nothing is running"; fi

chromium: ## the browser of the pages' tests, where the machine has none
	@scripts/chromium.sh

test: setup chromium ## all tests but those that need services or ../shared
	scripts/npm.sh run test --silent
	$(PY) -m pytest tests --numprocesses $(JOBS) --dist loadfile

tour: setup chromium ## the pictures of the README's tour anew
	$(PY) -m scripts.tour

fast: setup ## the quick tests
	$(PY) -m pytest tests --numprocesses $(JOBS) --dist loadfile --quiet -m 'not slow'

lint: setup ## style, types, import law, sizes, licences
	scripts/npm.sh run check --silent
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo
	$(PY) -m pytest tests/architecture --quiet
	$(PY) -m scripts.licences

services-test: setup ## tests against real HBase and Flink, which the tests' fixtures start by scripts/services
	$(PY) -m pytest tests/services --timeout 600

conformance: setup ## scores against other projects' expectations of Flink SQL, and our tests over the same data
	mkdir -p .porsche
	result=0; $(PY) $(SHARED)/conformance/run.py --engine tests.conformance.adapter:Adapter --jobs $(JOBS) \
		--json .porsche/conformance.json --floor tests/conformance/floor.json || result=$$?; \
		$(PY) -m scripts.conformance_report .porsche/conformance.json docs/conformance.md; exit $$result
	$(PY) -m pytest tests/conformance --timeout 600

bench: setup ## every benchmark, quickly
	for name in $(BENCHMARKS); do echo "== $$name"; $(PY) -m benchmarks $$name --quick; done

soak: setup ## the property and fault tests at length: 5,000 examples each
	HYPOTHESIS_PROFILE=soak $(PY) -m pytest tests --timeout 7200 -m soak
	if [ -d $(SHARED)/conformance ]; then HYPOTHESIS_PROFILE=soak $(PY) -m pytest tests/conformance --timeout 7200 -m soak; fi

goldens: setup ## write the expected outputs anew; look at the difference before it is committed
	$(PY) -m pytest tests --quiet --update-goldens

clean: ## remove .venv and all caches
	rm -rf $(VENV) frontend/node_modules porsche/static/app .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
	find engine porsche benchmarks tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
