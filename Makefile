# ScratchOptim. `make` alone lists what there is.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup book site test check format notebooks family new poster bench clean

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
SITE := _build/html
NOTEBOOKS := $(wildcard book/*.ipynb)
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# On Linux PyPI's torch brings gigabytes of CUDA libraries that the book does not use; this index has it without.
TORCH := $(shell sed -n 's/^torch==/torch==/p' requirements.txt)
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

help:  ## list the targets
	@echo "Usage: make TARGET"
	@sed -n 's/^\([a-z]*\):.*## /  \1@/p' $(MAKEFILE_LIST) | awk -F@ '{ printf "%-14s%s\n", $$1, $$2 }'

# ---- set-up: made once, and again only when its inputs have changed

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later with the module venv is needed (on Debian: apt-get install python3-venv)."; exit 1; }
	@echo "Creating $(VENV) with $(PYTHON) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's module venv is not complete (on Debian: apt-get install python3-venv)."; exit 1; }

$(VENV)/.installed: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing the requirements into $(VENV) (a few minutes the first time) ..."
ifeq ($(shell uname -s),Linux)
	@$(BIN)/python -c 'import torch' 2>/dev/null || \
		$(BIN)/python -m pip install --quiet --no-deps --retries 0 --index-url $(TORCH_INDEX) $(TORCH) || \
		echo "No CPU build of torch at $(TORCH_INDEX): taking the default one."
endif
	@$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

# MicroPython, which the site's playgrounds run, and what the tests need
$(VENV)/.npm: package.json package-lock.json $(VENV)/.installed
	@$(BIN)/npm ci --silent --no-audit --no-fund || { echo "npm could not fetch MicroPython for the playgrounds; is registry.npmjs.org within reach?"; exit 1; }
	@touch $@

setup: $(VENV)/.installed  ## create .venv and install everything into it

# ---- the book

site: $(VENV)/.installed $(VENV)/.npm
	@rm -rf _build
	@$(BIN)/jupyter-book build . --all -W -n --keep-going --quiet

book: site  ## build the site (warnings are errors) and say how to open it
	@echo
	@echo "The site is in $(SITE). To read it:"
	@echo
	@echo "    $(BIN)/python -m http.server -d $(SITE)"
	@echo
	@echo "and open http://localhost:8000/ in a browser (opening $(SITE)/index.html as a file works too)."

notebooks: $(VENV)/.installed  ## execute all notebooks and bring them into normal form
	@$(BIN)/python tools/notebooks.py $(NOTEBOOKS)

family: $(VENV)/.installed  ## train all rules up to 2020 on all tasks anew: scratchoptim/family.csv (15 minutes); some: make family NAMES="Adam SGD"
	@OMP_NUM_THREADS=1 $(BIN)/python -m scratchoptim.family $(NAMES)

new: $(VENV)/.installed  ## scaffold an optimizer and its chapter: make new NAME=Lion YEAR=2023 METHOD=Lion; without YEAR: what is missing
	@$(BIN)/python tools/new.py $(if $(NAME),"$(NAME)") $(if $(YEAR),--year "$(YEAR)") $(if $(METHOD),--method "$(METHOD)")

poster: $(VENV)/.installed  ## draw the family tree as a poster, after a change of the catalog
	@$(BIN)/python tools/poster.py

bench: $(VENV)/.installed  ## measure how fast the rules are (about ten minutes); a part: make bench ARGS="--only one --rules Adam"
	@$(BIN)/python -m benchmarks $(ARGS)

# ---- checking

check: $(VENV)/.installed  ## linters, formatter and the notebooks' normal form (seconds)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python tools/notebooks.py --check $(NOTEBOOKS)

format: $(VENV)/.installed  ## format the code and mend what the linter can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

test: check site  ## everything that CI checks: linters, unit tests, doctests, all notebooks, the site in a browser
	@$(BIN)/python tools/browser.py --install
	@$(BIN)/pytest -n 2

clean:  ## remove what was built and installed
	rm -rf _build $(VENV) node_modules *.egg-info .ruff_cache .pytest_cache .hypothesis
