# The thin front of the Meson build in build/.

BUILD := build
SETUP_OPTIONS ?=

all: $(BUILD)/build.ninja
	@meson compile -C $(BUILD)

$(BUILD)/build.ninja:
	@meson setup $(BUILD) $(SETUP_OPTIONS)

demo:
	@tools/setup build
	@$(MAKE) --no-print-directory all
	@tools/demo $(BUILD)/dbalt

check:
	@tools/check all

lint:
	@tools/check lint

fuzz:
	@tools/setup test
	@tools/fuzz

valgrind:
	@tools/setup test
	@$(MAKE) --no-print-directory all
	@meson test -C $(BUILD) --setup valgrind --no-rebuild --print-errorlogs --timeout-multiplier 10 \
	    --suite unit --suite driver --suite valgrind

fault:
	@tools/check fault

bench:
	@tools/setup bench
	@$(MAKE) --no-print-directory all
	@bench/run $(BUILD)/dbalt $(BENCH_OPTIONS)

matrix:
	@tools/check matrix

logto: all
	@tests/logto/with-logto env DBALT="$(abspath $(BUILD))/dbalt" bats tests/logto/acceptance.bats tests/logto/differences.bats tests/logto/packaging.bats

install: all
	@meson install -C $(BUILD)

clean:
	@rm -rf $(BUILD) build-check

.PHONY: all demo check lint fault fuzz valgrind bench matrix logto install clean
