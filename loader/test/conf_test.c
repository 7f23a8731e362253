// SPDX-License-Identifier: Apache-2.0
/* conf_test.c - config text in, structs and canonical text out; layers. */
#include "../conf.h"
#include "../../bpf/abi.h"
#include "unit.h"

/* The whole config as canonical text; NULL after an error. */
static char *read_all(const char *text, size_t len)
{
	static char all[1 << 20];
	struct conf c;
	char *part;

	conf_init(&c);
	if (conf_parse(&c, text, len, "eth0.conf")) {
		conf_free(&c);
		return NULL;
	}
	part = conf_interface_text(&c);
	strcpy(all, part);
	free(part);
	for (size_t i = 0; i < c.n_functions; i++) {
		part = function_conf_text(&c.functions[i]);
		strcat(all, part);
		free(part);
	}
	conf_free(&c);
	return all;
}

/* TEXT reads as CANONICAL, which reads as itself. */
static void expect_text(const char *text, const char *canonical)
{
	char *got = read_all(text, strlen(text));

	assert_string_equal(fail_text(), "");
	assert_string_equal(got, canonical);
	assert_string_equal(read_all(canonical, strlen(canonical)), canonical);
}

static void expect_error(const char *text, const char *error)
{
	assert_null(read_all(text, strlen(text)));
	expect_failure(error);
}

#define F  "[function f]\n"
#define IF "[interface]\n"

static void test_canonical(void **state)
{
	(void)state;
	expect_text("", IF);
	expect_text("; nothing\n# here\n\n  \n", IF);
	expect_text("\xef\xbb\xbf[interface]\r\nmode = native ; said\r\n", IF "mode = native\n");
	expect_text("[ interface ] ; first\nmode=generic\nrun-prio:7\nrequire = frags,native\nsample = 0",
		    IF "mode = generic\nrun-prio = 7\nrequire = native, frags\nsample = 0\n");
	expect_text(IF "mode = auto\nrun-prio = 50\nsample = 256", IF);
	expect_text(IF "sample = 65536", IF "sample = 65536\n");
	expect_text(F, IF F "object = f\n");
	expect_text("[function   a.b-c_9 ]\n\tobject = ./x y.o\n\ton = udp/53",
		    IF "[function a.b-c_9]\nobject = ./x y.o\non = udp/53\n");
	expect_text(F "on = udp/53, arp\non=tcp/1 to ::1,any\n",
		    IF F "object = f\non = any, arp, tcp/1 to ::1, udp/53\n");
	expect_text(F "prio = 0\nscope = any\non-limit = drop\non-fuse = drop\ncomponent = 0",
		    IF F "object = f\nprio = 0\nscope = any\non-limit = drop\non-fuse = drop\ncomponent = 0\n");
	expect_text(F "prio=50\nscope=local\ncontinue=pass\nlimit=none\nbudget=none\ncomponent=none\non-limit=pass\non-"
		      "fuse=pass",
		    IF F "object = f\n");
	expect_text(F "set.b = x = y; z # :\nset.a = 0x10\ndata.m.n = /tmp/a b",
		    IF F "object = f\nset.a = 0x10\nset.b = x = y; z # :\ndata.m.n = /tmp/a b\n");
}

static void test_values(void **state)
{
	static const struct {
		const char *in, *out;
	} values[] = {
		{"limit = 200k/s burst 20k", "limit = 200000/s\n"},
		{"limit = 2M/s", "limit = 2000000/s\n"},
		{"limit = 7/s", "limit = 7/s\n"},
		{"limit = 7/s burst 1", "limit = 7/s\n"},
		{"limit = 7/s burst 25200", "limit = 7/s burst 25200\n"},
		{"limit = 1000000000/s  burst  1000M", "limit = 1000000000/s burst 1000000000\n"},
		{"budget = 2000ns", "budget = 2us\n"},
		{"budget = 1500ns", "budget = 1500ns\n"},
		{"budget = 1000ms", "budget = 1s\n"},
		{"budget = 1ms", "budget = 1ms\n"},
		{"continue = none", "continue = none\n"},
		{"continue = redirect tx,aborted , drop pass", "continue = pass, drop, aborted, tx, redirect\n"},
		{"continue = drop", "continue = drop\n"},
	};
	char in[128], out[128];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		snprintf(in, sizeof(in), F "%s", values[i].in);
		snprintf(out, sizeof(out), IF F "object = f\n%s", values[i].out);
		expect_text(in, out);
	}
}

static void test_continue_bits(void **state)
{
	struct function_conf f;

	(void)state;
	function_conf_init(&f);
	assert_int_equal(f.continue_xdp, 1 << 2);
	assert_int_equal(f.continue_tc, 1 << 0 | 1 << 1 | 1 << 4);
	assert_int_equal(function_conf_set(&f, LAYER_ARGS, "continue", "pass, drop, redirect", "--continue"), 0);
	assert_int_equal(f.continue_xdp, 1 << 2 | 1 << 1 | 1 << 4);
	assert_int_equal(f.continue_tc, 1 << 0 | 1 << 1 | 1 << 4 | 1 << 3 | 1 << 8);
	assert_int_equal(function_conf_set(&f, LAYER_ARGS, "continue", "tx, aborted", "--continue"), 0);
	assert_int_equal(f.continue_xdp, 1 << 3 | 1 << 0);
	assert_int_equal(f.continue_tc, 0);
	function_conf_free(&f);
}

/* libinih's own limits are 200 characters a line and 50 a section or key. */
static void test_long(void **state)
{
	static char text[1 << 19], again[1 << 19], name[64];
	size_t len;
	struct conf c;
	char *out;

	(void)state;
	memset(name, 'n', 63);
	len = sprintf(text, "[function %s]\nobject = /", name);
	memset(text + len, 'p', 4000);
	len += 4000;
	len += sprintf(text + len, "\nset.");
	memset(text + len, 'k', 127);
	len += 127;
	len += sprintf(text + len, " = 1\non = udp/1");
	for (int i = 2; i <= 4096; i++)
		len += sprintf(text + len, ", udp/%d", i);
	conf_init(&c);
	assert_int_equal(conf_parse(&c, text, len, "eth0.conf"), 0);
	assert_string_equal(c.functions[0].name, name);
	assert_int_equal(strlen(c.functions[0].object), 4001);
	assert_int_equal(strlen(c.functions[0].set[0].key), 127);
	assert_int_equal(c.functions[0].n_on, 4096);
	out = function_conf_text(&c.functions[0]);
	strcpy(again, out);
	free(out);
	conf_free(&c);
	assert_int_equal(conf_parse(&c, again, strlen(again), "eth0.conf"), 0);
	out = function_conf_text(&c.functions[0]);
	assert_string_equal(out, again);
	free(out);
	conf_free(&c);
	strcpy(text + len, ", tcp/1");
	conf_init(&c);
	assert_int_equal(conf_parse(&c, text, strlen(text), "eth0.conf"), -22);
	assert_non_null(strstr(fail_text(), "more than 4096 triggers"));
	fail_clear();
	conf_free(&c);
	sprintf(text, "[function %sn]\n", name);
	conf_init(&c);
	assert_int_equal(conf_parse(&c, text, strlen(text), "eth0.conf"), -22);
	assert_non_null(strstr(fail_text(), "bad function name"));
	fail_clear();
	conf_free(&c);
}

static void expect_function(const struct function_conf *f, const char *want)
{
	char *text = function_conf_text(f);

	assert_string_equal(text, want);
	free(text);
}

static void test_layers(void **state)
{
	static const char manifest[] =
		"description = Answers DNS\non = udp/53\non = tcp/53\nprio = 7\nlimit = 10/s\nset.ttl = 5\n"
		"set.z = 1\n";
	static const char file[] =
		"[interface]\nmode = native\n[function other]\non = arp\n[function dns]\nobject = dns\n"
		"on = udp/5353\nlimit = none\nset.ttl = 6\nset.a = 2\n";
	struct function_conf f, base, copy;
	char *text;

	(void)state;
	function_conf_init(&f);
	f.name = strdup("dns");
	assert_int_equal(function_conf_manifest(&f, manifest, strlen(manifest), "dns.bpf.o"), 0);
	assert_string_equal(f.description, "Answers DNS");
	expect_function(&f, "[function dns]\non = tcp/53, udp/53\nprio = 7\nlimit = 10/s\nset.ttl = 5\nset.z = 1\n");
	assert_int_equal(function_conf_copy(&base, &f), 0);
	assert_int_equal(function_conf_section(&f, "dns", file, strlen(file), "eth0.conf"), 0);
	expect_function(&f,
			"[function dns]\nobject = dns\non = udp/5353\nprio = 7\nset.a = 2\nset.ttl = 6\nset.z = 1\n");
	assert_int_equal(function_conf_set(&f, LAYER_ARGS, "on", "udp/1, udp/2, udp/4", "--on"), 0);
	assert_int_equal(function_conf_set(&f, LAYER_ARGS, "on", "udp/3", "--on"), 0);
	assert_int_equal(function_conf_set(&f, LAYER_ARGS, "set.z", "9", "--set"), 0);
	expect_function(
		&f, "[function dns]\nobject = dns\non = udp/1, udp/2, udp/3, udp/4\nprio = 7\nset.a = 2\nset.ttl = 6\n"
		    "set.z = 9\n");
	/* What a config file has to say over this manifest to give the same. */
	text = function_conf_text_over(&f, &base);
	assert_string_equal(text,
			    "[function dns]\nobject = dns\non = udp/1, udp/2, udp/3, udp/4\nlimit = none\nset.a = 2\n"
			    "set.ttl = 6\nset.z = 9\n");
	assert_int_equal(function_conf_section(&base, "dns", text, strlen(text), "saved"), 0);
	free(text);
	text = function_conf_text(&f);
	expect_function(&base, text);
	free(text);
	/* A copy's list grows like the original's. */
	assert_int_equal(function_conf_copy(&copy, &f), 0);
	for (int i = 10; i < 30; i++) {
		char on[16];

		sprintf(on, "udp/%d", i);
		assert_int_equal(function_conf_set(&copy, LAYER_ARGS, "on", on, "--on"), 0);
	}
	assert_int_equal(copy.n_on, 24);
	assert_int_equal(f.n_on, 4);
	function_conf_free(&copy);
	function_conf_free(&base);
	assert_int_equal(function_conf_section(&f, "nope", file, strlen(file), "eth0.conf"), -22);
	expect_failure("eth0.conf: there is no section [function nope]");
	function_conf_free(&f);
}

static void test_other_callers(void **state)
{
	struct function_conf f;

	(void)state;
	function_conf_init(&f);
	assert_int_equal(function_conf_manifest(&f, "[function a]\n", 13, "a.bpf.o"), -22);
	expect_failure("a.bpf.o:1: a manifest has no sections: remove [function a], only keys go here");
	assert_int_equal(function_conf_manifest(&f, "object = x\n", 11, "a.bpf.o"), -22);
	expect_failure("a.bpf.o:1: key 'object' in the manifest: a manifest cannot say this, the config file does");
	assert_int_equal(function_conf_manifest(&f, "on = arp\nprioo = 4", 18, "a.bpf.o"), -22);
	expect_failure("a.bpf.o:2: unknown key 'prioo' in the manifest: did you mean 'prio'?");
	assert_int_equal(function_conf_set(&f, LAYER_ARGS, "set.a", "x ; y", "--set"), -22);
	expect_failure("--set: bad value 'x ; y' for 'set.a': a ';' at the start or after a blank begins a comment");
	assert_int_equal(function_conf_set(&f, LAYER_ARGS, "set.a", "x\ny", "--set"), -22);
	expect_failure("--set: bad value 'x y' for 'set.a': it holds a control character");
	assert_int_equal(function_conf_set(&f, LAYER_ARGS, "set.a", " x", "--set"), -22);
	expect_failure("--set: bad value ' x' for 'set.a': it begins or ends with a blank");
	function_conf_free(&f);
}

static void test_check(void **state)
{
	struct function_conf f;

	(void)state;
	function_conf_init(&f);
	f.name = strdup("dns");
	assert_int_equal(function_conf_check(&f, "eth0.conf"), -22);
	expect_failure("eth0.conf: function 'dns' has no trigger: say which packets invoke it, as in 'on = udp/53'");
	f.component = 20;
	assert_int_equal(function_conf_check(&f, "eth0.conf"), 0);
	f.budget_ns = 5;
	assert_int_equal(function_conf_check(&f, "eth0.conf"), -22);
	expect_failure("eth0.conf: function 'dns' is a component of its own, which the gate does not see: it cannot "
		       "have a budget; "
		       "leave it out, or leave 'component' out");
	function_conf_free(&f);
	function_conf_free(NULL);
	conf_free(NULL);
}

static void test_words(void **state)
{
	unsigned long long n;
	unsigned bits = 0;
	enum mode m;
	char text[64];

	(void)state;
	assert_int_equal(mode_parse("offload", &m), 0);
	assert_string_equal(mode_name(m), "offload");
	assert_int_equal(mode_parse("Native", &m), -22);
	assert_int_equal(require_parse("multiprog, native", &bits), 0);
	require_print(bits, text, sizeof(text));
	assert_string_equal(text, "native, multiprog");
	assert_int_equal(require_parse("", &bits), -22);
	assert_int_equal(parse_u64("18446744073709551615", 0, ~0ull, &n), 0);
	assert_int_equal(parse_u64("18446744073709551616", 0, ~0ull, &n), -22);
	assert_int_equal(parse_u64(" 1", 0, 9, &n), -22);
	assert_int_equal(parse_u64("1 ", 0, 9, &n), -22);
	assert_int_equal(parse_u64("", 0, 9, &n), -22);
	assert_int_equal(parse_u64("-1", 0, ~0ull, &n), -22);
	assert_int_equal(parse_u64("3", 4, 9, &n), -22);
}

/* What a record says and no file may: the digests of data files. */
static void test_record(void **state)
{
	static const char record[] = F "object = f\ndata.a = /x\ndata.b = /y\ndata-digest.b = 0123\n";
	struct function_conf f, copy;
	char *text;

	(void)state;
	assert_int_equal(conf_parse_record(&f, record), 0);
	assert_null(f.data[0].digest);
	assert_string_equal(f.data[1].digest, "0123");
	assert_int_equal(function_conf_copy(&copy, &f), 0);
	text = function_conf_record(&copy);
	assert_string_equal(text, record);
	free(text);
	text = function_conf_text(&copy);
	assert_string_equal(text, F "object = f\ndata.a = /x\ndata.b = /y\n");
	free(text);
	assert_int_equal(function_conf_set(&copy, LAYER_ARGS, "data.b", "/z", "--data"), 0);
	assert_null(copy.data[1].digest);
	function_conf_free(&copy);
	function_conf_free(&f);
	expect_error(F "data.a = /x\ndata-digest.a = 0123",
		     "eth0.conf:3: unknown key 'data-digest.a' in [function f]: the keys are object, on, prio, scope, "
		     "continue, limit, budget, ...");
}

static void test_paths(void **state)
{
	struct function_conf f;

	(void)state;
	function_conf_init(&f);
	assert_int_equal(function_conf_set(&f, LAYER_ARGS, "data.a", "x/y", "--data"), 0);
	assert_int_equal(function_conf_set(&f, LAYER_ARGS, "data.b", "/z", "--data"), 0);
	assert_int_equal(function_conf_paths(&f, "/etc/kfaas-net"), 0);
	assert_string_equal(f.data[0].value, "/etc/kfaas-net/x/y");
	assert_string_equal(f.data[1].value, "/z");
	function_conf_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical), cmocka_unit_test(test_values), cmocka_unit_test(test_continue_bits),
		cmocka_unit_test(test_long),	  cmocka_unit_test(test_layers), cmocka_unit_test(test_other_callers),
		cmocka_unit_test(test_check),	  cmocka_unit_test(test_words),	 cmocka_unit_test(test_record),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
