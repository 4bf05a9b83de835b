# Everything starts here: `make help`. What is downloaded or built goes to build/ (see docs/setup.md).

.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

# Only what the command line says is an option: an environment has a PORT or a HOUSE of its own.
given = $(if $(filter command,$(origin $(1))),$(value $(1)))

define newline


endef
quoted = '$(subst $(newline), ,$(subst ','\'',$(1)))'

# --name='VALUE' for a variable that is given: $(call option,seconds,SECONDS)
option = $(if $(call given,$(2)),--$(1)=$(call quoted,$(call given,$(2))))
# --name for one that is given and says yes: $(call flag,tls,TLS)
flag = $(if $(filter-out 0 no off false,$(call given,$(2))),--$(1))

PYTHON_NAME = $(or $(call given,PYTHON),python3)
SETUP = command -v $(call quoted,$(PYTHON_NAME)) >/dev/null || \
	{ echo "error: Python 3.11 or newer is needed: install the package python3" >&2; exit 2; }; \
	exec $(call quoted,$(PYTHON_NAME)) tools/bootstrap $(if $(call given,PYTHON),--chosen)
# `exec`: a signal to make's child is one to the program, not to a shell.
VENV := exec build/venv/bin/python
HOST := $(VENV) -m gateway_host
FLASH_IT = $(HOST) flash $(call option,board,BOARD) $(call option,key,KEY) $(call option,port,PORT) \
	$(call option,site,SITE) $(call option,settings,SETTINGS)
CHECKED := $(wildcard firmware tools host_tests boards reference typings)

# What Python compiles goes to build/ as well, and another Python's settings stay outside.
export PYTHONPYCACHEPREFIX := $(CURDIR)/build/pycache
unexport PYTHONHOME PYTHONPATH PYTHONUSERBASE PYTHONOPTIMIZE PYTHONINSPECT PYTHONWARNINGS

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## Download and make what all the others need; again: try what was missing
	@$(SETUP) --group all --again

run: ## Measure the simulated house, live (SECONDS=20 HOUSE=file.toml FAULTS="ber=1e-5" PORT=1883 BITS=64 TLS=1); PROVISION=1: give it a Wi-Fi network
	@$(SETUP) --group run
	@$(HOST) $(if $(call flag,provision,PROVISION),provision $(call option,seconds,SECONDS),run $(call option,seconds,SECONDS) \
		$(call option,house,HOUSE) $(call option,site,SITE) $(call option,faults,FAULTS) $(call option,world,WORLD) \
		$(call option,port,PORT) $(call option,bits,BITS) $(call flag,tls,TLS))

test: ## Run the tests (TESTS=host_tests/tools/test_broker.py selects)
	@$(SETUP) --group test
	@$(HOST) tests $(call option,only,TESTS)

bench: ## Measure speed, instructions and memory, write build/bench.json
	@$(SETUP) --group run
	@$(HOST) bench

accuracy: ## Hold the whole chain against the meter standards, write build/accuracy.json
	@$(SETUP) --group run
	@$(HOST) accuracy

advise: ## Hold the wiring advisor against simulated sites with faults (SITES=1000 MINUTES=60 FIRST=20000), write build/advise.json
	@$(SETUP) --group run
	@$(HOST) advise $(call option,sites,SITES) $(call option,minutes,MINUTES) $(call option,first,FIRST)

world: ## Change the world around a running gateway (CMD="cable out"; `make run` with WORLD=show or PROVISION=1 starts one)
	@$(SETUP) --group run
	@$(HOST) world $(call option,command,CMD)

fuzz: ## Feed random bytes to a parser (TARGET=mqtt N=1000000 SEED=1; GUIDED=1: by what they reach, under CPython, then in the interpreter)
	@$(SETUP) --group $(if $(call flag,guided,GUIDED),fuzz,run)
	@$(HOST) fuzz $(call option,count,N) $(call option,target,TARGET) $(call option,seed,SEED) $(call flag,guided,GUIDED)

style: ## Check lint, formatting, spelling, types and the rules of the house
	@$(SETUP) --group style
	@$(VENV) -m ruff check $(CHECKED)
	@$(VENV) -m ruff format --check $(CHECKED)
	@$(HOST) rules
	@$(HOST) types
	@$(VENV) -m codespell_lib $(CHECKED) docs $(wildcard *.md) Makefile pyproject.toml

chip: ## Measure a board's image in an emulated ESP32 (MINUTES=10 BOARD=WIFI_CONNECT HOUSE=file.toml CUTS=3 HOTSPOT=1 TLS=1 RENEW=1 HOME_ASSISTANT=1 UPDATE=1), or run the on-device tests there (TESTS=1)
	@$(SETUP) --group chip
	@$(HOST) chip $(call option,tests,TESTS) $(call option,minutes,MINUTES) $(call option,board,BOARD) $(call option,house,HOUSE) \
		$(call option,cuts,CUTS) $(call flag,hotspot,HOTSPOT) $(call flag,tls,TLS) \
		$(call flag,renew,RENEW) $(call flag,home-assistant,HOME_ASSISTANT) \
		$(call flag,update,UPDATE)

image: ## Build a board's application image (BOARD=GENIUS_FLEX KEY=file.pem: it takes updates that are signed by this key)
	@$(SETUP) --group run
	@$(HOST) image $(call option,board,BOARD) $(call option,key,KEY)

firmware: ## Build MicroPython for a board, with ESP-IDF (BOARD=GENIUS_FLEX MICROPYTHON=folder FLASH=8)
	@$(SETUP) --group run
	@$(HOST) firmware $(call option,board,BOARD) $(call option,micropython,MICROPYTHON) $(call option,flash,FLASH)

web: ## Make a page that writes a board's whole flash from a browser (BOARD=GENIUS_FLEX FIRMWARE=file.bin KEY=file.pem FLASH=8)
	@$(SETUP) --group run
	@$(HOST) web $(call option,board,BOARD) $(call option,firmware,FIRMWARE) $(call option,flash,FLASH) $(call option,key,KEY)

signkey: ## Make the key that signs updates (KEY=file.pem)
	@$(SETUP) --group run
	@$(HOST) update --make-key $(call option,key,KEY)

update: ## Publish a board's program for gateways to fetch (BOARD=GENIUS_FLEX KEY=file.pem FOLDER=build/updates SHARE=100)
	@$(SETUP) --group run
	@$(HOST) update $(call option,board,BOARD) $(call option,key,KEY) $(call option,folder,FOLDER) $(call option,share,SHARE)

flash: ## Put a board's program on a device (BOARD=GENIUS_FLEX PORT=/dev/ttyUSB0 KEY=file.pem SITE=site.json SETTINGS=settings.json); FIRMWARE=file.bin: all of its flash. One that runs: hold its button while it starts
	@$(SETUP) --group run
	@$(FLASH_IT) $(call option,firmware,FIRMWARE) $(call option,flash,FLASH) $(call flag,in-loader,LOADER)

deploy: ## Copy to a device what is new of its program (BOARD=GENIUS_FLEX PORT=/dev/ttyUSB0)
	@$(SETUP) --group run
	@$(FLASH_IT)

factory: ## Give a device its identity, and make its label (SERIAL=5010000123 BOARD=GENIUS PORT=/dev/ttyUSB0); FIRMWARE=file.bin: and all of its flash
	@$(SETUP) --group run
	@$(FLASH_IT) --factory $(call option,serial,SERIAL) $(call option,firmware,FIRMWARE) $(call option,flash,FLASH) $(call flag,in-loader,LOADER)

testdevice: ## Run the on-device tests on a device that has the program (PORT=/dev/ttyUSB0 TESTS=site)
	@$(SETUP) --group run
	@$(HOST) test-device $(call option,port,PORT) $(call option,only,TESTS)

logs: ## Show what a device says on its console (PORT=/dev/ttyUSB0 SECONDS=60)
	@$(SETUP) --group run
	@$(HOST) logs $(call option,port,PORT) $(call option,seconds,SECONDS)

repl: ## Attach mpremote to the running gateway (PORT=/dev/ttyUSB0 for a device: hold its button while it starts)
	@$(SETUP) --group run
	@$(HOST) repl $(call option,port,PORT)

replay: ## Measure a recorded waveform (RECORDING=file.cfg SITE=site.toml)
	@$(SETUP) --group run
	@$(HOST) replay $(call option,recording,RECORDING) $(call option,site,SITE)

collect: ## Collect the history of gateways from a broker (BROKER=host:1883 FILE=history.db SECONDS=60); REPORT=1 or EXPORT=file.csv PER=day: what it holds
	@$(SETUP) --group run
	@$(HOST) collect $(call option,broker,BROKER) $(call option,file,FILE) $(call option,seconds,SECONDS) \
		$(call option,victoria,VICTORIA) $(call flag,report,REPORT) $(call option,export,EXPORT) $(call option,per,PER)

fleet: ## Play so many gateways against a broker, write build/fleet.json (N=1000 SECONDS=60 PROFILE=history BACKLOG=60 TLS=1 ENGINE=nats)
	@$(SETUP) --group run
	@$(HOST) fleet $(call option,gateways,N) $(call option,seconds,SECONDS) $(call option,profile,PROFILE) \
		$(call option,backlog,BACKLOG) $(call option,engine,ENGINE) $(call flag,tls,TLS)

soak: ## Harm gateways, network, broker and collector on purpose, write build/soak.json (MINUTES=10 RECORDS=1000000 STARTS=2000 CALM=2 SEED=1 ONLY="power cut of all")
	@$(SETUP) --group run
	@$(HOST) soak $(call option,minutes,MINUTES) $(call option,records,RECORDS) $(call option,starts,STARTS) \
		$(call option,calm,CALM) $(call option,seed,SEED) $(call option,only,ONLY)

configure: ## Plan a site on a local page: parts, wiring, configuration (PLAN=file.toml LANGUAGE=nl PORT=8090); OUT=folder: without a page
	@$(SETUP) --group run
	@$(HOST) configure $(call option,plan,PLAN) $(call option,out,OUT) $(call option,language,LANGUAGE) \
		$(call option,port,PORT)

correct: ## Correct a CT from pairs of what a reference and the gateway measured (PAIRS=pairs.toml SITE=site.json OUT=new.json)
	@$(SETUP) --group run
	@$(HOST) correct $(call option,pairs,PAIRS) $(call option,site,SITE) $(call option,out,OUT)

replace: ## Let a gateway take another one's place (NEW=5010000042 FLASH=folder SITE=site.json HISTORY=history.db OUT=folder; OLD= HEAD= CHARGER=no)
	@$(SETUP) --group run
	@$(HOST) replace $(call option,new,NEW) $(call option,old,OLD) $(call option,flash,FLASH) $(call option,site,SITE) \
		$(call option,history,HISTORY) $(call option,head,HEAD) $(call option,charger,CHARGER) $(call option,out,OUT)

label: ## Make labels with the code that joins the hotspot (SERIAL=5010000123 KEY=... for a known password; CHARGER="EV Wall Home" for one built in)
	@$(SETUP) --group run
	@$(HOST) label $(call option,serial,SERIAL) $(call option,key,KEY) $(call option,charger,CHARGER)

handbook: ## Make the installer's handbook, English and Dutch: web pages in build/handbook, build/handbook-en.pdf, build/handbook-nl.pdf
	@$(SETUP) --group handbook
	@$(HOST) handbook

security: ## Run the tests that the rows of docs/security.md name, audit the dependencies, write build/security.json and build/sbom.json (ONLY=doc, ONLY=sbom)
	@$(SETUP) --group security
	@$(HOST) security $(call option,only,ONLY)

doctor: ## Say what was found and chosen, what is missing and its remedy
	@! build/venv/bin/python -c 'import gateway_host' 2>/dev/null || $(HOST) doctor; \
	PYTHONPATH=tools exec $(call quoted,$(PYTHON_NAME)) -m gateway_host doctor

clean: ## Remove what was made under build/, keep the downloads in build/cache
	@test ! -d build || find build/ -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf {} +

.PHONY: help setup run test bench accuracy advise world fuzz style chip image firmware web signkey update flash deploy factory testdevice logs repl replay configure correct replace label handbook collect fleet soak security doctor clean
