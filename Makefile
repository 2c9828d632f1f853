# A thin front to CMake (CMakePresets.json) and scripts/. `make help` lists the targets; every one works in a fresh clone.
PRESET ?= release
JOBS ?= $(shell nproc)
# SETUP=no skips the look for missing packages: for systems other than Debian and Ubuntu, and for packages of your own.
SETUP ?= yes
# More options for the configure step, such as CMAKE_ARGS=-DSRWM_WERROR=ON.
CMAKE_ARGS ?=
# More options for ctest, such as CTEST_ARGS='-LE slow'.
CTEST_ARGS ?=
# The packed Omniglot that gpu-bundle takes along.
OMNIGLOT ?=

# The groups of scripts/packages.txt that the goals need.
GROUPS := build $(if $(filter setup test tsan lint,$(MAKECMDGOALS)),test) $(if $(filter valgrind,$(MAKECMDGOALS)),valgrind) $(if $(filter format lint,$(MAKECMDGOALS)),lint)
BUILD := build/$(PRESET)
SRWM := $(BUILD)/apps/srwm/srwm
NVCC := $(shell command -v nvcc || ls /usr/local/cuda/bin/nvcc 2>/dev/null)

# $(call compile,WHAT,TARGET): builds a CMake target; every line of ninja says what for and how far.
compile = NINJA_STATUS='$(1): %f of %t, %e s: ' cmake --build $(BUILD) -j $(JOBS) $(if $(2),--target $(2))

.DEFAULT_GOAL := build
.NOTPARALLEL:
.PHONY: help setup configure build program run test bench format lint tsan valgrind ptxas-report package package-cuda gpu-bundle install clean

help: ## list the targets
	@echo "Usage: make [TARGET] [PRESET=release|dev|debug|asan-ubsan|tsan] [JOBS=N] [SETUP=no] [CMAKE_ARGS=...] [CTEST_ARGS=...]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the missing packages (Debian and Ubuntu; elsewhere the list is printed)
	@$(if $(filter no,$(SETUP)),,scripts/setup.sh $(GROUPS))

configure: setup
	@cmake --preset $(PRESET) $(CONFIGURE) $(CMAKE_ARGS)

build: configure ## build the program and, where there is an nvcc, the CUDA library (what plain `make` does)
	@$(call compile,srwm,)
	@echo "make: built $(SRWM). Next: make run, make test, make install PREFIX=..."

program: configure
	@$(call compile,the program,srwm_program)

run: program ## train and evaluate experiments/quickstart.json on built-in data and print the result
	@$(SRWM) train-fewshot --config experiments/quickstart.json --resume
	@echo "make: the run is in runs/quickstart-s1. Next: $(SRWM) eval --run runs/quickstart-s1, or make test"

test: CONFIGURE := -DSRWM_TESTS=ON
test: configure ## build and run every test
	@$(call compile,the tests,srwm_tests)
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS) $(CTEST_ARGS)

bench: program ## measure ops, training step and data on this machine
	@$(SRWM) bench

format: setup ## rewrite all sources with clang-format
	@scripts/format.sh

# clang-tidy reads the compiler's commands of the preset dev, which has one for each source.
lint: PRESET := dev
lint: setup ## check format, C++, shell and Python; change nothing (TIDY=all: clang-tidy over all sources)
	@cmake --preset dev $(CMAKE_ARGS)
	@cmake --build build/dev --target srwm_build_info
	@scripts/lint.sh build/dev $(JOBS) $(TIDY)

valgrind: program ## run a short training and an evaluation under valgrind
	@scripts/valgrind.sh $(SRWM)

tsan: ## build and run the tests under the thread sanitizer
	@$(MAKE) --no-print-directory test PRESET=tsan

ptxas-report: CONFIGURE := -DSRWM_CUDA=ON
ptxas-report: configure ## print what every CUDA kernel takes, and fail if one spills registers
	@scripts/ptxas_report.py $(BUILD) --jobs $(JOBS)

package: ## make tarballs in dist/ that run on other machines, for CPUs and, where there is an nvcc, for GPUs
	@$(MAKE) --no-print-directory build PRESET=package
	@scripts/package.sh build/package dist
	@$(if $(NVCC),$(MAKE) --no-print-directory package-cuda,echo "package: there is no nvcc, so no tarball for GPUs")

package-cuda: ## make the tarball for GPUs alone
	@$(if $(filter no,$(SETUP)),,scripts/setup.sh package)
	@$(MAKE) --no-print-directory build PRESET=package-cuda
	@scripts/package.sh build/package-cuda dist

gpu-bundle: CONFIGURE := -DSRWM_CUDA=ON
gpu-bundle: ## make dist/gpu-bundle, which tests and measures on a bare machine with a GPU (OMNIGLOT=omniglot28.h5)
	@$(if $(filter no,$(SETUP)),,scripts/setup.sh package build)
	@cmake --preset $(PRESET) $(CONFIGURE) $(CMAKE_ARGS)
	@$(call compile,the GPU bundle,srwm_gpu_programs)
	@scripts/gpu_bundle.sh $(BUILD) dist/gpu-bundle $(OMNIGLOT)

install: build ## install below PREFIX (default /usr/local)
	@cmake --install $(BUILD) $(if $(PREFIX),--prefix $(PREFIX))

clean: ## remove all build folders; run folders and data stay
	rm -rf build
