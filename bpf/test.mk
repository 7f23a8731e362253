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
# What calls kf_invoke must have less than 256 bytes of stack together. Linux 6.1 rounds each up to 32, newer ones less:
# there a gate would be refused that is taken here.
$(GATES:%=$(B)/bpf/%.bpf.o): BPF_CFLAGS += -fstack-usage
$(B)/bpf/%.stack: $(B)/bpf/%.bpf.o
	$(Q)awk -F '\t' '{ size = int(($$2 + 31) / 32) * 32 } \
		/:kfaas_gate/ { gate = size; n++ } \
		/:kf_run_chain|:kf_invoke_timed/ { if (size > most) most = size; n++ } \
		END { sum = gate + most; if (n != 3 || sum >= 256) { \
		print "$*: " sum " bytes of stack above kf_invoke: Linux 6.1 refuses 256"; exit 1 } print sum >"$@" }' $(@:.stack=.bpf.su)

test-gate-build: $(B)/bpf/gate_test $(GATE_TEST_BPF) $(GATES:%=$(B)/bpf/%.stack) ## build the gates' packet tables

test-gate: test-gate-build ## run them
	$(Q)$(B)/bpf/gate_test

bench-gate: test-gate-build ## print what the gates cost, in ns a packet
	$(Q)$(B)/bpf/gate_test --bench
