# SPDX-License-Identifier: Apache-2.0
# http.mk - the data tool of functions/http.

DATA_TOOLS += $(B)/kfaas-http-rows

all: $(B)/kfaas-http-rows

$(B)/kfaas-http-rows: functions/http/kfaas-http-rows
	@mkdir -p $(@D)
	$(Q)cp $< $@
