# Wraps `python -m ltv` and pytest in a virtual environment installed from the lock; nothing else lives here.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready

.PHONY: report demo test lab bench lint clean lock setup

report: $(READY)  ## the main job: retention, value and payback of the CDNOW purchase log, into reports/
	@$(BIN)/python -m ltv report retention ltv payback --orders cdnow -p cac=30

test: $(READY)  ## the tests, without browser, Java or npm
	@$(BIN)/python -m pytest -n 2 --dist loadfile

demo: $(READY)  ## every report on a made-up shop with five channels, into reports/demo/
	@$(BIN)/python -m ltv demo
	@$(BIN)/python -m ltv report all --orders data/demo/orders.parquet --customer customer --date date --amount amount \
	  -p costs=data/demo/costs.csv --out reports/demo

lab: $(READY)  ## the notebooks, by hand
	@$(BIN)/python -m jupyter lab --notebook-dir=. notebooks/ltv.ipynb

bench: $(READY)  ## side by side with lifetimes
	@$(BIN)/python -m benchmarks

lint: $(READY)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

setup: $(READY)

# The venv is rebuilt from the lock only when the lock or the project's metadata changes.
$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is not installed. Install Python 3.11 or newer, or name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $$($(PYTHON) --version) is too old. Install Python 3.11 or newer, or name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "make: this Python has no venv. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Setting up $(VENV) from requirements.lock (once, a minute or two) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

lock:  ## new exact pins from the bounds in pyproject.toml; needs uv
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra lab --extra test --extra lint --extra build pyproject.toml -o requirements.lock --upgrade
	grep -o 'pyspark>=[^"]*' pyproject.toml | uv pip compile --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate - --constraints requirements.lock -o requirements-spark.lock --upgrade

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
