# Two commands matter: `make run` and `make test`. `make` alone lists them all.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV ?= .venv
PY := $(VENV)/bin/python
PORT ?= 8501
SPARK ?= 1
ROWS ?= 1000000
PIP := $(PY) -m pip --quiet --disable-pip-version-check

help:       ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(VENV)/.installed-$(SPARK)  ## Open the dashboard on the bundled demo (SPARK=0: without Spark, an approximation)
	$(PY) -m streamlit run app.py --server.port $(PORT)

test: $(VENV)/.installed-dev  ## Set up and run the whole test suite; says which parts of the machine are absent
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder
	@$(PY) tests/absent.py

test-every: $(VENV)/.installed-dev  ## The same on Spark with every trap, not a part of them
	RECON_EVERY_TRAP=1 $(PY) -m pytest tests/spark_compare -n 2 --dist loadfile

test-deps:  ## Install what tests need beyond pip (Java, Chromium, fonts), where that is possible
	@bash tests/install_system_packages.sh

demo: $(VENV)/.installed-$(SPARK)  ## Run every variant of the demo on the command line
	-$(PY) -m recon run --project demo --all

check: lint types arch test  ## All that CI runs

lint: $(VENV)/.installed-dev
	$(PY) -m ruff format --check . && $(PY) -m ruff check .

types: $(VENV)/.installed-dev
	$(PY) -m pyright

arch: $(VENV)/.installed-dev
	$(VENV)/bin/lint-imports --no-cache

fix: $(VENV)/.installed-dev  ## Format, and mend what can be mended safely
	$(PY) -m ruff format . && $(PY) -m ruff check --fix .

bench: $(VENV)/.installed-dev  ## Measure the comparison against its peers (ROWS=1000000)
	@test -d $(VENV)-peers || (python3 -m venv $(VENV)-peers && $(VENV)-peers/bin/pip install -q -r benchmarks/requirements-peers.txt)
	$(PY) -m benchmarks --rows $(ROWS) --peers $(VENV)-peers/bin/python

$(PY):
	python3 -m venv $(VENV)

$(VENV)/.installed-0: requirements.txt | $(PY)
	$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/.installed-1: requirements-spark.txt $(VENV)/.installed-0
	$(PIP) install -r requirements-spark.txt
	@java -version >/dev/null 2>&1 || $(PIP) install -r requirements-java.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed-1
	$(PIP) install -r requirements-dev.txt
	@touch $@

.PHONY: help run test test-every test-deps demo check lint types arch fix bench
