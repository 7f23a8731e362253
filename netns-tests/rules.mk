# SPDX-License-Identifier: Apache-2.0
# rules.mk - the BPF objects of the tests: `make test-objects`.

TEST_OBJ := $(patsubst %.bpf.c,$(B)/%.bpf.o,$(wildcard netns-tests/*.bpf.c netns-tests/objects/*.bpf.c))

.PHONY: test-objects
test-objects: $(TEST_OBJ) ## build the BPF objects that the tests use

$(B)/netns-tests/%.bpf.o: netns-tests/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@
	$(Q)llvm-strip -g $@
