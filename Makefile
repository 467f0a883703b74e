# NextLoop. `make` lists what there is; CI runs the same targets as people do.

PYTHON ?= python3
ARGS ?=

DEMO := .venv
DEV := .venv-dev
AIRFLOW := .venv-airflow
MLFLOW := .venv-mlflow
DOCS := .venv-docs
OTHERS := $(patsubst %,--ignore=tests/%,rollout monitoring alerting stack documentation pages)  # have targets of their own
SETUP := scripts/setup.sh scripts/say.sh requirements/build.txt requirements/uv.txt pyproject.toml

export PYTHON
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve setup airflow mlflow up status down test test-slow test-flood test-rollout test-airflow test-mlflow test-monitoring test-alerts test-stack test-images check format tables metrics dashboards docs pictures test-docs test-pages bench lock upgrade hooks clean

help: ## List the targets
	@echo "make TARGET, with ARGS=... for the command's own options and PYTHON=python3.12 for another Python"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(DEMO)/.ready ## Set up what is needed and run the whole chain on simulated hotels
	@$(DEMO)/bin/nextloop demo $(ARGS)

serve: $(DEMO)/.ready ## Answer recommendations over HTTP with the model in production
	@$(DEMO)/bin/nextloop serve $(ARGS)

airflow: $(DEMO)/.ready $(AIRFLOW)/.ready ## Start Airflow locally, with simulated files to run the batch on
	@scripts/airflow.sh $(ARGS)

mlflow: $(MLFLOW)/.ready ## Start the MLflow server locally, on a PostgreSQL cluster of its own
	@scripts/postgres.sh
	@scripts/mlflow.sh $(ARGS)

up: $(DEMO)/.ready $(AIRFLOW)/.ready $(MLFLOW)/.ready ## Start everything here, in .stack: MLflow, Airflow, API, Prometheus, Alertmanager
	@scripts/postgres.sh
	@scripts/nginx.sh
	@scripts/monitoring.sh
	@$(DEMO)/bin/nextloop stack up --folder .stack $(ARGS)

status: $(DEMO)/.ready ## Show what of it runs, where, and who signs in with what
	@$(DEMO)/bin/nextloop stack status --folder .stack $(ARGS)

down: $(DEMO)/.ready ## Stop it; its data stay in .stack
	@$(DEMO)/bin/nextloop stack down --folder .stack $(ARGS)

setup: $(DEMO)/.ready $(DEV)/.ready ## Make the environments .venv and .venv-dev without running anything

test: $(DEV)/.ready ## Set up what the tests need (Chromium too) and run them
	@scripts/browser.sh
	@scripts/docker.sh compose
	@$(DEV)/bin/python -m pytest $(OTHERS) $(ARGS)

test-slow: $(DEV)/.ready ## Run what takes its time: Apache Spark, kill -9 everywhere, floods, races
	@scripts/java.sh
	@scripts/browser.sh
	@$(DEV)/bin/python -m pytest $(OTHERS) -m "(slow or spark) and not (mlflow or docker)" $(ARGS)

test-flood: $(DEV)/.ready ## Ask for a million guests and paths and count series: a quarter of an hour, so not in CI
	@$(DEV)/bin/python -m pytest tests/serving/test_flood.py -m flood $(ARGS)

test-rollout: $(DEV)/.ready ## Set up nginx and run the tests of releases on it
	@scripts/nginx.sh
	@$(DEV)/bin/python -m pytest tests/rollout -m "not docker" $(ARGS)

test-airflow: $(DEV)/.ready $(AIRFLOW)/.ready ## Check the DAGs' types and run them on a real Airflow
	@scripts/java.sh
	@cd orchestration && ../$(DEV)/bin/mypy --python-executable ../$(AIRFLOW)/bin/python src dags
	@$(AIRFLOW)/bin/python -m pytest orchestration/tests $(ARGS)

test-alerts: $(DEV)/.ready ## Set up Prometheus and Alertmanager, and test rules and messages on them
	@scripts/monitoring.sh
	@$(DEV)/bin/python -m pytest tests/alerting $(ARGS)

test-stack: $(DEV)/.ready $(AIRFLOW)/.ready $(MLFLOW)/.ready ## Start everything, break it, and read what reaches Slack: 15 minutes, so not in .ci/run
	@scripts/postgres.sh
	@scripts/nginx.sh
	@scripts/monitoring.sh
	@$(DEV)/bin/python -m pytest tests/stack $(ARGS)

test-docs: $(DEV)/.ready $(DOCS)/.ready ## Build the site and run the commands and examples of README and docs
	@scripts/browser.sh
	@scripts/nginx.sh
	@$(DEV)/bin/python -m pytest tests/documentation $(ARGS)

test-pages: $(DEMO)/.ready $(DEV)/.ready $(AIRFLOW)/.ready $(MLFLOW)/.ready $(DOCS)/.ready ## Start everything, and look at its pages in a browser
	@scripts/browser.sh
	@scripts/postgres.sh
	@scripts/nginx.sh
	@scripts/monitoring.sh
	@$(DEV)/bin/python -m pytest tests/pages $(ARGS)

test-mlflow: $(DEV)/.ready $(MLFLOW)/.ready ## Run the registry's tests on a real MLflow server with PostgreSQL
	@scripts/postgres.sh
	@$(DEV)/bin/python -m pytest -m mlflow $(ARGS)

test-monitoring: $(DEV)/.ready ## Set up Prometheus and node_exporter and test metrics and dashboards on them
	@scripts/monitoring.sh
	@$(DEV)/bin/python -m pytest tests/monitoring $(ARGS)

test-images: $(DEV)/.ready ## Build the images and release them on a Docker engine (root, or a user of it)
	@scripts/docker.sh
	@scripts/nginx.sh
	@scripts/images.sh
	@$(DEV)/bin/python -m pytest tests/rollout tests/deploy -m docker $(ARGS)

check: $(DEV)/.ready ## Lint, check formatting, types, layers, dependencies, locks, scripts and workflows
	@echo "== ruff"; $(DEV)/bin/ruff check .
	@$(DEV)/bin/ruff format --check .
	@echo "== mypy"; $(DEV)/bin/mypy
	@echo "== layers"; $(DEV)/bin/lint-imports --no-cache >$(DEV)/layers.log || { cat $(DEV)/layers.log; exit 1; }
	@echo "== dependencies"; $(DEV)/bin/deptry src
	@echo "== locks"; scripts/check_locks.sh
	@echo "== shell"; $(DEV)/bin/shellcheck -x scripts/*.sh deploy/*/*.sh tests/deploy/stand_ins/*.sh .ci/run
	@echo "== workflows"; $(DEV)/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(DEV)/bin/zizmor --quiet --offline --no-progress .github/workflows
	@$(DEV)/bin/hadolint deploy/Dockerfile deploy/mlflow/Dockerfile deploy/airflow/Dockerfile tests/deploy/stand_ins/Dockerfile

format: $(DEV)/.ready ## Put the code into shape
	@$(DEV)/bin/ruff check --fix --quiet . ; $(DEV)/bin/ruff format .

tables: $(DEV)/.ready ## Write docs/tables.md and docs/contract*.md from the descriptions
	@$(DEV)/bin/python -m nextloop.jobs.document > docs/tables.md.new && mv docs/tables.md.new docs/tables.md
	@$(DEV)/bin/python -m nextloop.jobs.contract.page > docs/contract.md.new && mv docs/contract.md.new docs/contract.md
	@$(DEV)/bin/python -m nextloop.jobs.contract.page ko > docs/contract.ko.md.new && mv docs/contract.ko.md.new docs/contract.ko.md

metrics: $(DEV)/.ready ## Write docs/metrics.md from the declared metrics
	@$(DEV)/bin/python -m nextloop.telemetry.page > docs/metrics.md.new && mv docs/metrics.md.new docs/metrics.md

docs: $(DOCS)/.ready ## Build the site of docs/ into site/, or serve it: ARGS=--serve
	@scripts/docs.sh $(ARGS)

pictures: $(DEV)/.ready ## Draw docs/pictures/*.svg from the boxes and arrows beside them
	@$(DEV)/bin/python docs/pictures/draw.py

dashboards: $(DEV)/.ready ## Write Grafana's dashboards as JSON from their code
	@$(DEV)/bin/python -m deploy.monitoring.dashboards

bench: $(DEV)/.ready ## Time ingest on both engines against a naive job and a floor
	@scripts/java.sh
	@$(DEV)/bin/python benchmarks/etl.py $(ARGS)

lock: $(DEMO)/.ready ## Compile requirements/*.txt from pyproject.toml, keeping pins that fit
	@scripts/lock.sh

upgrade: $(DEMO)/.ready ## Compile requirements/*.txt with the newest versions
	@scripts/lock.sh --upgrade

hooks: $(DEV)/.ready ## Let git run the checks before each commit
	@$(DEV)/bin/pre-commit install

clean: ## Remove environments, caches and what the demo made
	@rm -rf .uv $(DEMO) $(DEV) $(AIRFLOW) $(MLFLOW) $(DOCS) .airflow .mlflow .stack site build dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis orchestration/.mypy_cache orchestration/.pytest_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(DEMO)/.ready: requirements/demo.txt $(SETUP)
	@scripts/setup.sh $(DEMO) requirements/demo.txt

$(DEV)/.ready: requirements/dev.txt $(SETUP)
	@scripts/setup.sh $(DEV) requirements/dev.txt

$(AIRFLOW)/.ready: requirements/orchestration.txt orchestration/pyproject.toml $(SETUP)
	@scripts/setup.sh $(AIRFLOW) requirements/orchestration.txt orchestration

$(MLFLOW)/.ready: requirements/mlflow.txt $(SETUP)
	@scripts/setup.sh $(MLFLOW) requirements/mlflow.txt none

$(DOCS)/.ready: requirements/docs.txt $(SETUP)
	@scripts/setup.sh $(DOCS) requirements/docs.txt none
