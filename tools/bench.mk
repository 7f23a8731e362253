# SPDX-License-Identifier: Apache-2.0
# The benchmark.

BENCH     := $(addprefix $(B)/tools/bench/,echo-server http-client call.bpf.o echo-tc.bpf.o empty.bpf.o round.bpf.o unlike.bpf.o)
BENCH_RUN := tools/bench/bench-and-plot

.PHONY: bench-tax bench-quick bench-keep bench-ready bench-parts bench-servers
tests: bench-parts

$(B)/tools/bench/%.bpf.o: tools/bench/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(B)/tools/bench/echo-server: tools/bench/echo-server.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(CPPFLAGS) -MMD -MP $< -o $@ -lpthread

$(B)/tools/bench/%.skel.h: $(B)/tools/bench/%.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst -,_,$*)_bpf > $@

$(B)/tools/bench/http-client: $(addprefix tools/bench/http-,client.c frame.c client.h frame.h) $(B)/tools/bench/http-client.skel.h \
		$(B)/tools/gen/target.o $(addprefix $(B)/loader/,args.o log.o netlink.o netns.o util.o conf_value.o suggest.o)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -D_GNU_SOURCE -I$(B)/tools/bench $(filter %.c %.o,$^) -o $@ -lbpf -lmnl

bench-parts: $(BENCH)

bench-servers: $(addprefix $(SERVERS)/,chrony nsd knot nginx unbound)

bench: ## compare the functions with their rivals on this machine, JSON and plots into build/bench
	$(Q)$(MAKE) --no-print-directory bench-ready
	$(Q)$(BENCH_RUN) $(B)/$@

bench-quick: ## the same, rough, in under two minutes, into build/bench-quick
	$(Q)$(MAKE) --no-print-directory bench-ready
	$(Q)$(BENCH_RUN) $(B)/$@ --quick

bench-tax: ## the gate's price under load alone, into build/bench-tax
	$(Q)$(MAKE) --no-print-directory bench-ready
	$(Q)$(BENCH_RUN) $(B)/$@ gate

bench-keep: ## put the figures of the last `make bench` into README.md
	$(Q)tools/bench/plot $(B)/bench/bench.json $(B)/bench
	$(Q)cp $(B)/bench/bench.json tools/bench/results.json
	$(Q)cp $(B)/bench/cpu.svg tools/bench/
	$(Q)tools/bench/table tools/bench/results.json --into README.md

# All that the benchmark needs: packages first, since the build needs to see them.
bench-ready:
	$(Q)tools/install-deps build bench
	$(Q)$(MAKE) --no-print-directory all bench-parts bench-servers
