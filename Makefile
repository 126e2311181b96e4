# Everything that is typed in this project. `make` alone lists it.
# Each target sets up what it needs first; on a machine that is set up, that takes half a second.

PY := .venv/bin/python
SETUP := provisioning/bootstrap/start
SRC := circulation devices kiosk membership_store offline_cache provisioning values tests setup.py
# `make test PYTEST="-k printer -x"` narrows a run.
PYTEST ?=
# `make demo ARGS=--fullscreen`; `make demo PORT=8800` moves its ports.
ARGS ?=

SELECT := -m 'not system and not long'
# Where Python is told to write no bytecode, each worker would compile all tests anew, and each process what it imports.
unexport PYTHONDONTWRITEBYTECODE
# More than half of a test's time is waiting, so that four workers fill two cores; the order is that of tests/conftest.py.
SPREAD := -n 4 --dist loadfile --no-loadscope-reorder

# stage NAME,COMMAND: says what runs and how long it took; the closing line of a failure names the stage.
stage = @printf '\n== %s\n' '$(1)'; started=$$(date +%s); \
	if $(2); then printf '== %s: %s s\n' '$(1)' "$$(($$(date +%s) - started))"; \
	else code=$$?; printf '== %s: FAILED after %s s\n' '$(1)' "$$(($$(date +%s) - started))" >&2; exit $$code; fi

.PHONY: help setup demo test lint types contracts tests test-system long benchmark gallery docs lock check-arm64 format clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## install what is missing, then start store, simulated devices, kiosk and workbench (Ctrl-C ends all)
	@$(SETUP) run
	@exec $(if $(filter command,$(origin PORT)),env DEMO_PORT=$(PORT)) $(PY) -m provisioning.demo $(ARGS)

setup:
	@$(SETUP) test

test: setup ## format, lint, types, import contracts, and every test that needs no root (< 10 minutes)
	@started=$$(date +%s); $(MAKE) --no-print-directory lint types contracts tests COMPILING=yes && \
		printf '\n== make test: all in %s s\n' "$$(($$(date +%s) - started))"

lint:
	$(call stage,format,$(PY) -m ruff format --check --diff $(SRC))
	$(call stage,lint,$(PY) -m ruff check $(SRC))

# Within `make test` the second core compiles the tests meanwhile, once for all workers.
types:
	@$(if $(COMPILING),$(PY) -m pytest $(SELECT) --collect-only -qq >/dev/null 2>&1 &) :
	$(call stage,types,$(PY) -m mypy)

contracts:
	$(call stage,import contracts,.venv/bin/lint-imports)

tests:
	$(call stage,tests,timeout --foreground --signal=INT --kill-after=30 1800 $(PY) -m pytest $(SELECT) $(SPREAD) --durations=10 $(PYTEST))

test-system: ## what needs root, debootstrap or systemd, about 30 minutes (<= 60)
	@[ "$$(id -u)" = 0 ] || { echo 'make test-system needs root: sudo make test-system' >&2; exit 1; }
	@$(SETUP) system
	$(call stage,system tests,timeout --foreground --signal=INT 3540 $(PY) -m pytest -m system --durations=10 $(PYTEST))

long: ## list the long proofs with their times and run those not yet done for this commit; resumable
	@$(SETUP) long
	@$(PY) -m tests.long $(ARGS)

benchmark: ## the speed promises, as ratios against an empty window
	@$(SETUP) test
	@$(PY) -m tests.benchmark $(ARGS)

gallery: setup ## pictures of every screen in every language and mode, and sheets of them, in build/gallery; resumable
	@$(PY) -m tests.kiosk.screens.gallery $(ARGS)

docs: setup ## write what is derived from the code: the OpenAPI document, the page of rules
	@$(PY) -m membership_store.web >docs/openapi.json
	@$(PY) -m tests.architecture.rules_page

format: setup ## put the code in its one format
	@$(PY) -m ruff format $(SRC)
	@$(PY) -m ruff check --fix $(SRC)

lock: ## renew requirements/*.txt from pyproject.toml (UPGRADE=1: newest versions)
	@$(SETUP) run
	@UPGRADE='$(UPGRADE)' sh requirements/lock.sh

check-arm64: ## download every locked wheel for 64-bit ARM; only listed exceptions may be missing
	@$(SETUP) run
	@$(PY) -m provisioning.check_arm64

clean: ## remove what was built; the virtual environment and downloads stay
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis ./*.egg-info
	find . -name __pycache__ -not -path './.venv/*' -type d -prune -exec rm -rf {} +
