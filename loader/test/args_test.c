// SPDX-License-Identifier: Apache-2.0
/* args_test.c - command lines in, typed values and left-over words out. */
#include "../args.h"
#include "unit.h"

static const char *config;
static bool keep, json;
static unsigned long long prio;
static struct args_list on;

static const struct args_option common[] = {{"json", .flag = &json, .help = "as JSON"}, {0}};
static const struct args_option options[] = {
	{"config", 'c', .string = &config, .value = "FILE", .help = "a file"},
	{"keep-data", 'k', .flag = &keep, .help = "keep"},
	{"prio", .number = &prio, .max = 65535, .value = "N"},
	{"on", .list = &on, .value = "TRIGGER"},
	{0},
};
static const struct args_spec spec = {
	.command = "deploy", .words = "IFACE FUNCTION", .min = 1, .max = 2, .options = options, .common = common};

/* LINE is split at blanks; the words left over come back joined by them. */
static int parse(const char *line, char *rest)
{
	static char copy[512];
	char *argv[32], *save = NULL;
	int argc = 0, rc;

	args_list_free(&on);
	config = NULL;
	keep = json = false;
	prio = 50;
	strcpy(copy, line);
	for (char *p = strtok_r(copy, " ", &save); p; p = strtok_r(NULL, " ", &save))
		argv[argc++] = p;
	rc = args_parse(&spec, &argc, argv);
	*rest = '\0';
	for (int i = 0; !rc && i < argc; i++)
		strcat(strcat(rest, i ? " " : ""), argv[i]);
	return rc;
}

static void test_good(void **state)
{
	char rest[512];

	(void)state;
	assert_int_equal(parse("eth0 dns", rest), 0);
	assert_string_equal(rest, "eth0 dns");
	assert_int_equal(prio, 50);
	assert_int_equal(parse("--json -c a.conf eth0 --on=udp/53 -k dns --prio 7 --on tcp/53", rest), 0);
	assert_string_equal(rest, "eth0 dns");
	assert_string_equal(config, "a.conf");
	assert_true(json && keep);
	assert_int_equal(prio, 7);
	assert_int_equal(on.n, 2);
	assert_string_equal(on.item[0], "udp/53");
	assert_string_equal(on.item[1], "tcp/53");
	assert_int_equal(parse("eth0 -5 --prio 7", rest), 0);
	assert_string_equal(rest, "eth0 -5");
	assert_int_equal(parse("-ca=b -- --json -k", rest), 0);
	assert_string_equal(rest, "--json -k");
	assert_string_equal(config, "a=b");
	assert_false(json || keep);
	assert_int_equal(parse("- --config -", rest), 0);
	assert_string_equal(rest, "-");
	assert_string_equal(config, "-");
	assert_int_equal(parse("eth0 --config -5", rest), 0);
	assert_string_equal(config, "-5");
	args_list_free(&on);
}

static void test_bad(void **state)
{
	static const struct {
		const char *line, *error;
	} bad[] = {
		{"", "deploy: something is missing: kfaas-net deploy IFACE FUNCTION"},
		{"a b c", "deploy: 'c' is too much: kfaas-net deploy IFACE FUNCTION"},
		{"a --priio 5", "deploy: unknown option '--priio': did you mean '--prio'?"},
		{"a --jsn", "deploy: unknown option '--jsn': did you mean '--json'?"},
		{"a --zzzzz=4", "deploy: unknown option '--zzzzz': see `kfaas-net deploy --help`"},
		{"a -x", "deploy: unknown option '-x': see `kfaas-net deploy --help`"},
		{"a -kq", "deploy: unknown option '-kq': see `kfaas-net deploy --help`"},
		{"a --prio 70000", "deploy: bad value '70000' for --prio: a whole number from 0 to 65535"},
		{"a --prio 7x", "deploy: bad value '7x' for --prio: a whole number from 0 to 65535"},
		{"a --prio=-1", "deploy: bad value '-1' for --prio: a whole number from 0 to 65535"},
		{"a --prio 1 --prio 2", "deploy: --prio is there twice: leave one out"},
		{"a --json=yes", "deploy: --json takes no value"},
		{"a --config", "deploy: --config needs a value: --config FILE"},
		{"a --config=", "deploy: --config needs a value: --config FILE"},
		{"a --config --json", "deploy: --config needs a value: --config FILE"},
		{"a -c --", "deploy: --config needs a value: --config FILE"},
	};
	char rest[512];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i].line, rest), -22);
		expect_failure(bad[i].error);
	}
	args_list_free(&on);
}

static void test_help(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	args_help(&spec, out);
	fclose(out);
	assert_non_null(strstr(text, "usage: kfaas-net deploy [OPTION]... IFACE FUNCTION\n"));
	assert_non_null(strstr(text, "  -c, --config FILE            a file\n"));
	assert_non_null(strstr(text, "      --json                   as JSON\n"));
	free(text);
}

/* A program of its own, which puts its name before its errors itself. */
static void test_program(void **state)
{
	static const struct args_spec own = {.program = "kfaas-x", .words = "IFACE", .min = 1, .max = 1};
	char *text = NULL, *unknown[] = {"--none", NULL};
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int argc = 0;

	(void)state;
	args_help(&own, out);
	fclose(out);
	assert_non_null(strstr(text, "usage: kfaas-x IFACE\n"));
	free(text);
	assert_true(args_parse(&own, &argc, unknown) < 0);
	expect_failure("something is missing: kfaas-x IFACE");
	argc = 1;
	assert_true(args_parse(&own, &argc, unknown) < 0);
	expect_failure("unknown option '--none': see `kfaas-x --help`");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
