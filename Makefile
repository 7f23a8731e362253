# SPDX-License-Identifier: Apache-2.0
# kfaas-net: `make` builds everything, `make help` lists the targets.

PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
ARCH    := $(shell uname -m)-linux-gnu
VERSION := 0.1.0

B       := build
Q       := $(if $(V),,@)
say      = $(if $(V),,@echo "  $(1)	$(2)")

CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Werror
CPPFLAGS += -D_GNU_SOURCE -DPREFIX='"$(PREFIX)"' -DKFAAS_VERSION='"$(VERSION)"' -I$(B)/bpf
ALL_CFLAGS = -std=gnu11 $(WARN) $(CFLAGS)
LIBS    := -lxdp -lbpf -lelf -linih -ljson-c -lmd -lmnl -lpcap

BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Werror -Wno-unused-function -Ibpf -I/usr/include/$(ARCH)

LOADER_SRC := $(wildcard loader/*.c)
LOADER_OBJ := $(LOADER_SRC:%.c=$(B)/%.o)
MODULE_OBJ := $(filter-out $(B)/loader/main.o,$(LOADER_OBJ))
GATES      := gate_xdp gate_tc
SKELS      := $(GATES:%=$(B)/bpf/%.skel.h)
FUNCTIONS  := $(notdir $(patsubst %/,%,$(wildcard functions/*/)))
FUNC_OBJ   := $(foreach f,$(FUNCTIONS),$(B)/functions/$(f).bpf.o)

.PHONY: all test demo bench lint format fuzz install uninstall clean help tests
.DELETE_ON_ERROR:
.SECONDARY:

all: $(B)/kfaas-net $(FUNC_OBJ) $(B)/functions/xdp-dispatcher.o ## build the loader, the gates and all functions

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST)

# --- BPF objects

$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(B)/bpf/%.skel.h: $(B)/bpf/%.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

# A function's object, without the debug information that only the build needed.
define function_rule
$(B)/functions/$(1).bpf.o: functions/$(1)/$(1).bpf.c
	$$(call say,BPF,$$<)
	@mkdir -p $$(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $$< -o $$@
	$(Q)llvm-strip -g $$@
endef
$(foreach f,$(FUNCTIONS),$(eval $(call function_rule,$(f))))

$(B)/functions/xdp-dispatcher.o: $(B)/bpf/xdp-dispatcher.bpf.o
	$(Q)mkdir -p $(@D) && cp $< $@

# --- The loader

$(B)/loader/%.o: loader/%.c | $(SKELS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(CPPFLAGS) -MMD -MP -c $< -o $@

$(B)/kfaas-net: $(LOADER_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ -o $@ $(LIBS)

# Functions' data tools: each functions/NAME/NAME.mk adds its own here, and as what `all` needs.
DATA_TOOLS :=

include $(wildcard bpf/*.mk loader/test/*.mk functions/*.mk functions/*/*.mk netns-tests/*.mk tools/*.mk)

tests: all unit-tests fuzzers table-tests test-objects test-gate-build ## build all tests

# The next three install what is missing first, then start over: the build needs to see it.
demo: ## show real clients being answered by functions, on this machine
	$(Q)tools/install-deps build demo
	$(Q)$(MAKE) --no-print-directory all test-objects
	$(Q)tools/demo

test: ## run all tests, here and in VMs with Debian's kernels
	$(Q)tools/install-deps build test vm
	$(Q)$(MAKE) --no-print-directory tests
	$(Q)tools/test all

fuzz: ## the fuzz targets, FUZZ_SECONDS each (600)
	$(Q)tools/install-deps build test
	$(Q)$(MAKE) --no-print-directory fuzzers
	$(Q)FUZZ_SECONDS=$${FUZZ_SECONDS:-600} tools/test fuzz

lint: ## formatting, shell scripts, forbidden marks
	$(Q)tools/lint

format: ## lay the C files out as lint wants them
	$(Q)git ls-files '*.c' '*.h' | xargs clang-format -i

install: all ## install below PREFIX (/usr/local), honours DESTDIR
	install -D -m 755 $(B)/kfaas-net $(DESTDIR)$(PREFIX)/sbin/kfaas-net
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/kfaas-net/functions $(FUNC_OBJ) $(B)/functions/xdp-dispatcher.o
	install -D -m 644 bpf/kfaas.h $(DESTDIR)$(PREFIX)/include/kfaas.h
	$(if $(DATA_TOOLS),install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(DATA_TOOLS))

uninstall: ## remove what install put there
	rm -rf $(DESTDIR)$(PREFIX)/sbin/kfaas-net $(DESTDIR)$(PREFIX)/lib/kfaas-net $(DESTDIR)$(PREFIX)/include/kfaas.h \
		$(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(DATA_TOOLS)))

clean: ## remove the build
	rm -rf $(B)

-include $(shell find $(B) -type f -name '*.d' 2>/dev/null)
