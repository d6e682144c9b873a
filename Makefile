# A thin front for CMake; see CMakePresets.json for the builds behind each target.

PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
CTEST_ARGS ?=
TORTURE_ARGS ?=
PYTHON := /usr/bin/python3
CTEST := ctest --output-on-failure --no-tests=error --parallel 2

.PHONY: build test demo bench torture fuzz lint asan tsan coverage install deps clean

build: deps
	cmake --preset release
	cmake --build --preset release

test: build
	$(CTEST) --test-dir build $(CTEST_ARGS)

demo: build
	examples/demo/demo.sh build

bench: build
	cmake --build build --target bench-all
	HIKESHI=$(CURDIR)/build/hikeshi HIKESHI_BUILD=$(CURDIR)/build HIKESHI_SOURCE=$(CURDIR) \
		$(PYTHON) tests/bench/run.py

# Some twenty minutes; TORTURE_ARGS="--points N --faults N" for more or less (see tests/torture/run.py --help).
torture: build
	HIKESHI=$(CURDIR)/build/hikeshi HIKESHI_BUILD=$(CURDIR)/build HIKESHI_SOURCE=$(CURDIR) \
		$(PYTHON) tests/torture/run.py $(TORTURE_ARGS)

# Each target runs for FUZZ_SECONDS; what it finds is left in build-fuzz/crashes/.
fuzz:
	cmake/deps.sh lint
	cmake --preset fuzz
	cmake --build --preset fuzz
	cmake/fuzz.sh build-fuzz $(FUZZ_SECONDS)

# FILES="core/base/json.c ..." checks these alone.
lint:
	cmake/deps.sh lint
	cmake/lint.sh $(FILES)

asan: deps
	cmake --preset asan-ubsan
	cmake --build --preset asan-ubsan
	$(CTEST) --test-dir build-asan $(CTEST_ARGS)

# ThreadSanitizer wants its addresses: some kernels randomise more of them than it can take.
tsan: STILL := $(shell setarch -R true 2>/dev/null && echo setarch -R)
tsan: deps
	cmake --preset tsan
	cmake --build --preset tsan
	$(STILL) $(CTEST) --test-dir build-tsan $(CTEST_ARGS)

coverage: deps
	cmake --preset coverage
	cmake --build --preset coverage
	find build-coverage -name '*.gcda' -delete
	$(CTEST) --test-dir build-coverage $(CTEST_ARGS)
	$(PYTHON) cmake/coverage.py build-coverage

install: build
	DESTDIR="$(DESTDIR)" cmake --install build --prefix "$(PREFIX)"

deps:
	@cmake/deps.sh

clean:
	rm -rf build build-asan build-tsan build-fuzz build-coverage build-lint
