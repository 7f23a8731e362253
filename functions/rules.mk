# SPDX-License-Identifier: Apache-2.0
# Packet-table tests, one for each function that has one: `make table-tests`. What NAME_test needs besides the harness,
# test.a, its folder's .mk file says in NAME_test_LINK.

TABLE_TEST := $(foreach t,$(wildcard functions/*/*_test.c),$(B)/functions/$(notdir $(t:.c=)))

.PHONY: table-tests
table-tests: $(TABLE_TEST) $(FUNC_OBJ) ## build the functions' packet tables

TEST_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard functions/test_*.c))

$(TEST_OBJ): $(B)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -D_GNU_SOURCE -Ifunctions -MMD -MP -c $< -o $@

$(B)/functions/test.a: $(TEST_OBJ)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

define table_rule
$(B)/functions/$(notdir $(1:.c=)): $(1) $(B)/functions/test.a
	$$(call say,CC,$(1))
	$(Q)$(CC) $(ALL_CFLAGS) -D_GNU_SOURCE -Ifunctions -MMD -MP $(1) $$($(notdir $(1:.c=))_LINK) $(B)/functions/test.a -o $$@ -lbpf
endef
$(foreach t,$(wildcard functions/*/*_test.c),$(eval $(call table_rule,$(t))))
