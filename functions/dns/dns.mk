# SPDX-License-Identifier: Apache-2.0
# dns.mk - the data tool of functions/dns.

DNS_OBJ := $(patsubst %,$(B)/functions/dns/%.o,name zone message answer rows)

DATA_TOOLS += $(B)/kfaas-dns-rows
all: $(B)/kfaas-dns-rows

$(B)/functions/dns/%.o: functions/dns/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(CPPFLAGS) -MMD -MP -c $< -o $@

$(B)/kfaas-dns-rows: $(B)/functions/dns/main.o $(DNS_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ -o $@ -lldns

$(B)/functions/dns_test: $(DNS_OBJ) $(B)/functions/dns/judge.o
dns_test_LINK := $(DNS_OBJ) $(B)/functions/dns/judge.o -lldns
