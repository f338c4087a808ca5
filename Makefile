# SPDX-License-Identifier: Apache-2.0
# One non-recursive makefile.  `make help` lists the targets.

# SAN=address (ASan + UBSan) or SAN=thread, FAULT=1 (crash and error points
# for tests): each builds in a folder of its own.
SAN ?=
FAULT ?=
CC ?= gcc
V ?=
BUILD ?= build$(if $(SAN),-$(SAN))$(if $(FAULT),-fault)

PREFIX ?= /usr/local
DESTDIR ?=
SBINDIR ?= /sbin

PACKAGES := fuse3 jansson libarchive libcrypto libxxhash lmdb liburing libacl
PKG_CFLAGS := $(shell pkg-config --cflags fuse3 jansson libarchive libcrypto libxxhash 2>/dev/null)

VERSION := 0.1
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wvla \
	-Wshadow -Wundef -Wno-unused-parameter
ALL_CFLAGS := -std=gnu11 -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-DFUSE_USE_VERSION=314 -DSTENCIL_VERSION='"$(VERSION)"' \
	$(WARNINGS) $(if $(WERROR),-Werror) -MMD -MP -pthread $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS := -pthread $(LDFLAGS)
# Tools that tests run, also inside a chroot: never with a sanitizer, which is
# for the programs.
TOOL_CFLAGS := $(ALL_CFLAGS) $(ALL_LDFLAGS)

ifeq ($(SAN),address)
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
ALL_LDFLAGS += -fsanitize=address,undefined
else ifeq ($(SAN),thread)
ALL_CFLAGS += -fsanitize=thread
ALL_LDFLAGS += -fsanitize=thread
endif
ifneq ($(FAULT),)
ALL_CFLAGS += -DSTENCIL_FAULT
endif

Q := $(if $(V),,@)

BASE_SRC := $(wildcard base/*.c)
CACHE_SRC := $(wildcard cache/*.c)
FS_SRC := $(wildcard fs/*.c)
MKIMAGE_SRC := $(wildcard mkimage/*.c)
CLI_SRC := $(wildcard cli/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
HELPER_SRC := $(wildcard tests/fs/*.c tests/crash/*.c)
BENCH_SRC := $(wildcard bench/*.c)
HEADERS := $(wildcard base/*.h cache/*.h fs/*.h mkimage/*.h cli/*.h)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

LIB_BASE := -ljansson -lcrypto -lxxhash
LIB_FS := -lfuse3 -luring $(LIB_BASE)
LIB_MKIMAGE := -larchive -lfsverity -llmdb $(LIB_BASE)

PROGRAMS := $(BUILD)/stencilfs $(BUILD)/mkstencil $(BUILD)/stencilctl
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(UNIT_SRC))
HELPERS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(HELPER_SRC))
BENCHES := $(patsubst %.c,$(BUILD)/%,$(BENCH_SRC))

all: $(PROGRAMS) $(BUILD)/checked-directions $(BUILD)/checked-headers

$(BUILD)/stencilfs: $(call obj,$(FS_SRC) $(BASE_SRC))
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_FS)

$(BUILD)/mkstencil: $(call obj,$(MKIMAGE_SRC) $(BASE_SRC))
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_MKIMAGE)

$(BUILD)/stencilctl: $(call obj,$(CLI_SRC) $(BASE_SRC))
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_BASE)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(ALL_CFLAGS) -include base/banned.h -c -o $@ $<

# The rules for #include are part of the build, each checked when a file that
# it is about has changed.
CHECKED := $(BASE_SRC) $(CACHE_SRC) $(FS_SRC) $(MKIMAGE_SRC) $(CLI_SRC) \
	$(UNIT_SRC) $(HELPER_SRC) $(HEADERS)
CHECK_CFLAGS := $(filter-out -MMD -MP,$(ALL_CFLAGS))
$(BUILD)/checked-directions: $(CHECKED) tools/check-includes
	@mkdir -p $(@D)
	$(Q)tools/check-includes --directions
	@touch $@
$(BUILD)/checked-headers: $(HEADERS) tools/check-includes
	@mkdir -p $(@D)
	$(Q)for h in $(HEADERS); do \
		CC='$(CC)' CHECK_CFLAGS='$(CHECK_CFLAGS)' \
			tools/check-includes --header $$h || exit 1; done
	@touch $@

check-includes:
	$(Q)CC='$(CC)' CHECK_CFLAGS='$(CHECK_CFLAGS)' tools/check-includes
check-style:
	$(Q)tools/check-style

# A unit test links every object of base/ and the objects of fs/ and mkimage/
# but the programs' main files.
UNIT_OBJ := $(call obj,$(BASE_SRC) $(filter-out fs/main.c,$(FS_SRC)) \
	$(filter-out mkimage/main.c,$(MKIMAGE_SRC)))
$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(UNIT_OBJ)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LIB_FS) $(LIB_MKIMAGE)

# Helper programs of the behaviour tests: one file each, libc only.
$(BUILD)/tests/fs/%: tests/fs/%.c
	@mkdir -p $(@D)
	@echo "  CCLD    $@"
	$(Q)$(CC) $(TOOL_CFLAGS) -o $@ $<
$(BUILD)/tests/crash/%: tests/crash/%.c
	@mkdir -p $(@D)
	@echo "  CCLD    $@"
	$(Q)$(CC) $(TOOL_CFLAGS) -o $@ $<

$(BUILD)/bench/%: bench/%.c
	@mkdir -p $(@D)
	@echo "  CCLD    $@"
	$(Q)$(CC) $(TOOL_CFLAGS) -o $@ $<

-include $(shell find $(BUILD) $(BUILD)-fuzz -name '*.d' 2>/dev/null)

tests: all $(UNIT_TESTS) $(HELPERS)

# The crash tests run a daemon with fault points.
ifeq ($(SAN)$(FAULT),)
tests: fault-build
fault-build:
	$(Q)$(MAKE) --no-print-directory FAULT=1 BUILD=$(BUILD)-fault \
		$(BUILD)-fault/stencilfs
.PHONY: fault-build
endif

# make check [T=pattern]: all tests, or those whose name matches.
check: tests
	tests/run --build=$(BUILD) $(T)

# make bench [B='memory requests']: all measurements, or those named.
benches: all $(BENCHES)
bench: benches
	BUILD=$(BUILD) bench/run $(B)

# The programs, manual pages, completion, and what mount(8) looks for.  The
# mount helper is told where the program is: mount(8) may run without a PATH.
BINDIR := $(DESTDIR)$(PREFIX)/bin
MANDIR := $(DESTDIR)$(PREFIX)/share/man
COMPLETIONS := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
HELPERDIR := $(DESTDIR)$(SBINDIR)
MANPAGES := $(wildcard docs/man/*.[1-9])
NAMES := $(notdir $(PROGRAMS))
man_section = $(MANDIR)/man$(subst .,,$(suffix $(1)))

install: all
	install -d $(BINDIR) $(COMPLETIONS) $(HELPERDIR)
	install $(PROGRAMS) $(BINDIR)
	$(foreach m,$(MANPAGES),install -D -m 644 -t $(call man_section,$(m)) $(m) &&) true
	install -m 644 completion/bash/stencil $(COMPLETIONS)/stencilctl
	ln -sf stencilctl $(COMPLETIONS)/mkstencil
	ln -sf stencilctl $(COMPLETIONS)/stencilfs
	sed 's|^PROGRAM=.*|PROGRAM=$(PREFIX)/bin/stencilfs|' \
		tools/mount.stencilfs >$(HELPERDIR)/mount.stencilfs
	chmod 755 $(HELPERDIR)/mount.stencilfs
	ln -sf mount.stencilfs $(HELPERDIR)/mount.fuse.stencilfs

uninstall:
	rm -f $(addprefix $(BINDIR)/,$(NAMES)) $(addprefix $(COMPLETIONS)/,$(NAMES)) \
		$(foreach m,$(MANPAGES),$(call man_section,$(m))/$(notdir $(m))) \
		$(HELPERDIR)/mount.stencilfs $(HELPERDIR)/mount.fuse.stencilfs

# make fuzz [FUZZ_SECONDS=n] [FUZZ='source_tar emit']: each target, or those
# named, with clang's libFuzzer, started from the corpus in the repository; what
# it finds stays in the build folder.
FUZZ_SECONDS ?= 10
FUZZ_CC ?= clang
FUZZ_BUILD := $(BUILD)-fuzz
FUZZ_SAN := address,undefined
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZ_SRC))
FUZZ_TARGETS := $(patsubst %,$(FUZZ_BUILD)/fuzz_%,$(FUZZ))
fuzz_obj = $(patsubst %.c,$(FUZZ_BUILD)/obj/%.o,$(1))

$(FUZZ_BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  FUZZCC  $<"
	$(Q)$(FUZZ_CC) $(ALL_CFLAGS) -include base/banned.h \
		-fsanitize=fuzzer-no-link,$(FUZZ_SAN) \
		-fno-sanitize-recover=undefined -c -o $@ $<
$(FUZZ_BUILD)/fuzz_%: $(FUZZ_BUILD)/obj/tests/fuzz/fuzz_%.o \
		$(call fuzz_obj,$(BASE_SRC) fs/options.c \
		$(filter-out mkimage/main.c,$(MKIMAGE_SRC)))
	@echo "  FUZZLD  $@"
	$(Q)$(FUZZ_CC) $(ALL_LDFLAGS) -fsanitize=fuzzer,$(FUZZ_SAN) -o $@ $^ \
		$(LIB_MKIMAGE)
fuzz-targets: $(FUZZ_TARGETS)
fuzz: $(FUZZ_TARGETS)
	$(Q)for t in $(FUZZ_TARGETS); do \
		name=$${t##*/fuzz_}; \
		mkdir -p $(FUZZ_BUILD)/corpus/$$name tests/fuzz/corpus/$$name; \
		echo "  FUZZ    $$name ($(FUZZ_SECONDS) s)"; \
		$$t -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
			-timeout=20 -rss_limit_mb=1024 \
			-artifact_prefix=$(FUZZ_BUILD)/$$name- \
			$(FUZZ_BUILD)/corpus/$$name tests/fuzz/corpus/$$name \
			>$(FUZZ_BUILD)/$$name.log 2>&1 || \
			{ tail -n 60 $(FUZZ_BUILD)/$$name.log; exit 1; }; \
		grep -E 'number_of_executed_units|^Done' \
			$(FUZZ_BUILD)/$$name.log; \
	done

clean:
	rm -rf build build-*

help:
	@echo 'make [SAN=address|thread] [FAULT=1] [CC=clang] [WERROR=1] [TARGET]'
	@echo '  all             the programs, in build/ (build-SAN, build-fault)'
	@echo '  tests           and what the tests need'
	@echo '  check [T=name]  all tests, or those whose name holds the word'
	@echo "  bench [B=name]  measurements, see bench/README.md"
	@echo "  fuzz [FUZZ=name] runs the fuzzers for a while; needs clang"
	@echo '  check-includes  directions of #include; each header by itself'
	@echo '  check-style     lengths of files and functions, SPDX lines'
	@echo '  install         PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)'
	@echo '  uninstall       the same'
	@echo '  clean           removes all build folders'

.PHONY: all tests check fuzz fuzz-targets bench benches check-includes check-style install uninstall clean help
.SECONDARY:
