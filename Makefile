# Verbs only; each works on a fresh machine. `make run` and `make test` are the two to know.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := run
.PHONY: check-xinference run serve test build lint format bench fuzz clean dependencies runtime

JOBS ?= 2
# run, test and bench pass the same flags and share one build. `build` links the Swift runtime statically, for which
# SwiftPM compiles every Swift file anew.
FLAGS := -c release -j $(JOBS) -Xswiftc -enable-testing --explicit-target-dependency-import-check error
# `swift test` would add a second -enable-testing, which makes it another build; ours is enough for @testable.
ONE_BUILD := --disable-testable-imports
SWIFT_FILES := Package.swift Sources Tests Bench Fuzz
FUZZ_SECONDS ?= 60

run: dependencies
	@Tools/fetch-onnxruntime.sh || true
	swift build $(FLAGS) --product graphrun
	.build/release/graphrun workflows/photo.json

serve: dependencies
	@Tools/fetch-onnxruntime.sh || true
	swift build $(FLAGS) --product graphserver
	.build/release/graphserver

build: dependencies
	@Tools/fetch-onnxruntime.sh || true
	swift build $(FLAGS) --static-swift-stdlib --product graphrun
	swift build $(FLAGS) --static-swift-stdlib --product graphserver

# Many tests start a server of their own; all at once they would only wait for each other.
test: export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 6
test: dependencies runtime lint .venv/made
	swift test $(FLAGS) $(ONE_BUILD)

# Python programs that the tests compare with and run against the server. Made anew when the versions change.
.venv/made: Tests/requirements.txt | dependencies
	@echo "Fetching the Python packages of the tests"
	@python3 -m venv .venv
	@.venv/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

lint:
	swift format lint --strict --parallel --recursive $(SWIFT_FILES)

format:
	swift format --in-place --parallel --recursive $(SWIFT_FILES)

bench: dependencies runtime
	for product in graphrun graphserver TestServer Bench; do swift build $(FLAGS) --product $$product; done
	Bench/run.sh

fuzz: dependencies
	Fuzz/run.sh $(FUZZ_SECONDS)

# Speaks and paints through a running Xinference: make check-xinference URL=http://127.0.0.1:9997
check-xinference: dependencies
	swift build $(FLAGS) --product graphrun
	Tools/check-xinference.sh $(URL)

clean:
	rm -rf .build .venv output temp user

# What models run on. Everything else works without, so only the tests insist on it.
runtime: dependencies
	@Tools/fetch-onnxruntime.sh

dependencies:
	@Tools/install-dependencies.sh
