# SPDX-License-Identifier: Apache-2.0
# kfaas-gen, the packet generator.

GEN     := $(B)/tools/kfaas-gen
GEN_OBJ := $(patsubst tools/gen/%.c,$(B)/tools/gen/%.o,$(filter-out %.bpf.c %_test.c,$(wildcard tools/gen/*.c)))
DATA_TOOLS += $(GEN)
all: $(GEN)

$(B)/tools/gen/gen.bpf.o: tools/gen/gen.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(B)/tools/gen/gen.skel.h: $(B)/tools/gen/gen.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $< name gen_bpf > $@

$(B)/tools/gen/%.o: tools/gen/%.c | $(B)/tools/gen/gen.skel.h
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(CPPFLAGS) -I$(B)/tools/gen -MMD -MP -c $< -o $@

$(GEN): $(GEN_OBJ) $(addprefix $(B)/loader/,args.o link.o log.o netlink.o netns.o util.o conf_value.o suggest.o packets.o)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ -o $@ -lbpf -ljson-c -lmnl -lpcap -lpthread -lm

# The unit tests of what turns text into numbers and figures into text, under the sanitizers.
GEN_TEST := $(B)/loader/test/gen_test
GEN_TEST_SRC := $(addprefix tools/gen/,range_test.c range.c report.c template.c queries.c frame.c)

unit-tests: $(GEN_TEST)

$(GEN_TEST): $(GEN_TEST_SRC) $(wildcard tools/gen/*.h) $(TEXT_OBJ)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) $(SAN) -D_GNU_SOURCE -Itools/gen $(GEN_TEST_SRC) $(TEXT_OBJ) -o $@ -lcmocka $(TEXT_LIBS) -lm
