# The commands of Digit Lab. `make run` and `make test` on a fresh clone need Python 3.11 or later, nothing else.
# Without make: README.md gives the same in plain pip, streamlit and pytest.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PORT ?= 8501
ADDRESS ?= localhost
PART ?= all

.PHONY: help run test lint format benchmark screenshots messages lock clean

help:  ## Show what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: .venv/app  ## Make .venv, install, start the app
	$(BIN)/streamlit run app.py --server.port $(PORT) --server.address $(ADDRESS)

test: .venv/dev .venv/browser  ## Install what tests need, a browser too, and run all tests
	$(BIN)/pytest $(ARGS)

lint: .venv/dev  ## Check format, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/dev  ## Bring the code into the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# A stamp file stands for "installed from these lists"; a changed list installs anew.
.venv/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	touch $@

.venv/app: .venv/python requirements.txt constraints.txt
	$(PIP) install --quiet -r requirements.txt
	touch $@

.venv/dev: .venv/python requirements.txt requirements/dev.txt requirements/extra.txt constraints.txt
	$(PIP) install --quiet -r requirements/dev.txt
	touch $@ .venv/app

.venv/browser: .venv/dev
	$(BIN)/python -m tests.e2e.browser --install
	touch $@

# The exact versions of everything, for every Python from 3.11 on and every platform: markers say where a
# package is needed. There are no hashes: pip would then refuse the ranges in requirements.txt.
lock: .venv/python  ## Write constraints.txt anew with the newest versions that the ranges allow
	$(PIP) install --quiet 'uv>=0.13,<0.14'
	: > constraints.txt  # the old pins would hold the new ones back
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --upgrade \
	  --no-annotate --custom-compile-command 'make lock' requirements/dev.txt --output-file constraints.txt

clean:  ## Remove what the commands above made
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis htmlcov test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
