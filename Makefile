# The commands of Digit Lab. `make run` and `make test` on a fresh clone need Python 3.11 or later, nothing else.
# Without make: README.md gives the same in plain pip, streamlit and pytest.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
# Tests run in this many processes. One that has done its own takes over half of what another still has, so that
# all end together; a file's tests mostly stay together, for what they share. A browser test waits for over half of
# its time, so that there are more processes than cores; with four on two cores, visitors waited too long. Each takes
# up to 1.5 GB.
JOBS ?= 3
# `container` needs root, for a limit of memory (python -m benchmarks.container).
# `weights` compares two states of the code (python -m benchmarks.weights). The benchmarks `drawing` and `hand` need a collection of strokes that does not ship: make benchmark PARTS=drawing ARGS=FILE
PARTS ?= $(filter-out contenders container drawing hand machine report speed_page weights,$(patsubst benchmarks/%.py,%,$(wildcard benchmarks/*.py)))

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help run test quick coverage lint format benchmark frameworks agreement reference docs screenshots messages lock clean

help:  ## Show what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1@\2/p' $(MAKEFILE_LIST) | tr '@' '\t' | expand -t 20

run: $(VENV)/app  ## Make .venv, install, start the app (ARGS="--server.port 8600" for Streamlit's own options)
	$(BIN)/streamlit run app.py $(ARGS)

test: $(VENV)/browser  ## Install what tests need, a browser too, and run all tests (ARGS="tests/mlcore -k adam" for some)
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

quick: $(VENV)/dev  ## Run the tests that need no browser, in three minutes
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --ignore=tests/e2e $(ARGS)

quick: JOBS = 2  # these tests do not wait

coverage: $(VENV)/dev  ## Tell how much of mlcore its own tests run, lines and branches: 95 % at least
	$(BIN)/python -m pytest tests/mlcore mlcore --cov --cov-report=term-missing:skip-covered --cov-fail-under=95

lint: $(VENV)/dev  ## Check format, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/dev  ## Bring the code into the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

benchmark: $(VENV)/browser  ## Measure what is promised, an hour or so (PARTS="training runs" for some, as named in benchmarks/)
	for part in $(PARTS); do $(BIN)/python -m benchmarks.$$part $(ARGS) || exit 1; done

frameworks: $(VENV)/dev  ## Install PyTorch and JAX, for the benchmarks that compare with them
	$(PIP) install --quiet -r requirements/benchmark.txt

agreement: $(VENV)/torch  ## Compare every layer, loss, optimizer and run with PyTorch
	$(BIN)/python -m pytest benchmarks/agreement

reference: $(VENV)/dev  ## Write the settings, the glossary and the picture of the code in docs/ again
	$(BIN)/python -m docs.settings_page
	$(BIN)/python -m docs.glossary_page
	$(BIN)/python -m docs.rooms_page

docs: $(VENV)/docs  ## Build the documentation as a site: docs/_build/html/index.html
	$(BIN)/sphinx-build -q -E -W --keep-going -c docs -d docs/_build/pages . docs/_build/html

screenshots: $(VENV)/browser  ## Take the pictures of the README again
	$(BIN)/python -m docs.screenshots

messages: $(VENV)/dev  ## Collect every sentence that a visitor reads into locale/digitlab.pot, for translators
	mkdir -p locale
	$(BIN)/pybabel -q extract --no-location --sort-output --project "Digit Lab" \
	  --copyright-holder "Digit Lab contributors" -o locale/digitlab.pot app.py pages dashboard mlcore

# A stamp file stands for "installed from these lists"; a changed list installs again.
$(VENV)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/app: $(VENV)/python requirements.txt constraints.txt
	$(PIP) install --quiet -r requirements.txt
	touch $@

$(VENV)/dev: $(VENV)/python requirements.txt requirements/dev.txt requirements/extra.txt constraints.txt
	$(PIP) install --quiet -r requirements/dev.txt
	touch $@ $(VENV)/app

$(VENV)/docs: $(VENV)/app requirements/docs.txt
	$(PIP) install --quiet -r requirements/docs.txt
	touch $@

$(VENV)/torch: $(VENV)/dev requirements/torch.txt
	$(PIP) install --quiet -r requirements/torch.txt
	touch $@

$(VENV)/browser: $(VENV)/dev
	$(BIN)/python -m tests.e2e.browser --install
	touch $@

# The exact versions of everything, for every Python from 3.11 on and every platform: markers say where a
# package is needed. There are no hashes: pip would then refuse the ranges in requirements.txt.
lock: $(VENV)/python  ## Write constraints.txt again, with the newest versions that the ranges allow
	$(PIP) install --quiet 'uv>=0.13,<0.14'
	: > constraints.txt  # the old pins would hold the new ones back
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --upgrade \
	  --no-annotate --custom-compile-command 'make lock' requirements/dev.txt requirements/docs.txt --output-file constraints.txt

clean:  ## Remove what the commands above made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis htmlcov test-results docs/_build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
