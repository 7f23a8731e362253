# SPDX-License-Identifier: Apache-2.0
# The benchmark's own programs.

$(B)/tools/bench/%.bpf.o: tools/bench/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(B)/tools/bench/%.skel.h: $(B)/tools/bench/%.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

$(B)/tools/bench/live: tools/bench/live.c $(B)/tools/bench/live.skel.h
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -D_GNU_SOURCE -I$(B)/tools/bench $< -o $@ -lbpf

bench: all $(B)/tools/bench/live $(B)/tools/bench/empty.bpf.o $(B)/tools/bench/unlike.bpf.o ## measure the gate's price on this machine
	$(Q)tools/bench/gate
