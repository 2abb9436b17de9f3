# Every target does its own set-up: an empty machine needs Python 3.11 with venv, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/sh

.DEFAULT_GOAL := help
.PHONY: help run demo test check soak format samples

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: ## Start ClinicPro Clinical Images (settings: PORT, HTTPS_PORT, CLINICPRO_DATA, …)
	$(call install,run,requirements.txt)
	@exec $(BIN)/python -m clinicpro up

demo: ## The same on a data folder of its own, with sample images and a stand-in for the model
	$(call install,demo,requirements-demo.txt requirements.txt)
	@exec $(BIN)/python -m clinicpro demo

check: ## Format, lint, types and the quick tests: under a minute
	$(call install,test,tests/requirements.txt requirements-demo.txt requirements.txt)
	@.ci/steps check

test: ## Everything: also a real store, PostgreSQL, a browser, and what happens when things die
	@.ci/packages
	$(call install,test,tests/requirements.txt requirements-demo.txt requirements.txt)
	@.ci/steps test

soak: ## The long volumes: kill runs, fuzz, restores
	@.ci/packages
	$(call install,test,tests/requirements.txt requirements-demo.txt requirements.txt)
	@.ci/steps soak

format: ## Put the code in its form
	$(call install,test,tests/requirements.txt requirements-demo.txt requirements.txt)
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

# $(call install,NAME,FILES): the first of FILES (which draws in the others) is installed, once
# for each content of FILES.
define install
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "ClinicPro needs Python 3.11 or newer: set PYTHON=/path/to/python3." >&2; exit 2; }
@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || \
	{ echo "Python's venv is missing: apt-get install python3-venv." >&2; exit 2; }
@stamp="$(VENV)/$(1)-$$(cat $(2) | sha256sum | cut -c1-16)"; test -e "$$stamp" || \
	{ echo "Installing $(firstword $(2)) ..." && \
	$(BIN)/pip install --quiet --disable-pip-version-check -r $(firstword $(2)) && \
	rm -f $(VENV)/$(1)-* && touch "$$stamp"; } || \
	{ echo "$(firstword $(2)) could not be installed: see above." >&2; exit 2; }
endef

samples: ## Draw the pictures anew that prompts are tried on
	@$(BIN)/python -c "from pathlib import Path; from clinicpro.up.samples import write_stills; write_stills(Path('static/img/samples'))"
