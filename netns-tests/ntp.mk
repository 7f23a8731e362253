# SPDX-License-Identifier: Apache-2.0
# chronyd for 33-ntp.bats: unpacked only. Installing it would start it, and remove the time daemon that the machine has.

CHRONY := $(B)/netns-tests/chrony

tests: $(CHRONY)/usr/sbin/chronyd

# Without it, 33-ntp.bats fails, and all other tests can run.
$(CHRONY)/usr/sbin/chronyd: | tools/unpack
	$(call say,GET,chrony)
	$(Q)tools/unpack chrony $(CHRONY) || true
