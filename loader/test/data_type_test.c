// SPDX-License-Identifier: Apache-2.0
/* data_type_test.c - types in BTF, and the columns that a row of them has: "PATH FORM OFFSET+SIZE", one a line. */
#include <bpf/btf.h>
#include <linux/bpf.h>

#include "../data_type.h"
#include "unit.h"

static struct btf *btf;
static int u8, u16, u32, s64, boolean, chr;

static int setup(void **state)
{
	(void)state;
	btf = btf__new_empty();
	u8 = btf__add_int(btf, "unsigned char", 1, 0);
	u16 = btf__add_int(btf, "unsigned short", 2, 0);
	u32 = btf__add_int(btf, "unsigned int", 4, 0);
	s64 = btf__add_int(btf, "long long", 8, BTF_INT_SIGNED);
	boolean = btf__add_int(btf, "_Bool", 1, BTF_INT_BOOL);
	chr = btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	btf__free(btf);
	return 0;
}

static int array(int type, int n)
{
	return btf__add_array(btf, u32, type, n);
}

/* TYPE with a form, as KFAAS_FORM on a typedef gives it. */
static int formed(const char *name, int type, const char *form)
{
	int id = btf__add_typedef(btf, name, type);

	btf__add_decl_tag(btf, form, id, -1);
	return id;
}

static void columns(const struct data_type *t, char *out)
{
	static const char *const forms[FORMS] = {
		[FORM_INT] = "int",	  [FORM_BOOL] = "bool", [FORM_ENUM] = "enum", [FORM_BE] = "be",
		[FORM_IP4] = "ip4",	  [FORM_IP6] = "ip6",	[FORM_IP] = "ip",     [FORM_MAC] = "mac",
		[FORM_PREFIX] = "prefix", [FORM_TEXT] = "text", [FORM_NAME] = "name", [FORM_HEX] = "hex",
		[FORM_BYTES] = "bytes",	  [FORM_RAW] = "raw",
	};

	*out = 0;
	for (__u32 i = 0; i < t->n; i++) {
		const struct data_column *c = &t->column[i];

		out += sprintf(out, "%s %s%s %u+%u", c->path, c->is_signed ? "signed " : "", forms[c->form], c->offset,
			       c->size);
		if (c->list)
			out += sprintf(out, " x%u", c->count);
		if (c->bits)
			out += sprintf(out, " bits %u+%u", c->shift, c->bits);
		out += sprintf(out, "\n");
	}
}

static struct data_layout layout(int value, __u32 size)
{
	return (struct data_layout){.btf = btf, .key_id = u32, .value_id = value, .key_size = 4, .value_size = size};
}

static void expect(int value, __u32 size, const char *want)
{
	struct data_layout l = layout(value, size);
	struct data_type t;
	char text[4096];

	if (data_type_make(&t, &l, "map m"))
		fail_msg("%s", fail_text());
	columns(&t, text);
	assert_memory_equal(text, "key int 0+4\n", 12);
	assert_string_equal(text + 12, want);
	data_type_free(&t);
}

static void expect_wrong(int value, __u32 size, const char *want)
{
	struct data_layout l = layout(value, size);
	struct data_type t;

	assert_int_equal(data_type_make(&t, &l, "map m"), -22);
	expect_failure(want);
}

static void test_scalars(void **state)
{
	int id;

	(void)state;
	expect(u16, 2, "value int 0+2\n");
	expect(s64, 8, "value signed int 0+8\n");
	expect(boolean, 1, "value bool 0+1\n");
	expect(btf__add_const(btf, btf__add_volatile(btf, u8)), 1, "value int 0+1\n");
	expect(btf__add_typedef(btf, "__be32", u32), 4, "value be 0+4\n");
	id = btf__add_enum(btf, "colour", 4);
	btf__add_enum_value(btf, "RED", 0);
	expect(id, 4, "value enum 0+4\n");
	expect(btf__add_ptr(btf, u32), 8, "value raw 0+8\n");
	expect(btf__add_float(btf, "double", 8), 8, "value raw 0+8\n");
	expect(0, 5, "value raw 0+5\n");
}

static void test_forms(void **state)
{
	int sixteen = array(u8, 16), in6 = btf__add_struct(btf, "in6_addr", 16), net, struct_id;

	(void)state;
	btf__add_field(btf, "bytes", sixteen, 0, 0);
	expect(in6, 16, "value ip6 0+16\n");
	expect(formed("a", in6, "kfaas:ip"), 16, "value ip 0+16\n");
	expect(btf__add_typedef(btf, "b", formed("c", u32, "kfaas:ip4")), 4, "value ip4 0+4\n");
	expect(formed("outer", formed("inner", u32, "kfaas:ip4"), "kfaas:be"), 4, "value be 0+4\n");
	expect(array(formed("d", u32, "kfaas:ip4"), 3), 12, "value ip4 0+4 x3\n");
	expect(formed("e", array(u32, 3), "kfaas:ip4"), 12, "value ip4 0+4 x3\n");
	expect(formed("f", array(u8, 6), "kfaas:mac"), 6, "value mac 0+6\n");
	expect(array(formed("g", array(u8, 6), "kfaas:mac"), 2), 12, "value mac 0+6 x2\n");
	expect(formed("h", array(array(u8, 4), 2), "kfaas:hex"), 8, "value hex 0+4 x2\n");
	expect(formed("i", array(u8, 64), "kfaas:name"), 64, "value name 0+64\n");
	expect(formed("j", u16, "kfaas:port"), 2, "value be 0+2\n");
	expect(formed("k", u32, "other:thing"), 4, "value int 0+4\n");

	net = btf__add_struct(btf, "", 20);
	btf__add_field(btf, "prefixlen", u32, 0, 0);
	btf__add_field(btf, "addr", in6, 32, 0);
	expect(formed("prefix", net, "kfaas:prefix"), 20, "value prefix 0+20\n");

	struct_id = btf__add_struct(btf, "s", 8);
	btf__add_field(btf, "plain", u32, 0, 0);
	btf__add_field(btf, "dotted", u32, 32, 0);
	btf__add_decl_tag(btf, "kfaas:ip4", struct_id, 1);
	expect(struct_id, 8, "value.plain int 0+4\nvalue.dotted ip4 4+4\n");
}

static void test_bytes_behind_their_length(void **state)
{
	int ten = array(u8, 10), alone = btf__add_struct(btf, "body", 12), among, apart;

	(void)state;
	btf__add_field(btf, "len", u16, 0, 0);
	btf__add_field(btf, "bytes", ten, 16, 0);
	btf__add_decl_tag(btf, "kfaas:bytes", alone, 1);
	expect(alone, 12, "value bytes 0+12\n");
	expect(array(alone, 2), 24, "value bytes 0+12 x2\n");

	among = btf__add_struct(btf, "s", 16);
	btf__add_field(btf, "ttl", u32, 0, 0);
	btf__add_field(btf, "len", u16, 32, 0);
	btf__add_field(btf, "bytes", ten, 48, 0);
	btf__add_decl_tag(btf, "kfaas:bytes", among, 2);
	expect(among, 16, "value.ttl int 0+4\nvalue.bytes bytes 4+12\n");

	apart = btf__add_struct(btf, "s", 16);
	btf__add_field(btf, "len", u16, 0, 0);
	btf__add_field(btf, "bytes", ten, 32, 0);
	btf__add_decl_tag(btf, "kfaas:bytes", apart, 1);
	expect_wrong(apart, 16,
		     "map m: KFAAS_FORM(\"bytes\") on value.bytes[0]: it is for an array with its length (an "
		     "integer) right before it in the struct, this has 1 bytes");
}

static void test_structs(void **state)
{
	int four = array(u8, 4), grid = array(array(u8, 3), 2), words = array(array(chr, 4), 2), none = array(u32, 0);
	int pair = array(chr, 2), inner = btf__add_struct(btf, "inner", 4), two, s, u, lock;

	(void)state;
	btf__add_field(btf, "a", u16, 0, 0);
	btf__add_field(btf, "text", pair, 16, 0);

	two = array(inner, 2);
	u = btf__add_union(btf, "", 4);
	btf__add_field(btf, "first", u32, 0, 0);
	btf__add_field(btf, "second", four, 0, 0);

	lock = btf__add_struct(btf, "bpf_spin_lock", 4);
	btf__add_field(btf, "val", u32, 0, 0);

	s = btf__add_struct(btf, "s", 40);
	btf__add_field(btf, "lock", lock, 0, 0);
	btf__add_field(btf, "", u, 32, 0);
	btf__add_field(btf, "in", inner, 64, 0);
	btf__add_field(btf, "two", two, 96, 0);
	btf__add_field(btf, "grid", grid, 160, 0);
	btf__add_field(btf, "words", words, 208, 0);
	btf__add_field(btf, "low", u16, 272, 4);
	btf__add_field(btf, "", u16, 276, 2);
	btf__add_field(btf, "high", u16, 278, 10);
	btf__add_field(btf, "none", none, 320, 0);
	expect(s, 40,
	       "value.first int 4+4\n"
	       "value.in.a int 8+2\nvalue.in.text text 10+2\n"
	       "value.two[0].a int 12+2\nvalue.two[0].text text 14+2\n"
	       "value.two[1].a int 16+2\nvalue.two[1].text text 18+2\n"
	       "value.grid[0] int 20+1 x3\nvalue.grid[1] int 23+1 x3\n"
	       "value.words[0] text 26+4\nvalue.words[1] text 30+4\n"
	       "value.low int 34+1 bits 0+4\nvalue.high int 34+2 bits 6+10\n");
}

static void test_mistakes(void **state)
{
	int s = btf__add_struct(btf, "s", 4), big;

	(void)state;
	btf__add_field(btf, "far", u32, 8 * 100, 0);
	expect_wrong(s, 4, "map m: its type information (BTF) is damaged at value.far");
	expect_wrong(array(u32, 100), 8, "map m: its type information (BTF) is damaged at value");
	expect_wrong(
		formed("a", u32, "kfaas:ipv4"), 4,
		"map m: KFAAS_FORM(\"ipv4\") on value: the forms are ip4, ip6, ip, mac, be, port, name, hex, bytes, "
		"prefix");
	expect_wrong(formed("b", u32, "kfaas:mac"), 4,
		     "map m: KFAAS_FORM(\"mac\") on value: it is for 6 bytes, this has 4 bytes");
	expect_wrong(formed("c", u32, "kfaas:port"), 4,
		     "map m: KFAAS_FORM(\"port\") on value: it is for 2 bytes, this has 4 bytes");
	expect_wrong(formed("d", u8, "kfaas:be"), 1,
		     "map m: KFAAS_FORM(\"be\") on value: it is for 2, 4 or 8 bytes, this has 1 bytes");
	expect_wrong(
		formed("e", u32, "kfaas:prefix"), 4,
		"map m: KFAAS_FORM(\"prefix\") on value: it is for a struct of __u32 prefixlen and an address of 4 or "
		"16 bytes, this has 4 bytes");
	big = btf__add_struct(btf, "two", 2);
	btf__add_field(btf, "a", u8, 0, 0);
	btf__add_field(btf, "b", u8, 8, 0);
	expect_wrong(array(big, 257), 514,
		     "map m: value has 257 elements: more than 256 of structs or texts cannot be fields of a row");
	expect_wrong(array(array(array(big, 16), 16), 16), 8192, "map m: more than 4096 fields in a row");
}

static void test_rows_of_arrays_and_cpus(void **state)
{
	struct data_layout l = {.key_size = 4, .value_size = 5, .map_type = BPF_MAP_TYPE_PERCPU_ARRAY};
	struct data_type t;
	char text[256];

	(void)state;
	assert_int_equal(data_type_make(&t, &l, "map m"), 0);
	columns(&t, text);
	assert_string_equal(text, "key int 0+4\nvalue raw 0+5\n");
	assert_true(t.is_array && t.cpus > 0 && t.value_stride == 8 * t.cpus && t.n_key == 1);
	data_type_free(&t);
	l.map_type = BPF_MAP_TYPE_HASH;
	assert_int_equal(data_type_make(&t, &l, "map m"), 0);
	columns(&t, text);
	assert_string_equal(text, "key raw 0+4\nvalue raw 0+5\n");
	assert_true(!t.is_array && !t.cpus && t.value_stride == 5);
	data_type_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_scalars, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forms, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bytes_behind_their_length, setup, teardown),
		cmocka_unit_test_setup_teardown(test_structs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mistakes, setup, teardown),
		cmocka_unit_test(test_rows_of_arrays_and_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
