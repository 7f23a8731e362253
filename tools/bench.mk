# SPDX-License-Identifier: Apache-2.0
# The benchmark.

BENCH     := $(addprefix $(B)/tools/bench/,echo-server drop.bpf.o empty.bpf.o unlike.bpf.o)
BENCH_RUN := tools/bench/bench

.PHONY: bench-quick bench-parts bench-servers
tests: bench-parts

$(B)/tools/bench/%.bpf.o: tools/bench/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(B)/tools/bench/echo-server: tools/bench/echo-server.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(CPPFLAGS) -MMD -MP $< -o $@ -lpthread

bench-parts: $(BENCH)

bench-servers: $(addprefix $(SERVERS)/,chrony nsd knot nginx)

bench: ## compare the functions with their rivals on this machine, into build/bench.json
	$(Q)tools/install-deps build bench
	$(Q)$(MAKE) --no-print-directory all bench-parts bench-servers
	$(Q)$(BENCH_RUN) --json $(B)/bench.json

bench-quick: ## the same, rough, in under two minutes, into build/bench-quick.json
	$(Q)tools/install-deps build bench
	$(Q)$(MAKE) --no-print-directory all bench-parts bench-servers
	$(Q)$(BENCH_RUN) --quick --json $(B)/bench-quick.json
