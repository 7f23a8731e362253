// SPDX-License-Identifier: Apache-2.0
/* tx_plan_test.c - changes into ids: what comes has a place beside what goes, or there is an error. */
#include <errno.h>

#include "../runtime_internal.h"
#include "unit.h"

__u32 state_new_record(struct state *s)
{
	(void)s;
	return 4711;
}

int state_record_read(const struct state *s, __u32 record, void *head, size_t head_len, char **text)
{
	(void)s, (void)record, (void)head, (void)head_len, (void)text;
	return -ENOENT;
}

static char names[3 * KF_FUNCTIONS][24];
static struct deployed deployed[KF_FUNCTIONS];
static struct change changes[2 * KF_FUNCTIONS];

/* N functions run; GO of them are removed and COME others deployed. */
static int plan(size_t n, size_t go, size_t come, size_t *used)
{
	struct state s = {.ifname = "eth0"};
	struct world w = {.up = true, .fn = deployed, .n = n};
	struct tx t = {.s = &s, .world = &w, .changes = changes, .n_changes = go + come};
	int rc;

	for (size_t i = 0; i < n + come; i++)
		snprintf(names[i], sizeof(names[i]), "f%zu", i);
	for (size_t i = 0; i < n; i++)
		deployed[i] =
			(struct deployed){.id = i, .at = {.record = i + 1, .slot = i}, .conf = {.name = names[i]}};
	for (size_t i = 0; i < go; i++)
		changes[i] = (struct change){.kind = CHANGE_REMOVE, .conf = {.name = names[i]}};
	for (size_t i = 0; i < come; i++)
		changes[go + i] = (struct change){.kind = CHANGE_DEPLOY, .conf = {.name = names[n + i]}};
	rc = tx_plan(&t);
	*used = 0;
	for (size_t i = 0; i < KF_FUNCTIONS; i++)
		*used += t.to[i].used;
	tx_free(&t);
	return rc;
}

static void expect_no_place(const char *text)
{
	assert_string_equal(fail_text(), text);
	assert_false(fail_is_input());
	fail_clear();
}

static void what_comes_has_a_place_beside_what_goes(void **state)
{
	size_t used;

	(void)state;
	assert_int_equal(plan(512, 512, 512, &used), 0);
	assert_int_equal(used, 512);
	assert_int_equal(plan(1023, 0, 1, &used), 0);
	assert_int_equal(used, 1024);
}

static void no_place_is_told_as_it_is(void **state)
{
	size_t used;

	(void)state;
	assert_int_equal(plan(600, 600, 600, &used), -ENOSPC);
	expect_no_place("eth0 has 600 functions, of which 600 would go while 600 come: in one change that takes 1200 "
			"places, and there are 1024; do it in two, and take away first what goes");
	assert_int_equal(plan(1024, 0, 1, &used), -ENOSPC);
	expect_no_place("eth0 has 1024 functions, 1024 is all it can hold: remove one first");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_has_a_place_beside_what_goes),
		cmocka_unit_test(no_place_is_told_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
