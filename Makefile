# Everything runs from .venv; nothing is installed elsewhere. Only python3, make and git are needed.
PYTHON ?= python3
BIN := .venv/bin
UV := uv==0.13.8
AUDIT_TOOLS := pip-audit==2.10.1 cyclonedx-bom==7.5.0
PYTEST_WORKERS ?= 3
COMPOSE_FILES = docker-compose.yml $(wildcard tests/compose/*.yml)
DOCKERFILES = Dockerfile $(wildcard tests/compose/Dockerfile)
SHELL_SCRIPTS = .ci/run $(shell git ls-files --cached --others --exclude-standard '*.sh')
COMPILE = .venv-lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test test-all check check-types check-rest bench load prove screenshots openapi lock audit sbom up down clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/runtime.stamp ## the environment in .venv, with what the service needs

install-dev: .venv/dev.stamp ## the same, with what tests and checks need

run: install ## serve on http://127.0.0.1:5001 (a demo with simulated videos without an API key)
	@exec $(BIN)/python -m app serve

# What fails beside others is run once more by itself: on a busy machine a server may be late.
PYTEST = env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest
AT_ONCE = -n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder
AGAIN = --last-failed --last-failed-no-failures none

test: install-dev ## the tests, on servers of their own (installs the missing ones as root)
	@$(BIN)/python -m tests.servers
	@$(PYTEST) $(AT_ONCE) || { test $$? -eq 1 && $(PYTEST) $(AGAIN); }

test-all: install-dev ## the slow ones too
	@$(BIN)/python -m tests.servers
	@$(PYTEST) -m "slow or not slow" $(AT_ONCE) || { test $$? -eq 1 && $(PYTEST) -m "slow or not slow" $(AGAIN); }

# mypy takes as long as all others together, so it runs beside them.
check: install-dev ## format, lint, types, imports, security, compose, Dockerfile, shell
	@$(MAKE) --no-print-directory --jobs 2 --output-sync check-types check-rest

check-types:
	$(BIN)/mypy

check-rest:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PYTHONPATH=. $(BIN)/lint-imports --config importlinter.ini
	$(BIN)/bandit --quiet --severity-level medium --recursive app workers
	$(BIN)/yamllint --strict .
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec $(COMPOSE_FILES)
	$(BIN)/hadolint $(DOCKERFILES)
	$(BIN)/shellcheck $(SHELL_SCRIPTS)

bench: install-dev ## the measurements (ONLY=NAME for one, CORPUS=FILE.jsonl.gz of real videos); writes benchmarks/report.md
	@$(BIN)/python -m tests.servers
	@exec $(BIN)/python -m benchmarks $(ONLY) $(if $(CORPUS),--corpus $(CORPUS))

load: install-dev .venv-load/load.stamp ## readers of mixed habits (USERS=200 MINUTES=3 VIDEOS=100000 STACK=embedded or full); writes benchmarks/load.md
	@$(BIN)/python -m tests.servers
	@exec $(BIN)/python -m benchmarks.load $(if $(USERS),--users $(USERS)) $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(VIDEOS),--videos $(VIDEOS)) $(if $(STACK),--stack $(STACK))

prove: install-dev ## the long proofs (ONLY=NAME for one, CORPUS=FILE.jsonl.gz to replay it, MINUTES, SEED, RATE of chaos); writes docs/reliability.md
	@$(BIN)/python -m tests.servers
	@exec $(BIN)/python -m tests.prove $(if $(CORPUS),--corpus $(CORPUS)) $(if $(ONLY),--only $(ONLY)) \
		$(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(if $(RATE),--rate $(RATE))

screenshots: install-dev ## pictures of the pages in docs/screenshots, of a site with invented videos
	@$(BIN)/python -m tests.servers
	@exec $(BIN)/python -m tests.screenshots

openapi: install ## write docs/openapi.json, what the API can do, from the code
	@$(BIN)/python -m app openapi > docs/openapi.json.new
	@mv docs/openapi.json.new docs/openapi.json

lock: .venv-lock/bin/uv ## resolve requirements/*.in into the pinned lists (UPGRADE=1 takes new versions)
	$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements.txt requirements/runtime.in
	$(COMPILE) $(if $(UPGRADE),--upgrade) -c requirements.txt -o requirements/dev.txt requirements/dev.in
	$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements/load.txt requirements/load.in

# --strict: a list that could not be looked up in full is no list without vulnerabilities.
audit: .venv-audit/tools.stamp ## known vulnerabilities of all that is pinned (asks pypi.org; fails where it cannot)
	.venv-audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.txt -r requirements/dev.txt

sbom: .venv-audit/tools.stamp ## what the service is made of, as CycloneDX, in sbom.json
	.venv-audit/bin/cyclonedx-py requirements --output-reproducible --of JSON -o sbom.json requirements.txt

up: ## the full stack in containers
	docker compose up --build --detach --wait

down: ## stop the full stack, demo and monitoring too; its data stays in the volumes
	docker compose --profile demo --profile monitoring down

clean: ## remove the environment and the caches; var/ and its database stay
	rm -rf .venv .venv-lock .venv-audit .venv-load sbom.json .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Newsreel needs Python 3.11 or newer as $(PYTHON); name another: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) lacks the venv module: install it first (apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/runtime.stamp: requirements.txt | .venv/bin/pip
	@echo "Installing into .venv what requirements.txt pins (about half a minute)"
	@$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	@touch $@

# The development list holds the runtime list with the same pins, so it satisfies both stamps. uv
# takes seconds where pip takes a minute and a half; pip knows indexes that uv is not told of.
.venv/dev.stamp: requirements/dev.txt | .venv/bin/pip .venv-lock/bin/uv
	@echo "Installing into .venv what requirements/dev.txt pins"
	@.venv-lock/bin/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt || \
		$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	@touch .venv/runtime.stamp $@

# Locust brings gevent, which has no place beside the service.
.venv-load/load.stamp: requirements/load.txt
	$(PYTHON) -m venv .venv-load
	.venv-load/bin/pip install --quiet --require-hashes -r requirements/load.txt
	@touch $@

.venv-audit/tools.stamp: Makefile
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/pip install --quiet $(AUDIT_TOOLS)
	@touch $@

.venv-lock/bin/uv:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet $(UV)
