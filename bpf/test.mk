# SPDX-License-Identifier: Apache-2.0
# The gate's own tests: packet tables run on the gates' objects.

GATE_TEST_SRC := bpf/gate_test.c $(filter-out %.bpf.c,$(wildcard bpf/test/*.c))
GATE_TEST_OBJ := $(GATE_TEST_SRC:%.c=$(B)/%.o) $(B)/functions/test.a
GATE_TEST_BPF := $(GATES:%=$(B)/bpf/%.bpf.o) $(B)/bpf/test/functions.bpf.o

$(B)/bpf/%.o: bpf/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-missing-field-initializers $(CPPFLAGS) -MMD -MP -c $< -o $@

$(B)/bpf/gate_test: $(GATE_TEST_OBJ) $(addprefix $(B)/loader/,match.o match_addr.o trigger.o suggest.o log.o) | $(GATE_TEST_BPF)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ -o $@ -lbpf

.PHONY: test-gate test-gate-build bench-gate
test-gate-build: $(B)/bpf/gate_test $(GATE_TEST_BPF) ## build the gates' packet tables

test-gate: test-gate-build ## run them
	$(Q)$(B)/bpf/gate_test

bench-gate: test-gate-build ## print what the gates cost, in ns a packet
	$(Q)$(B)/bpf/gate_test --bench
