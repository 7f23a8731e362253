// SPDX-License-Identifier: Apache-2.0
/* plan_test.c - what runs and what is wanted, as config text; the plan's lines out. */
#include "../plan.h"
#include "unit.h"

/* A config file as plan functions; DIGEST is that of every object. */
struct side {
	struct conf conf;
	struct plan_function f[1100];
	size_t n;
};
static struct side now, wanted;

static void side_read(struct side *s, const char *text, const char *digest)
{
	conf_init(&s->conf);
	assert_int_equal(conf_parse(&s->conf, text, strlen(text), "test"), 0);
	s->n = s->conf.n_functions;
	for (size_t i = 0; i < s->n; i++)
		s->f[i] = (struct plan_function){&s->conf.functions[i], digest, 0};
}

static void expect_lines(const struct plan *p, const char *want)
{
	char lines[2048] = "";

	for (size_t i = 0; i < p->n; i++) {
		char *text = plan_step_text(&p->step[i]);

		strcat(strcat(lines, text), "\n");
		free(text);
	}
	assert_string_equal(lines, want);
}

static void expect_plan(const char *a, const char *b, const char *digest_b, const char *want)
{
	struct plan p;

	side_read(&now, a, "aa");
	side_read(&wanted, b, digest_b);
	assert_int_equal(plan_make(&p, now.f, now.n, wanted.f, wanted.n), 0);
	expect_lines(&p, want);
	plan_free(&p);
	conf_free(&now.conf);
	conf_free(&wanted.conf);
}

static void test_steps(void **state)
{
	(void)state;
	expect_plan("", "[function dns]\non = udp/53, tcp/53 to 192.0.2.53", "aa",
		    "+ deploy dns (tcp/53 to 192.0.2.53, udp/53)\n");
	expect_plan("[function old]\non = icmp\n[function dns]\non = udp/53",
		    "[function new]\non = arp\n[function dns]\non=udp/53", "aa",
		    "- remove old\n+ deploy new (arp)\n= keep dns\n");
	expect_plan("[function dns]\non = udp/53\nlimit = 1000/s", "[function dns]\non = udp/53\nlimit = 2k/s burst 7",
		    "aa", "~ update dns: limit 1000/s -> 2000/s burst 7\n");
	expect_plan("[function dns]\non = udp/53\nprio = 1", "[function dns]\non = udp/54\nscope = any", "aa",
		    "~ update dns: on +udp/54, -udp/53; prio 1 -> 50; scope local -> any\n");
	expect_plan("[function dns]\non = udp/53", "[function dns]\non = udp/53", "bb",
		    "~ replace dns: other object\n");
	expect_plan("[function dns]\non = udp/53\nset.a = 1\nset.b = 2\nset.d = 4",
		    "[function dns]\non = udp/53\nset.a = 2\nset.c = 3\nset.d = 4", "aa",
		    "~ replace dns: set.a 1 -> 2; no set.b; set.c = 3\n");
	expect_plan("[function dns]\non = udp/53\ndata.m = f", "[function dns]\non = udp/53\ndata.m = g", "aa",
		    "~ update dns: data.m f -> g\n");
	expect_plan("[function dns]\non = udp/53", "[function dns]\non = udp/53\ncomponent = 9", "aa",
		    "~ replace dns: component none -> 9\n");
	expect_plan("", "[function dns]\ncomponent = 9", "aa", "+ deploy dns (component 9)\n");
	expect_plan("[function d]\non=udp/53", "[function d]\non=udp/53\nobject=x.o", "aa",
		    "~ update d: object d -> x.o\n");
	expect_plan("[function d]\non=udp/53,tcp/53", "[function d]\non=tcp/53\non=udp/53", "aa", "= keep d\n");
	expect_plan("", "[function d]\non=udp/1,udp/2,udp/3,udp/4,udp/5,udp/6", "aa",
		    "+ deploy d (udp/1, udp/2, udp/3, udp/4 and 2 more)\n");
	expect_plan("[function d]\non=udp/1-6", "[function d]\non=udp/1,udp/2,udp/3,udp/4,udp/5,udp/6", "aa",
		    "~ update d: on +udp/1, +udp/2, +udp/3, +udp/4, +2 more, -udp/1-6\n");
}

/* Data files count by what is in them. */
static void test_data(void **state)
{
	static const struct {
		const char *was, *will, *path, *line;
	} cases[] = {
		{"11", "11", "/x", "= keep f\n"},
		{"11", "22", "/x", "~ replace f: data.m: /x has changed\n"},
		{"11", "11", "/y", "~ update f: data.m /x -> /y\n"},
		{"11", "22", "/y", "~ replace f: data.m /x -> /y\n"},
		{NULL, "22", "/x", "~ replace f: data.m: /x has changed\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];
		struct plan p;

		side_read(&now, "[function f]\non = udp/1\ndata.m = /x", "aa");
		snprintf(text, sizeof(text), "[function f]\non = udp/1\ndata.m = %s", cases[i].path);
		side_read(&wanted, text, "aa");
		now.conf.functions[0].data[0].digest = cases[i].was ? strdup(cases[i].was) : NULL;
		wanted.conf.functions[0].data[0].digest = strdup(cases[i].will);
		assert_int_equal(plan_make(&p, now.f, now.n, wanted.f, wanted.n), 0);
		expect_lines(&p, cases[i].line);
		plan_free(&p);
		conf_free(&now.conf);
		conf_free(&wanted.conf);
	}
	expect_plan("[function f]\non = udp/1", "[function f]\non = udp/1\ndata.m = /x", "aa",
		    "~ replace f: data.m = /x\n");
	expect_plan("[function f]\non = udp/1\ndata.m = /x", "[function f]\non = udp/1", "aa",
		    "~ replace f: no data.m\n");
}

static void check_gives(const char *text, unsigned hooks, const char *error)
{
	side_read(&wanted, text, "aa");
	for (size_t i = 0; i < wanted.n; i++)
		wanted.f[i].hooks = hooks;
	if (error) {
		assert_int_equal(plan_check(wanted.f, wanted.n, "eth0.conf"), -22);
		expect_failure(error);
	} else {
		assert_int_equal(plan_check(wanted.f, wanted.n, "eth0.conf"), 0);
	}
	conf_free(&wanted.conf);
}

static void test_chain_length(void **state)
{
	char text[1024] = "";

	(void)state;
	for (int i = 0; i < 8; i++)
		sprintf(text + strlen(text), "[function f%d]\non = udp/53, udp/%d\n", i, 100 + i);
	check_gives(text, 1, NULL);
	strcat(text, "[function c]\non = udp/53\ncomponent = 3\n");
	check_gives(text, 0, NULL);
	strcat(text, "[function last]\non = udp/53");
	check_gives(text, 0,
		    "eth0.conf: 9 functions on trigger 'udp/53', 8 is the limit: f0, f1, f2, f3, f4, f5, f6, f7, last");
	side_read(&wanted, text, "aa");
	for (size_t i = 0; i < wanted.n; i++)
		wanted.f[i].hooks = i % 2 ? 1 : 2;
	assert_int_equal(plan_check(wanted.f, wanted.n, "eth0.conf"), 0);
	conf_free(&wanted.conf);
}

static void test_names_and_counts(void **state)
{
	static char text[1 << 18];
	size_t len = 0;

	(void)state;
	side_read(&wanted, "[function a]\non=udp/1\n[function b]\non=udp/2", "aa");
	wanted.f[2] = wanted.f[0];
	assert_int_equal(plan_check(wanted.f, 3, "eth0.conf"), -22);
	expect_failure("eth0.conf: two functions named 'a': rename one");
	conf_free(&wanted.conf);
	for (int i = 0; i < 1025; i++)
		len += sprintf(text + len, "[function f%d]\non = udp/%d\n", i, i + 1);
	check_gives(text, 0, "eth0.conf: 1025 functions, an interface takes 1024");
	len = sprintf(text, "[function a]\non = tcp/5000\n[function b]\n");
	for (int i = 0; i < 4096; i++)
		len += sprintf(text + len, "on = udp/%d\n", i + 1);
	check_gives(text, 0, "eth0.conf: 4097 triggers, an interface takes 4096: use port ranges or fewer addresses");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_chain_length),
		cmocka_unit_test(test_names_and_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
