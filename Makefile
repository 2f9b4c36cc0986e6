# A thin front of meson. `make demo` and `make check` are all a fresh machine needs.
# BUILD=folder, PREFIX=, DESTDIR= (install), SUITES= (check: suites or bats files).
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: all deps demo check install format bench-quick clean

all: deps
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD) --prefix $(PREFIX) >/dev/null
	@ninja -C $(BUILD) $(NINJAFLAGS)

deps:
	@scripts/install-deps build

demo: all
	@scripts/install-deps demo
	@scripts/demo $(BUILD)/src/cli/agentfs

check: all
	@scripts/install-deps check
	@meson setup --reconfigure $(BUILD) >/dev/null
	@ninja -C $(BUILD) $(NINJAFLAGS)
	@AGENTFS_BUILD="$(BUILD)" tests/run $(SUITES)

install: all
	@$(if $(findstring file,$(origin PREFIX)),,meson configure $(BUILD) -Dprefix=$(PREFIX))
	@meson install -C $(BUILD) $(if $(DESTDIR),--destdir "$$(realpath -m "$(DESTDIR)")")

format: deps
	@scripts/install-deps check
	@git ls-files '*.c' '*.h' | xargs clang-format -i

bench-quick: all
	@scripts/install-deps bench
	@AGENTFS_BUILD="$(BUILD)" bench/run quick

clean:
	rm -rf $(BUILD) $(BUILD)-*
