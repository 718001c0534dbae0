# A thin table over scripts/: what each target needs is set up by it, and a repeated call does nothing twice.

FUZZ_SECONDS ?= 600

.DEFAULT_GOAL := help
.PHONY: help setup build demo test test-asan test-tsan bench bench-quick fuzz format lint clean

help: ## this list
	@echo "Plinth: one process that serves models of every framework. The targets:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' Makefile | awk -F@ '{printf "%-18s %s\n", $$1, $$2}'
	@echo "First time here? make demo"

setup: ## install the Debian packages and fetch the runtimes that building needs
	@scripts/setup build

build: setup ## build/plinth and its backends, optimised
	@scripts/build release plinth_server

demo: build ## start the server, deploy a model of each framework, predict, compare (DEMO_EXIT=1: then stop)
	@scripts/demo

test: ## every test: unit, end to end, and each fuzz target for a short while
	@scripts/setup build test
	@scripts/build release all
	@scripts/build fuzz plinth_fuzzers
	@scripts/test

test-asan: ## unit and end-to-end tests under the address and undefined-behaviour sanitizers
	@scripts/setup build test
	@scripts/build asan all
	@scripts/test --preset asan unit e2e

test-tsan: ## unit and end-to-end tests under the thread sanitizer
	@scripts/setup build test
	@scripts/build tsan all
	@scripts/test --preset tsan unit e2e

bench: ## the benchmarks, as one table (takes a quarter of an hour; BENCH="--json FILE" writes the figures too)
	@scripts/setup build bench
	@scripts/build release plinth_bench -DPLINTH_BENCH=ON
	@bench/run.py $(BENCH)

bench-quick: ## the benchmarks in less than two minutes
	@scripts/setup build bench
	@scripts/build release plinth_bench -DPLINTH_BENCH=ON
	@bench/run.py --quick $(BENCH)

fuzz: ## each fuzz target for FUZZ_SECONDS (600)
	@scripts/setup build test
	@scripts/build fuzz plinth_fuzzers
	@scripts/test --fuzz-seconds $(FUZZ_SECONDS) fuzz

format: ## rewrite our C++ in the project's style
	@scripts/setup build lint
	@scripts/lint --format

lint: ## check style and run clang-tidy on what changed since it was last clean
	@scripts/setup build lint
	@scripts/build release all
	@scripts/lint

clean: ## remove what was built (runtimes/ and fetched files stay)
	rm -rf build build-debug build-asan build-tsan build-fuzz
