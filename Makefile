# SPDX-License-Identifier: Apache-2.0
# Every target works on a fresh clone and does first what it needs. PYTHON=... chooses the interpreter for .venv.

PYTHON ?=
PY := .venv/bin/python
READY := .venv/.ready
PINS := pyproject.toml constraints.txt tools/setup.sh tools/setup_micropython.py tools/spill_pointers.py \
	tools/micropython/package.json tools/micropython/package-lock.json
PYTEST := $(PY) -m pytest

.DEFAULT_GOAL := help
.PHONY: help setup sim test bench check soak clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): $(PINS)
	PYTHON="$(PYTHON)" tools/setup.sh
	@touch $@

setup: $(READY)  ## make .venv/ with pinned versions, and the MicroPython VM under .cache/

sim: $(READY)  ## two days of a neighbourhood of 60 meters and 5 plants, written to out/sim/
	$(PY) sim/run.py --meters 60 --plants 5 --prosumers 0.3 --deaf 0.1 --days 2 --out out/sim

test: $(READY)  ## every test that needs neither hardware nor an hour; tests/device on a virtual board
	$(PYTEST) -n 2
	$(PYTEST) tests/device -n 0 -p no:randomly

bench: $(READY)  ## trade, memory, signatures beside other libraries, written to out/bench.json: a quarter of an hour
	$(PY) tools/bench.py

check: $(READY)  ## format, lint, layers and sizes, types, generated files
	$(PY) tools/check.py

soak: $(READY)  ## the long ones: simulations of random seeds, property tests with random examples
	$(PYTEST) -m soak
	$(PYTEST) -n 2 tests/property --hypothesis-profile=search

clean:  ## back to a fresh clone: out/, caches and .venv/ go
	rm -rf out .cache .ci/stubs .venv .pytest_cache .ruff_cache .hypothesis build dist *.egg-info firmware/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
