# SPDX-License-Identifier: Apache-2.0
# Packet-table tests, one for each function that has one: `make table-tests`. What NAME_test needs besides, its folder's
# .mk file says in NAME_test_LINK.

TABLE_TEST := $(foreach t,$(wildcard functions/*/*_test.c),$(B)/functions/$(notdir $(t:.c=)))

.PHONY: table-tests
table-tests: $(TABLE_TEST) $(FUNC_OBJ) ## build the functions' packet tables

$(B)/functions/test.o: functions/test.c functions/test.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -D_GNU_SOURCE -Ifunctions -MMD -MP -c $< -o $@

define table_rule
$(B)/functions/$(notdir $(1:.c=)): $(1) $(B)/functions/test.o
	$$(call say,CC,$(1))
	$(Q)$(CC) $(ALL_CFLAGS) -D_GNU_SOURCE -Ifunctions -MMD -MP $(1) $(B)/functions/test.o -o $$@ -lbpf $$($(notdir $(1:.c=))_LINK)
endef
$(foreach t,$(wildcard functions/*/*_test.c),$(eval $(call table_rule,$(t))))
