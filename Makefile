# Shortcuts. Everything here is a command that README.md or CONTRIBUTING.md names.
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: setup test slow lint docs study ci

setup: $(BIN)/adaptkit

$(BIN)/adaptkit: requirements.txt requirements-dev.txt constraints.txt
	python3 -m venv $(VENV)
	$(BIN)/pip install -r requirements-dev.txt
	touch $@

test: setup
	$(BIN)/pytest

slow: setup
	$(BIN)/pytest -m slow

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict

docs: setup
	$(BIN)/python docs/generate_cli.py
	$(BIN)/python docs/generate_map.py

study: setup
	$(BIN)/adaptkit tune --config studies/ner-frozen.toml

ci:
	.ci/run
