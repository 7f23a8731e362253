# SPDX-License-Identifier: Apache-2.0
# The modules that only turn text into structs, tested under ASan and UBSan: `make unit-tests`.

TEXT_SRC  := $(wildcard loader/conf*.c) $(addprefix loader/,trigger.c suggest.c log.c manifest.c object_check.c \
	object_btf.c match.c match_addr.c plan.c args.c) \
	$(wildcard loader/data_form*.c) $(wildcard loader/data_type*.c) $(addprefix loader/,data_btf.c data_rows.c data_print.c data_json.c)
TEXT_OBJ  := $(TEXT_SRC:%.c=$(B)/san/%.o)
FUZZ_OBJ  := $(TEXT_SRC:%.c=$(B)/fuzz/%.o)
UNIT_TEST := $(patsubst %.c,$(B)/%,$(wildcard loader/test/*_test.c))
FUZZERS   := $(patsubst %.c,$(B)/%,$(wildcard loader/test/fuzz_*.c))
SAN       := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined
TEXT_LIBS := -linih -lbpf -lelf -ljson-c

.PHONY: unit-tests fuzzers
unit-tests: $(UNIT_TEST) ## build the unit tests
fuzzers: $(FUZZERS) ## build the fuzz targets

$(B)/san/loader/%.o: loader/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) $(SAN) -D_GNU_SOURCE -MMD -MP -c $< -o $@

$(B)/fuzz/loader/%.o: loader/%.c
	@mkdir -p $(@D)
	$(Q)$(CLANG) -std=gnu11 -O1 -g -fsanitize=fuzzer-no-link,address -D_GNU_SOURCE -MMD -MP -c $< -o $@

$(B)/loader/test/%_test: loader/test/%_test.c $(TEXT_OBJ)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) $(SAN) -D_GNU_SOURCE -Iloader -MMD -MP -MF $@.d $< $(filter %.o,$^) -o $@ -lcmocka $(TEXT_LIBS)

# It has the records itself.
$(B)/loader/test/tx_plan_test: $(B)/san/loader/tx_plan.o

$(B)/loader/test/fuzz_%: loader/test/fuzz_%.c $(FUZZ_OBJ)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -std=gnu11 -O1 -g -fsanitize=fuzzer,address -D_GNU_SOURCE -Iloader -MMD -MP -MF $@.d $< $(FUZZ_OBJ) -o $@ $(TEXT_LIBS)
