# Everything starts here: `make help`. What is downloaded or built goes to build/ (see docs/setup.md).

.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := build/venv/bin/python
HOST := $(VENV) -m gateway_host
STAMP := build/setup.stamp
CHECKED := $(wildcard firmware tools host_tests boards reference)

# --name VALUE for a variable that is set: $(call option,seconds,SECONDS)
option = $(if $($(2)),--$(1) '$($(2))')

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## Download and make what the others need (FORCE=1 tries again what was missing)
	@$(PYTHON) tools/bootstrap $(if $(FORCE),--force)

# A set-up whose inputs are older than its stamp is not looked at again.
$(STAMP): requirements.txt $(wildcard tools/bootstrap/*)
	@$(PYTHON) tools/bootstrap

run: $(STAMP) ## Measure the simulated house, live (SECONDS=20 HOUSE=file.toml FAULTS="ber=1e-5" PORT=1883 BITS=64 TLS=1); PROVISION=1: give it a Wi-Fi network
	@$(HOST) $(if $(PROVISION),provision $(call option,seconds,SECONDS),run $(call option,seconds,SECONDS) \
		$(call option,house,HOUSE) $(call option,site,SITE) $(call option,faults,FAULTS) $(call option,world,WORLD) \
		$(call option,port,PORT) $(call option,bits,BITS) $(if $(TLS),--tls))

test: $(STAMP) ## Run the tests (TESTS=host_tests/test_broker.py selects)
	@$(if $(TESTS),$(VENV) -m pytest -q --durations=5 $(TESTS),$(HOST) tests)

bench: $(STAMP) ## Measure speed, instructions and memory, write build/bench.json
	@$(HOST) bench

accuracy: $(STAMP) ## Hold the whole chain against the meter standards, write build/accuracy.json
	@$(HOST) accuracy

world: $(STAMP) ## Change the world around a running gateway (CMD="cable out"; `make run` with WORLD=show or PROVISION=1 starts one)
	@$(HOST) world $(call option,command,CMD)

fuzz: $(STAMP) ## Feed random bytes to a receiver (TARGET=bus_a, bus_b or portal, N=1000000 SEED=1)
	@$(HOST) fuzz $(call option,count,N) $(call option,target,TARGET) $(call option,seed,SEED)

style: $(STAMP) ## Check lint, formatting and spelling
	@$(VENV) -m ruff check $(CHECKED)
	@$(VENV) -m ruff format --check $(CHECKED)
	@$(VENV) -m codespell_lib $(CHECKED) docs $(wildcard *.md) Makefile pyproject.toml

chip: $(STAMP) ## Measure a board's image in an emulated ESP32 (MINUTES=10 BOARD=WIFI_CONNECT HOUSE=file.toml CUTS=3 HOTSPOT=1 TLS=1), or run the on-device tests there (TESTS=1)
	@$(HOST) chip $(call option,tests,TESTS) $(call option,minutes,MINUTES) $(call option,board,BOARD) $(call option,house,HOUSE) \
		$(call option,cuts,CUTS) $(if $(HOTSPOT),--hotspot) $(if $(TLS),--tls)

image: $(STAMP) ## Build a board's application image (BOARD=GENIUS_FLEX)
	@$(HOST) image $(call option,board,BOARD)

flash: $(STAMP) ## Put the application image on a board (BOARD=GENIUS_FLEX PORT=/dev/ttyUSB0); one that runs: hold its button while it starts
	@$(HOST) flash $(call option,board,BOARD) $(call option,port,PORT)

repl: $(STAMP) ## Attach mpremote to the running gateway (PORT=/dev/ttyUSB0 for a device: hold its button while it starts)
	@$(HOST) repl $(call option,port,PORT)

replay: $(STAMP) ## Measure a recorded waveform (RECORDING=file.cfg SITE=site.toml)
	@$(HOST) replay $(call option,recording,RECORDING) $(call option,site,SITE)

label: $(STAMP) ## Make labels with the code that joins the hotspot (SERIAL=5010000123 KEY=... for a known password)
	@$(HOST) label $(call option,serial,SERIAL) $(call option,key,KEY)

doctor: $(STAMP) ## Say what was found and chosen, what is missing and its remedy
	@$(HOST) doctor

clean: ## Remove what was made under build/, keep the downloads in build/cache
	@test ! -d build || find build -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf {} +

.PHONY: help setup run test bench accuracy world fuzz style chip image flash repl replay label doctor clean
