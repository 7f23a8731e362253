// SPDX-License-Identifier: Apache-2.0
/* data_form_test.c - one field at a time: text in, bytes, text out; or what is wrong with it. */
#include "../data_form.h"
#include "unit.h"

#define COLUMN(f, s, ...)                                                                                              \
	{                                                                                                              \
		.form = f, .size = s, .count = 1, __VA_ARGS__                                                          \
	}

static struct data_word colours[] = {{"RED", 0}, {"GREEN", 5}, {"BLUE", 0xffffffff}};

static const struct data_column u8 = COLUMN(FORM_INT, 1), u64 = COLUMN(FORM_INT, 8),
				s8 = COLUMN(FORM_INT, 1, .is_signed = 1), s32 = COLUMN(FORM_INT, 4, .is_signed = 1),
				s64 = COLUMN(FORM_INT, 8, .is_signed = 1),
				high = COLUMN(FORM_INT, 2, .shift = 4, .bits = 12), flag = COLUMN(FORM_BOOL, 1),
				colour = COLUMN(FORM_ENUM, 4, .word = colours, .n_words = 3), be16 = COLUMN(FORM_BE, 2),
				be64 = COLUMN(FORM_BE, 8), ip4 = COLUMN(FORM_IP4, 4), ip6 = COLUMN(FORM_IP6, 16),
				ip = COLUMN(FORM_IP, 16), mac = COLUMN(FORM_MAC, 6),
				net4 = COLUMN(FORM_PREFIX, 8, .address = FORM_IP4),
				net6 = COLUMN(FORM_PREFIX, 20, .address = FORM_IP6),
				net = COLUMN(FORM_PREFIX, 20, .address = FORM_IP), text = COLUMN(FORM_TEXT, 8),
				name = COLUMN(FORM_NAME, 16), wide = COLUMN(FORM_NAME, 260), hex = COLUMN(FORM_HEX, 4),
				bytes = COLUMN(FORM_BYTES, 6, .head = 2), shorty = COLUMN(FORM_BYTES, 300, .head = 1),
				raw = COLUMN(FORM_RAW, 3),
				list = {.form = FORM_INT, .size = 2, .count = 3, .list = true};

static char *to_hex(const unsigned char *at, size_t n)
{
	static char hex_text[1024];

	for (size_t i = 0; i < n; i++)
		sprintf(hex_text + 2 * i, "%02x", at[i]);
	return hex_text;
}

static void expect_text(const struct data_column *c, const void *at, const char *want)
{
	char *out = malloc(data_form_room(c)); /* exactly: the sanitizer sees what goes beyond */
	size_t n = data_form_print(c, at, out);

	assert_int_equal(n, strlen(want));
	assert_memory_equal(out, want, n);
	free(out);
}

/* IN is read as BYTES (hex, zeros behind left out), which print as OUT, which is read as the same. */
static void expect(const struct data_column *c, const char *in, const char *want, const char *out)
{
	unsigned char at[512], again[512];
	char why[WHY_MAX], full[1024];
	size_t size = c->size * c->count;

	memset(at, c->bits ? 0 : 0xa5, sizeof(at));
	memset(again, c->bits ? 0 : 0x5a, sizeof(again));
	if (data_form_read(c, in, strlen(in), at, why))
		fail_msg("'%s' %s", in, why);
	snprintf(full, sizeof(full), "%s%0*d", want, (int)(2 * size - strlen(want)), 0);
	full[2 * size] = 0;
	assert_string_equal(to_hex(at, size), full);
	expect_text(c, at, out);
	assert_int_equal(data_form_read(c, out, strlen(out), again, why), 0);
	assert_memory_equal(at, again, size);
}

static void expect_wrong(const struct data_column *c, const char *in, const char *want)
{
	unsigned char at[512];
	char why[WHY_MAX];

	if (!data_form_read(c, in, strlen(in), at, why))
		fail_msg("'%s' is accepted", in);
	assert_string_equal(why, want);
}

/* BYTES that no text gives print as OUT all the same, and are read from that. */
static void expect_odd(const struct data_column *c, const void *odd, const char *out)
{
	unsigned char again[512];
	char why[WHY_MAX];

	expect_text(c, odd, out);
	assert_int_equal(data_form_read(c, out, strlen(out), again, why), 0);
	assert_memory_equal(odd, again, c->size);
}

static void test_numbers(void **state)
{
	(void)state;
	expect(&u8, "0", "00", "0");
	expect(&u8, "255", "ff", "255");
	expect(&u8, "0xFe", "fe", "254");
	expect(&u8, "007", "07", "7");
	expect(&u64, "18446744073709551615", "ffffffffffffffff", "18446744073709551615");
	expect(&s8, "-128", "80", "-128");
	expect(&s8, "127", "7f", "127");
	expect(&s32, "-1", "ffffffff", "-1");
	expect(&s64, "-9223372036854775808", "0000000000000080", "-9223372036854775808");
	expect(&s64, "9223372036854775807", "ffffffffffffff7f", "9223372036854775807");
	expect(&high, "4095", "f0ff", "4095");
	expect(&be16, "258", "0102", "258");
	expect(&be64, "72623859790382856", "0102030405060708", "72623859790382856");
	for (const char **bad = (const char *[]){"", "256", "-1", "1.0", " 1", "1 ", "0x", "0x100", "x", "+1", NULL};
	     *bad; bad++)
		expect_wrong(&u8, *bad, "is not a whole number from 0 to 255");
	expect_wrong(&u64, "18446744073709551616", "is not a whole number from 0 to 18446744073709551615");
	expect_wrong(&s8, "128", "is not a whole number from -128 to 127");
	expect_wrong(&s8, "-129", "is not a whole number from -128 to 127");
	expect_wrong(&s8, "-", "is not a whole number from -128 to 127");
	expect_wrong(&high, "4096", "is not a whole number from 0 to 4095");
	expect_wrong(&be16, "65536", "is not a whole number from 0 to 65535");
}

static void test_bit_field_leaves_its_neighbours(void **state)
{
	const struct data_column low = COLUMN(FORM_INT, 1, .bits = 4);
	unsigned char at[2] = {0};
	char why[WHY_MAX];

	(void)state;
	assert_int_equal(data_form_read(&low, "3", 1, at, why), 0);
	assert_int_equal(data_form_read(&high, "4000", 4, at, why), 0);
	expect_text(&low, at, "3");
	expect_text(&high, at, "4000");
}

static void test_words(void **state)
{
	(void)state;
	expect(&flag, "true", "01", "true");
	expect(&flag, "0", "00", "false");
	expect_odd(&flag, "\x02", "0x02");
	expect_wrong(&flag, "yes", "is not true or false");
	expect(&colour, "GREEN", "05000000", "GREEN");
	expect(&colour, "BLUE", "ffffffff", "BLUE");
	expect(&colour, "5", "05000000", "GREEN");
	expect(&colour, "7", "07000000", "7");
	expect_wrong(&colour, "green", "is not RED, GREEN, BLUE, or a number that fits");
}

static void test_addresses(void **state)
{
	(void)state;
	expect(&ip4, "192.0.2.1", "c0000201", "192.0.2.1");
	expect_wrong(&ip4, "192.0.2", "is not an IPv4 address, such as 192.0.2.1");
	expect_wrong(&ip4, "192.0.2.256", "is not an IPv4 address, such as 192.0.2.1");
	expect_wrong(&ip4, "::1", "is not an IPv4 address, such as 192.0.2.1");
	expect(&ip6, "2001:DB8:0::1", "20010db8000000000000000000000001", "2001:db8::1");
	expect(&ip6, "::ffff:1.2.3.4", "00000000000000000000ffff01020304", "::ffff:1.2.3.4");
	expect_wrong(&ip6, "1.2.3.4", "is not an IPv6 address, such as 2001:db8::1");
	expect_wrong(&ip6, "2001:db8::1%eth0", "is not an IPv6 address, such as 2001:db8::1");
	expect(&ip, "1.2.3.4", "00000000000000000000ffff01020304", "1.2.3.4");
	expect(&ip, "::ffff:1.2.3.4", "00000000000000000000ffff01020304", "1.2.3.4");
	expect(&ip, "fe80::1", "fe800000000000000000000000000001", "fe80::1");
	expect_wrong(&ip, "", "is not an IP address, such as 192.0.2.1 or 2001:db8::1");
	expect(&mac, "02:00:00:AB:cd:01", "020000abcd01", "02:00:00:ab:cd:01");
	expect_wrong(&mac, "02:00:00:ab:cd", "is not a MAC address, such as 02:00:00:00:00:01");
	expect_wrong(&mac, "02:00:00:ab:cd:0g", "is not a MAC address, such as 02:00:00:00:00:01");
	expect_wrong(&mac, "02-00-00-ab-cd-01", "is not a MAC address, such as 02:00:00:00:00:01");
	expect_wrong(&mac, "02:00:00:ab:cd:01:02", "is not a MAC address, such as 02:00:00:00:00:01");
}

static void test_prefixes(void **state)
{
	static const char odd[8] = {33, 0, 0, 0, 1, 2, 3, 4}, spare[8] = {8, 0, 0, 0, 10, 1, 2, 3};

	(void)state;
	expect(&net4, "192.0.2.0/24", "18000000c0000200", "192.0.2.0/24");
	expect(&net4, "192.0.2.1", "20000000c0000201", "192.0.2.1/32");
	expect(&net4, "0.0.0.0/0", "00000000", "0.0.0.0/0");
	expect(&net4, "128.0.0.0/1", "0100000080000000", "128.0.0.0/1");
	expect(&net6, "2001:db8::/33", "2100000020010db8", "2001:db8::/33");
	expect(&net6, "::1", "8000000000000000000000000000000000000001", "::1/128");
	expect(&net, "10.0.0.0/8", "6800000000000000000000000000ffff0a", "10.0.0.0/8");
	expect(&net, "2001:db8::/32", "2000000020010db8", "2001:db8::/32");
	expect(&net, "::/0", "00000000", "::/0");
	expect_wrong(&net4, "192.0.2.0/33", "has a length that is not from 0 to 32");
	expect_wrong(&net4, "192.0.2.0/", "has a length that is not from 0 to 32");
	expect_wrong(&net4, "192.0.2.0/2x", "is not a prefix, such as 192.0.2.0/24");
	expect_wrong(&net4, "192.0.2/24", "is not a prefix, such as 192.0.2.0/24");
	expect_wrong(&net4, "192.0.2.1/24", "has bits behind its length: write 192.0.2.0/24");
	expect_wrong(&net6, "192.0.2.1/24", "is not a prefix, such as 2001:db8::/32");
	expect_wrong(&net6, "2001:db8::1/32", "has bits behind its length: write 2001:db8::/32");
	expect_wrong(&net, "10.0.0.1/8", "has bits behind its length: write 10.0.0.0/8");
	expect_wrong(&net, "x", "is not a prefix, such as 192.0.2.0/24 or 2001:db8::/32");
	expect_odd(&net4, odd, "0x2100000001020304");
	expect_text(&net4, spare, "10.0.0.0/8"); /* the kernel does not look at the rest */
}

static void test_text(void **state)
{
	(void)state;
	expect(&text, "hello", "68656c6c6f", "hello");
	expect(&text, "", "", "");
	expect(&text, "12345678", "3132333435363738", "12345678");
	expect(&text, "\\t\\n\\r\\\\", "090a0d5c", "\\t\\n\\r\\\\");
	expect(&text, "a\\x00b\\x7f", "6100627f", "a\\x00b\\x7f");
	expect(&text, "\\xe2\\x82\\xac", "e282ac", "\xe2\x82\xac");
	expect(&text, "\\xe2\\x82", "e282", "\\xe2\\x82");
	expect(&text, "\\xc2\\x9b", "c29b", "\\xc2\\x9b");	       /* a control character */
	expect(&text, "\\xed\\xa0\\x80", "eda080", "\\xed\\xa0\\x80"); /* half of a pair */
	expect(&text, "#{", "237b", "\\x23{");
	expect(&text, "{#", "7b23", "\\x7b#");
	expect_wrong(&text, "123456789", "has 9 bytes, 8 fit");
	expect_wrong(&text, "a\\", "has a \\ without t, n, r, \\ or xHH behind it");
	expect_wrong(&text, "\\x4", "has a \\ without t, n, r, \\ or xHH behind it");
	expect_wrong(&text, "\\q", "has a \\ without t, n, r, \\ or xHH behind it");
}

static void label(char *buf, int n, char behind)
{
	size_t len = strlen(buf);

	memset(buf + len, 'a', n);
	buf[len + n] = behind;
	buf[len + n + 1] = 0;
}

static void test_names(void **state)
{
	char longest[300] = "", why[WHY_MAX];
	unsigned char at[260];

	(void)state;
	expect(&name, "a.bc.", "0161026263", "a.bc.");
	expect(&name, "a.bc", "0161026263", "a.bc.");
	expect(&name, ".", "", ".");
	expect(&name, "a\\.b.\\\\.", "03612e62015c", "a\\.b.\\\\.");
	expect(&name, "\\001\\255.", "0201ff", "\\001\\255.");
	expect(&name, "#\\032.", "022320", "\\#\\032.");
	expect(&name, "*.x.", "012a0178", "*.x.");
	expect(&name, "12345678901234.", "0e3132333435363738393031323334", "12345678901234.");
	expect_wrong(&name, "123456789012345.", "takes more than the 16 bytes there are for a DNS name");
	expect_wrong(&name, "", "is not a DNS name, such as www.example.org., or . for the root");
	expect_wrong(&name, "a..b", "is not a DNS name, such as www.example.org.: a label is empty");
	expect_wrong(&name, ".a", "is not a DNS name, such as www.example.org.: a label is empty");
	expect_wrong(&name, "a\\256.", "has a \\ without a character or three digits up to 255 behind it");
	expect_wrong(&name, "a\\25", "has a \\ without a character or three digits up to 255 behind it");
	expect_wrong(&name, "a\\", "has a \\ without a character or three digits up to 255 behind it");
	label(longest, 64, '.');
	expect_wrong(&wide, longest, "has a label of more than 63 bytes");
	*longest = 0;
	for (int i = 0; i < 3; i++)
		label(longest, 63, '.');
	label(longest, 61, '.'); /* 3 * 64 + 62 + 1 = 255 */
	assert_int_equal(data_form_read(&wide, longest, strlen(longest), at, why), 0);
	expect_text(&wide, at, longest);
	longest[strlen(longest) - 1] = 'a';
	expect_wrong(&wide, longest, "takes more than the 255 bytes there are for a DNS name");
	expect_odd(&name, "\x02x\0\0\0\0\0\0\0\0\0\0\0\0\0\1", "0x02780000000000000000000000000001");
	expect_odd(&name, "\xc0\x0c\0\0\0\0\0\0\0\0\0\0\0\0\0", "0xc00c0000000000000000000000000000");
	expect_odd(&name,
		   "\x0f"
		   "123456789012345",
		   "0x0f313233343536373839303132333435");
}

static void test_bytes(void **state)
{
	char many[2 * 256 + 1];

	(void)state;
	expect(&hex, "6869", "6869", "6869");
	expect(&hex, "ABcd", "abcd", "abcd");
	expect(&hex, "-", "", "-");
	expect(&hex, "010000", "01", "01");
	expect_wrong(&hex, "0102030405", "has 5 bytes, 4 fit");
	expect_wrong(&hex, "abc", "is not pairs of hex digits, or - for none");
	expect_wrong(&hex, "", "is not pairs of hex digits, or - for none");
	expect_wrong(&hex, "zz", "is not pairs of hex digits, or - for none");
	expect(&bytes, "686900", "0300686900", "686900");
	expect(&bytes, "-", "", "-");
	expect_wrong(&bytes, "0102030405", "has 5 bytes, 4 fit");
	expect_odd(&bytes,
		   "\x05\x00"
		   "abcd",
		   "0x050061626364");
	expect_odd(&bytes,
		   "\x01\x00"
		   "ab\0\0",
		   "0x010061620000");
	memset(many, '1', sizeof(many));
	many[2 * 256] = 0;
	expect_wrong(&shorty, many, "has 256 bytes, 255 fit"); /* in a length of one byte */
	expect(&raw, "010203", "010203", "010203");
	expect_wrong(&raw, "0102", "is not 6 hex digits");
}

static void test_lists(void **state)
{
	(void)state;
	expect(&list, "1,2,65535", "01000200ffff", "1,2,65535");
	expect_wrong(&list, "1,2", "has 2 elements, not 3 with commas between");
	expect_wrong(&list, "1,2,3,4", "has 4 elements, not 3 with commas between");
	expect_wrong(&list, "1,2,", "has '' at place 3, which is not a whole number from 0 to 65535");
	expect_wrong(&list, "1,65536,2", "has '65536' at place 2, which is not a whole number from 0 to 65535");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),	 cmocka_unit_test(test_bit_field_leaves_its_neighbours),
		cmocka_unit_test(test_words),	 cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_prefixes), cmocka_unit_test(test_text),
		cmocka_unit_test(test_names),	 cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
