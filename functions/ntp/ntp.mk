# SPDX-License-Identifier: Apache-2.0
# The function ntp's data tool.

NTP_CLOCK_SRC := $(addprefix functions/ntp/,kfaas-ntp-clock.c clock.c chrony.c)

DATA_TOOLS += $(B)/kfaas-ntp-clock
all: $(B)/kfaas-ntp-clock

$(B)/kfaas-ntp-clock: $(NTP_CLOCK_SRC) functions/ntp/clock.h
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -D_GNU_SOURCE $(NTP_CLOCK_SRC) -o $@

$(B)/functions/chrony_test: functions/ntp/chrony.c functions/ntp/clock.h
