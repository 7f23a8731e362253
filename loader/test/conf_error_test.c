// SPDX-License-Identifier: Apache-2.0
/* conf_error_test.c - config text that is wrong: what is said, with file and line. */
#include "../conf.h"
#include "unit.h"

#define F  "[function f]\n"
#define IF "[interface]\n"

static void expect_error(const char *text, size_t len, const char *error)
{
	struct conf c;

	conf_init(&c);
	assert_int_not_equal(conf_parse(&c, text, len, "eth0.conf"), 0);
	expect_failure(error);
	conf_free(&c);
}

static const struct {
	const char *text, *error;
} errors[] = {
	{"[function dns]\n\nprioo = 1", "eth0.conf:3: unknown key 'prioo' in [function dns]: did you mean 'prio'?"},
	{F "mode = xyz", "eth0.conf:2: unknown key 'mode' in [function f]: the keys are object, on, prio, scope, "
			 "continue, limit, budget, ..."},
	{IF "mod = native", "eth0.conf:2: unknown key 'mod' in [interface]: did you mean 'mode'?"},
	{IF "prio = 5", "eth0.conf:2: unknown key 'prio' in [interface]: the keys are mode, run-prio, require, sample"},
	{F "description = x", "eth0.conf:2: key 'description' in [function f]: only the manifest in the object can say "
			      "this"},
	{"[functoin dns]", "eth0.conf:1: unknown section [functoin]: did you mean 'function'?"},
	{"[interface h1]", "eth0.conf:1: section [interface h1]: write [interface], a config is of one interface, "
			   "whose name is not in it"},
	{"[xyzzy]", "eth0.conf:1: unknown section [xyzzy]: the sections are [interface] and [function NAME]"},
	{"[function]", "eth0.conf:1: section [function] has no name: write [function NAME]"},
	{"[function -a]", "eth0.conf:1: bad function name '-a': letters, digits, '_', '.' and '-', at most 63 of them, "
			  "first a letter or digit"},
	{"[function a b]", "eth0.conf:1: bad function name 'a b': letters, digits, '_', '.' and '-', at most 63 of "
			   "them, first a letter or digit"},
	{F "on = arp\n" F, "eth0.conf:3: section [function f] is there twice: merge the two, or rename one"},
	{IF IF, "eth0.conf:2: section [interface] is there twice: merge the two"},
	{F "prio = 1\nprio = 1", "eth0.conf:3: key 'prio' is there twice in its section: leave one out"},
	{F "set.a = 1\nset.a = 2", "eth0.conf:3: key 'set.a' is there twice in its section: leave one out"},
	{F "on = udp/53\non = arp, udp/53", "eth0.conf:3: bad value 'arp, udp/53' for 'on' in [function "
					    "f]: trigger 'udp/53' is there twice: leave one out"},
	{F "on = udp/53,", "eth0.conf:2: bad value 'udp/53,' for 'on' in [function f]: there is nothing between two "
			   "commas, or at an end"},
	{F "on = upd/53", "eth0.conf:2: in [function f]: unknown trigger 'upd/53': did you mean 'udp'?"},
	{F "prio =", "eth0.conf:2: 'prio' in [function f] has no value: write one or leave the key out"},
	{F "prio = ; none", "eth0.conf:2: 'prio' in [function f] has no value: write one or leave the key out"},
	{F "prio", "eth0.conf:2: this line is not 'key = value', a [section] or a comment"},
	{F "prio = 65536", "eth0.conf:2: bad value '65536' for 'prio' in [function f]: a whole number from 0 to 65535"},
	{F "prio = 5x", "eth0.conf:2: bad value '5x' for 'prio' in [function f]: a whole number from 0 to 65535"},
	{F "scope = all", "eth0.conf:2: bad value 'all' for 'scope' in [function f]: write local or any"},
	{F "continue = ok",
	 "eth0.conf:2: bad value 'ok' for 'continue' in [function f]: 'ok' is not a verdict: write any "
	 "of pass, drop, aborted, tx, redirect, or 'none' alone"},
	{F "continue = tx, tx", "eth0.conf:2: bad value 'tx, tx' for 'continue' in [function f]: 'tx' is there twice"},
	{F "limit = 1/s burst 3601",
	 "eth0.conf:2: bad value '1/s burst 3601' for 'limit' in [function f]: a burst of 3601 "
	 "packets is more than an hour's worth of 1/s"},
	{IF "sample = 3",
	 "eth0.conf:2: bad value '3' for 'sample' in [interface]: 0 (never) or a power of two up to 65536"},
	{IF "require = multi", "eth0.conf:2: bad value 'multi' for 'require' in [interface]: write any of native, "
			       "multiprog, frags, with commas between them"},
	{F "set. = 1",
	 "eth0.conf:2: bad key 'set.' in [function f]: after the dot goes a name of letters, digits and '_'"},
	{F "set.a-b = 1",
	 "eth0.conf:2: bad key 'set.a-b' in [function f]: after the dot goes a name of letters, digits and '_'"},
	{"a = b", "eth0.conf:1: key 'a' stands before any section: put it under [interface] or [function NAME]"},
	{"[function f", "eth0.conf:1: the section's ']' is missing"},
	{"[function f] on = arp",
	 "eth0.conf:1: there is something after the section's ']': keys go on lines of their own"},
};

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		expect_error(errors[i].text, strlen(errors[i].text), errors[i].error);
	expect_error("[inter\0face]", 12, "eth0.conf: not a text: it holds a zero byte");
}

/* KEY = BAD gets the same ANSWER for each of a list that ends with NULL. */
static void expect_all_bad(const char *key, const char *const *bad, const char *answer)
{
	char text[64], error[256];

	for (; *bad; bad++) {
		snprintf(text, sizeof(text), F "%s = %s", key, *bad);
		snprintf(error, sizeof(error), "eth0.conf:2: bad value '%s' for '%s' in [function f]: %s", *bad, key,
			 answer);
		expect_error(text, strlen(text), error);
	}
}

static void test_limits(void **state)
{
	static const char *const forms[] = {"5", "5/s burst", "5/m", "5/s 7", NULL}, *const zero[] = {"0/s", NULL};
	static const char *const budgets[] = {"0ns", "2", "2sec", "2s", "1.5us", "99999999999999999999ns", NULL};

	(void)state;
	expect_all_bad("limit", forms, "write it as '200000/s', '200k/s burst 20000' or 'none'");
	expect_all_bad(
		"limit", zero,
		"the rate goes from 1/s to 1000000000/s (write it as '200000/s', '200k/s burst 20000' or 'none')");
	expect_all_bad("budget", budgets, "a time from 1ns to 1s, such as 500ns, 2us or 1ms, or 'none'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_errors), cmocka_unit_test(test_limits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
