# SPDX-License-Identifier: Apache-2.0
# The servers that tests start, unpacked only: installing them would start them on the machine, and chrony would remove
# the time daemon that it has.

SERVERS := $(B)/netns-tests/servers

tests: $(addprefix $(SERVERS)/,chrony nsd knot unbound)

# Without one, the tests that start it fail, and all others can run.
$(SERVERS)/%: | tools/unpack
	$(call say,GET,$*)
	$(Q)tools/unpack $* $@ || true
