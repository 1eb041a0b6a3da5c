# Each target is a command of run.py; `python3 run.py` does the same where there is no make.
# Arguments: make test ARGS="-k funding -x"
PYTHON ?= python3
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help serve test lint lock clean

help serve test lint lock clean:
	@$(PYTHON) run.py $@ $(ARGS)
