// SPDX-License-Identifier: Apache-2.0
/* data_rows_test.c - files of rows: what they say, what is wrong with them and where, and back to the same text. */
#include <bpf/btf.h>
#include <linux/bpf.h>

#include "../data_rows.h"
#include "unit.h"

/* key: an IPv4 address; value: { unsigned ttl; char text[4]; signed char n[2]; { bool on; } in; } and a gap. */
static struct btf *btf;
static struct data_layout layout;
static struct data_type type;

static int setup(void **state)
{
	int u32, s8, chr, boolean, text, list, in, value, ip4;

	(void)state;
	btf = btf__new_empty();
	u32 = btf__add_int(btf, "unsigned int", 4, 0);
	s8 = btf__add_int(btf, "signed char", 1, BTF_INT_SIGNED);
	chr = btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
	boolean = btf__add_int(btf, "_Bool", 1, BTF_INT_BOOL);
	text = btf__add_array(btf, u32, chr, 4);
	list = btf__add_array(btf, u32, s8, 2);
	in = btf__add_struct(btf, "in", 1);
	btf__add_field(btf, "on", boolean, 0, 0);
	value = btf__add_struct(btf, "value", 12);
	btf__add_field(btf, "ttl", u32, 0, 0);
	btf__add_field(btf, "text", text, 32, 0);
	btf__add_field(btf, "n", list, 64, 0);
	btf__add_field(btf, "in", in, 80, 0);
	ip4 = btf__add_typedef(btf, "ip4", u32);
	btf__add_decl_tag(btf, "kfaas:ip4", ip4, -1);
	layout = (struct data_layout){.btf = btf,
				      .key_id = ip4,
				      .value_id = value,
				      .key_size = 4,
				      .value_size = 12,
				      .map_type = BPF_MAP_TYPE_HASH};
	return data_type_make(&type, &layout, "map m");
}

static int setup_per_cpu(void **state)
{
	int rc = setup(state);

	data_type_free(&type);
	layout.map_type = BPF_MAP_TYPE_PERCPU_HASH;
	rc = rc ? rc : data_type_make(&type, &layout, "map m");
	type.cpus = 3; /* whatever this machine has */
	type.value_stride = 3 * 16;
	return rc;
}

/* key: a number; value: 40 numbers. */
static int setup_wide(void **state)
{
	int u32, value;
	char name[32];

	(void)state;
	btf = btf__new_empty();
	u32 = btf__add_int(btf, "unsigned int", 4, 0);
	value = btf__add_struct(btf, "value", 40 * 4);
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "column_%d", i);
		btf__add_field(btf, name, u32, i * 32, 0);
	}
	layout = (struct data_layout){.btf = btf,
				      .key_id = u32,
				      .value_id = value,
				      .key_size = 4,
				      .value_size = 40 * 4,
				      .map_type = BPF_MAP_TYPE_HASH};
	return data_type_make(&type, &layout, "map m");
}

static int teardown(void **state)
{
	(void)state;
	data_type_free(&type);
	btf__free(btf);
	return 0;
}

static int read_rows(struct data_rows *r, const char *text)
{
	size_t n = strlen(text);
	char *exact = malloc(n + !n); /* without a zero behind: the sanitizer sees what goes beyond */
	int rc;

	memcpy(exact, text, n);
	rc = data_rows_read(r, &type, exact, n, "f");
	free(exact);
	return rc;
}

static char *print_rows(const struct data_rows *r, bool json, bool per_cpu)
{
	struct data_printer p;
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_int_equal(data_printer_open(&p, &type, out, json, per_cpu), 0);
	data_print_head(&p);
	for (size_t i = 0; i < r->n; i++)
		data_print_row(&p, r->keys + i * type.key_size, r->values + i * type.value_stride);
	data_printer_close(&p);
	fclose(out);
	return text;
}

static void expect(const char *in, bool json, const char *want)
{
	struct data_rows r;
	char *out;

	if (read_rows(&r, in))
		fail_msg("%s", fail_text());
	out = print_rows(&r, json, false);
	assert_string_equal(out, want);
	free(out);
	data_rows_free(&r);
}

static void expect_wrong(const char *in, const char *want)
{
	struct data_rows r;

	assert_int_equal(read_rows(&r, in), -22);
	assert_null(r.keys);
	expect_failure(want);
}

#define HEAD "# key\tvalue.ttl\tvalue.text\tvalue.n\tvalue.in.on\n"

static void test_lines(void **state)
{
	(void)state;
	expect("", false, HEAD);
	expect("\n# a comment\n\n", false, HEAD);
	expect("1.2.3.4\t5\tab\t-1,2\ttrue\n", false, HEAD "1.2.3.4\t5\tab\t-1,2\ttrue\n");
	expect("1.2.3.4\t5\t\t-1,2\ttrue", false, HEAD "1.2.3.4\t5\t\t-1,2\ttrue\n");
	expect("1.2.3.4\t5\t#\t-1,2\t0\r\n\r\n", false, HEAD "1.2.3.4\t5\t\\x23\t-1,2\tfalse\n");
}

/* More columns than an error has room for. */
static void test_wrong_wide(void **state)
{
	(void)state;
	expect_wrong("1\n", "f:1:2: 1 field, a row has 41 with one tab between: key, value.column_0, value.column_1, "
			    "value.column_2, value.column_3, value.column_4, value.column_5, value.column_6, "
			    "value.column_7, value.column_8, value.column_9, value.column_10, value.column_11, "
			    "value.column_12, value.column_13, value.column_14, value.column_15, value.column_16, "
			    "value.column_17, value.column_18, value.column_19, value.column_20, value.column_21, "
			    "value.column_22, ...");
}

static void test_wrong_lines(void **state)
{
	(void)state;
	expect_wrong(
		"# c\n\n1.2.3.4\t5\tab\t-1,2\n",
		"f:3:18: 4 fields, a row has 5 with one tab between: key, value.ttl, value.text, value.n, value.in.on");
	expect_wrong(
		"1.2.3.4\t5\tab\t-1,2\ttrue\t\n",
		"f:1:23: 6 fields, a row has 5 with one tab between: key, value.ttl, value.text, value.n, value.in.on");
	expect_wrong("x\n", "f:1:2: 1 field, a row has 5 with one tab between: key, value.ttl, value.text, value.n, "
			    "value.in.on");
	expect_wrong("1.2.3.4\t5\tab\t-1,2\ttrue\n1.2.3.5\t-5\tab\t-1,2\ttrue\n",
		     "f:2:9: value.ttl: '-5' is not a whole number from 0 to 4294967295");
	expect_wrong("1.2.3.4\t5\tabcde\t-1,2\ttrue\n", "f:1:11: value.text: 'abcde' has 5 bytes, 4 fit");
	expect_wrong("1.2.3.4\t5\tab\t-1,200\ttrue\n",
		     "f:1:14: value.n: '-1,200' has '200' at place 2, which is not a whole "
		     "number from -128 to 127");
	expect_wrong("1.2.3\t5\tab\t1,2\ttrue\n", "f:1:1: key: '1.2.3' is not an IPv4 address, such as 192.0.2.1");
	expect_wrong("1.2.3.4\t5\tab\t1,2\ttrue\n1.2.3.5\t5\tab\t1,2\ttrue\n\n1.2.3.4\t6\tab\t1,2\ttrue\n",
		     "f:4:1: key '1.2.3.4' is there twice, first in line 1: leave one out");
}

#define ROW(key, value) "{\"key\":" key ",\"value\":" value "}\n"
#define V1		"{\"ttl\":5,\"text\":\"ab\",\"n\":[-1,2],\"in\":{\"on\":true}}"
#define V(ttl)		"{\"ttl\":" ttl ",\"text\":\"\",\"n\":[0,0],\"in\":{\"on\":false}}"

static void test_json(void **state)
{
	(void)state;
	expect(ROW("\"1.2.3.4\"", V1), true, ROW("\"1.2.3.4\"", V1));
	expect("{\"key\":\"1.2.3.4\",\"value\":" V1 "} \t", true, ROW("\"1.2.3.4\"", V1));
	expect("1.2.3.4\t5\tab\t-1,2\ttrue\n", true, ROW("\"1.2.3.4\"", V1));
	expect("\n#\n" ROW("\"1.2.3.4\"", V1) "1.2.3.5\t1\t\t0,0\tfalse\n", false,
	       HEAD "1.2.3.4\t5\tab\t-1,2\ttrue\n1.2.3.5\t1\t\t0,0\tfalse\n");
	expect("{ \"value\" : " V("\"7\"") ", \"key\" : \"1.2.3.4\" }", true, ROW("\"1.2.3.4\"", V("7")));
	expect(ROW("\"1.2.3.4\"", "{\"ttl\":1,\"text\":\"\\t\\\\n\",\"n\":[0,0],\"in\":{\"on\":0}}"), false,
	       HEAD "1.2.3.4\t1\t\\t\\n\t0,0\tfalse\n");
}

static void test_wrong_json(void **state)
{
	(void)state;
	expect_wrong("{", "f:1:2: not JSON: it ends too early");
	expect_wrong("{\"key\":x}", "f:1:8: not JSON: unexpected character");
	expect_wrong("{} x", "f:1:4: not JSON: unexpected character");
	expect_wrong("{\"key\":\"1.2.3.4\"}", "f:1:1: a row is {\"key\": ..., \"value\": ...}");
	expect_wrong("{\"key\":\"1.2.3.4\",\"value\":" V("1") ",\"more\":1}",
		     "f:1:1: a row has a \"key\" and a \"value\", and nothing else");
	expect_wrong("\n" ROW("1", V("1")), "f:2:1: key: this is written as text, in quotes");
	expect_wrong(ROW("null", V("1")), "f:1:1: key: a number, true, false or text goes here");
	expect_wrong(ROW("\"1.2.3.4\"", V("-1")), "f:1:1: value.ttl: '-1' is not a whole number from 0 to 4294967295");
	expect_wrong(ROW("\"1.2.3.4\"", V("1.5")), "f:1:1: value.ttl: a number, true, false or text goes here");
	expect_wrong(ROW("\"1.2.3.4\"", V("4294967296")),
		     "f:1:1: value.ttl: '4294967296' is not a whole number from 0 to 4294967295");
	expect_wrong(ROW("\"1.2.3.4\"", "{\"ttl\":1}"), "f:1:1: value: 'text' is missing");
	expect_wrong(ROW("\"1.2.3.4\"", "[]"), "f:1:1: value: an object goes here, with a member for each field");
	expect_wrong(ROW("\"1.2.3.4\"", "{\"ttl\":5,\"text\":\"ab\",\"n\":[-1,2],\"in\":{\"on\":true,\"off\":1}}"),
		     "f:1:1: value.in: there is no field 'off'");
	expect_wrong(ROW("\"1.2.3.4\"", "{\"ttl\":5,\"text\":\"ab\",\"n\":[-1],\"in\":{\"on\":true}}"),
		     "f:1:1: value.n: a list of 2 goes here");
}

/* Each by its own key, however many there are. */
static void test_many(void **state)
{
	size_t room = 64 * 5000, len = 0;
	char *text = malloc(room);
	struct data_rows r;

	(void)state;
	for (int i = 0; i < 5000; i++)
		len += sprintf(text + len, "0.0.%d.%d\t%d\t\t0,0\t0\n", i >> 8, i & 255, i);
	assert_int_equal(read_rows(&r, text), 0);
	assert_int_equal(r.n, 5000);
	for (int i = 0; i < 6000; i++) {
		char key[4] = {0, 0, i >> 8, i & 255};

		assert_int_equal(data_rows_find(&r, key), i < 5000 ? i : -1);
	}
	data_rows_free(&r);
	free(text);
}

static void test_per_cpu(void **state)
{
	static const char row[] = "1.2.3.4\t7\tab\t1,2\ttrue\n";
	static const char each[] =
		"{\"key\":\"1.2.3.4\",\"value\":" V("6") ",\"per_cpu\":[" V("1") "," V("2") "," V("3") "]}\n";
	struct data_rows r;
	char *out;

	(void)state;
	expect(row, false, HEAD "1.2.3.4\t7\tab\t1,2\ttrue\n");
	expect(each, true, each);
	expect(each, false, HEAD "1.2.3.4\t6\t\t0,0\tfalse\n");
	assert_int_equal(read_rows(&r, row), 0);
	out = print_rows(&r, false, true);
	assert_string_equal(out, "# key\tcpu\tvalue.ttl\tvalue.text\tvalue.n\tvalue.in.on\n"
				 "1.2.3.4\t0\t7\tab\t1,2\ttrue\n"
				 "1.2.3.4\t1\t0\tab\t0,0\ttrue\n"
				 "1.2.3.4\t2\t0\tab\t0,0\ttrue\n");
	free(out);
	data_rows_free(&r);
	expect_wrong("{\"key\":\"1.2.3.4\",\"value\":" V("6") ",\"per_cpu\":[" V("1") "]}",
		     "f:1:1: per_cpu: a list of 3 goes here, one for each CPU; without it, value is shared out");
}

static void test_words(void **state)
{
	char key[4], value[12] = {0}, *words[] = {"1.2.3.4", "1", "x", "1,1", "true"};

	(void)state;
	assert_int_equal(data_row_words(&type, 5, words, key, value), 0);
	assert_memory_equal(value, "\1\0\0\0x\0\0\0\1\1\1", 12);
	assert_int_equal(data_row_words(&type, 1, words, key, NULL), 0);
	assert_memory_equal(key, "\1\2\3\4", 4);
	assert_int_equal(data_row_words(&type, 2, words, key, NULL), -22);
	expect_failure("2 words behind the map's name, it takes 1: key");
	assert_int_equal(data_row_words(&type, 4, words, key, value), -22);
	expect_failure("4 words behind the map's name, it takes 5: key value.ttl value.text value.n value.in.on");
	words[1] = "x";
	assert_int_equal(data_row_words(&type, 5, words, key, value), -22);
	expect_failure("value.ttl: 'x' is not a whole number from 0 to 4294967295");
}

static void test_array_index(void **state)
{
	struct data_rows r;

	(void)state;
	type.is_array = true;
	assert_int_equal(read_rows(&r, "0.0.0.0\t1\t\t0,0\t0\n7.0.0.0\t1\t\t0,0\t0\n"), 0);
	assert_int_equal(data_rows_check_index(&r, 8, "f"), 0);
	assert_int_equal(data_rows_check_index(&r, 7, "f"), -22);
	expect_failure("f:2:1: key: '7' is not the number of a row of this array, 0 to 6");
	data_rows_free(&r);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_lines),
		TEST(test_wrong_lines),
		TEST(test_json),
		TEST(test_wrong_json),
		TEST(test_many),
		TEST(test_words),
		TEST(test_array_index),
		cmocka_unit_test_setup_teardown(test_per_cpu, setup_per_cpu, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_wide, setup_wide, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
