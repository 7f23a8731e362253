# SPDX-License-Identifier: Apache-2.0
# flood.mk - the generator that the tests of swapping under load use.

FLOOD := $(B)/netns-tests/flood

test-objects: $(FLOOD)

$(FLOOD).skel.h: $(FLOOD).bpf.o
	$(Q)$(BPFTOOL) gen skeleton $< name flood_bpf > $@

$(FLOOD): netns-tests/flood.c netns-tests/flood.h $(FLOOD).skel.h
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) $(CPPFLAGS) -I$(B)/netns-tests $< -o $@ -lbpf
