// SPDX-License-Identifier: Apache-2.0
/* gate_test.c - the packet tables of the gates: XDP, TC in and out; and of what kfaas.h has and no function tests.
 * Loads the objects next to it, attaches nothing but in a network namespace of its own. `--bench` prints what a packet
 * costs instead. */
#include <string.h>

#include "test/rig.h"

static const struct {
	const char *name;
	void (*test)(void);
} subjects[] = {
	{"match", test_match},	   {"parse", test_parse},   {"chain", test_chain}, {"slots", test_slots},
	{"account", test_account}, {"brakes", test_brakes}, {"scope", test_scope}, {"cache", test_cache},
	{"race", test_race},	   {"mutate", test_mutate}, {"live", test_live},   {"resize", test_resize},
};

/* Words name the subjects to test; none: all of them. */
static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc == 1;
}

int main(int argc, char **argv)
{
	bool bench = test_wants_bench(argc, argv);
	int rc;

	rig_open(!bench);
	if (bench)
		test_price();
	for (size_t i = 0; !bench && i < ARRAY_LEN(subjects); i++)
		if (wanted(subjects[i].name, argc, argv))
			subjects[i].test();
	rc = bench ? 0 : test_end();
	rig_close();
	return rc;
}
