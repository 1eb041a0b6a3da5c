# Each target is a command of run.py; `python3 run.py` does the same where there is no make.
# Arguments: make test ARGS="-k funding -x"; make bench QUICK=1
PYTHON ?= python3
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help serve test lint bench lock clean

help serve test lint lock clean:
	@$(PYTHON) run.py $@ $(ARGS)

bench:
	@$(PYTHON) run.py bench $(if $(QUICK),--quick) $(ARGS)
