// SPDX-License-Identifier: Apache-2.0
/* range_test.c - lists of numbers and addresses, rates, and the histogram of latencies. */
#include <arpa/inet.h>

#include "../../loader/test/unit.h"
#include "report.h"

static void test_numbers(void **state)
{
	struct numbers n;

	(void)state;
	assert_int_equal(numbers_parse(&n, "port", "7,10-12,9", 1, 100), 0);
	assert_int_equal(n.n, 5);
	assert_memory_equal(n.list, ((uint32_t[]){7, 10, 11, 12, 9}), 5 * sizeof(uint32_t));
	numbers_free(&n);
	assert_int_equal(numbers_parse(&n, "port", "0-65535", 0, 65535), 0);
	assert_int_equal(n.n, 65536);
	assert_int_equal(n.list[65535], 65535);
	numbers_free(&n);
}

static void test_bad_numbers(void **state)
{
	static const char *const bad[] = {"", ",", "7,", ",7", "0", "101", "9-7", "1-", "-1", "x", "1--2", "99-101"};
	struct numbers n;
	char want[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(numbers_parse(&n, "port", bad[i], 1, 100) < 0);
		assert_null(n.list);
		snprintf(want, sizeof(want), "--port '%s': numbers from 1 to 100, as in \"1\", \"1-4\" or \"1,3-4\"",
			 bad[i]);
		expect_failure(want);
	}
	assert_true(numbers_parse(&n, "port", "0-65535,1", 0, 65535) < 0);
	assert_null(n.list);
	expect_failure("--port 0-65535,1: more than 65536 numbers: write fewer");
}

static void expect_addresses(const char *text, int family, size_t n, ...)
{
	char shown[INET6_ADDRSTRLEN];
	struct addresses a;
	va_list list;

	assert_int_equal(addresses_parse(&a, "from", text), 0);
	assert_int_equal(a.family, family);
	assert_int_equal(a.n, n);
	va_start(list, n);
	for (size_t i = 0; i < n; i++) {
		inet_ntop(family == 4 ? AF_INET : AF_INET6, &a.list[i], shown, sizeof(shown));
		assert_string_equal(shown, va_arg(list, const char *));
	}
	va_end(list);
	addresses_free(&a);
}

static void test_addresses(void **state)
{
	(void)state;
	expect_addresses("10.0.0.1", 4, 1, "10.0.0.1");
	expect_addresses("10.0.0.254-10.0.1.1,10.9.9.9/31", 4, 6, "10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1",
			 "10.9.9.8", "10.9.9.9");
	expect_addresses("fd00::1-fd00::2,fd01::3/127", 6, 4, "fd00::1", "fd00::2", "fd01::2", "fd01::3");
}

static void test_bad_addresses(void **state)
{
	static const char *const bad[] = {
		"", "10.0.0", "10.0.0.2-10.0.0.1", "10.0.0.1-fd00::1", "10.0.0.1/33", "10.0.0.1,", "fd00::1-fd01::1",
	};
	struct addresses a;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(addresses_parse(&a, "from", bad[i]) < 0);
		assert_null(a.list);
		assert_true(fail_is_input());
		fail_clear();
	}
	assert_true(addresses_parse(&a, "from", "10.0.0.0/15") < 0);
	expect_failure("--from 10.0.0.0/15: more than 65536 addresses: write a longer prefix");
	assert_true(addresses_parse(&a, "from", "fd00::/64") < 0);
	expect_failure("--from fd00::/64: more than 65536 addresses: write a longer prefix");
	assert_true(addresses_parse(&a, "from", "10.0.0.1,fd00::1") < 0);
	expect_failure("--from 10.0.0.1,fd00::1: IPv4 and IPv6 in one list: run twice");
}

static void test_rates(void **state)
{
	unsigned long long n;
	double s;

	(void)state;
	assert_int_equal(rate_parse("rate", "200", &n), 0);
	assert_int_equal(n, 200);
	assert_int_equal(rate_parse("rate", "200k/s", &n), 0);
	assert_int_equal(n, 200000);
	assert_int_equal(rate_parse("rate", "1G", &n), 0);
	assert_int_equal(n, 1000000000);
	assert_int_equal(seconds_parse("seconds", "0.25", &s), 0);
	assert_true(s == 0.25);
	assert_true(rate_parse("rate", "2G/s", &n) < 0);
	expect_failure("--rate '2G/s': from 1/s to 1G/s, as in \"200000\" or \"200k/s\"");
	assert_true(rate_parse("rate", "/s", &n) < 0);
	assert_true(rate_parse("rate", "", &n) < 0);
	fail_clear();
	assert_true(seconds_parse("seconds", "nan", &s) < 0);
	assert_true(seconds_parse("seconds", "1x", &s) < 0);
	fail_clear();
	assert_true(seconds_parse("seconds", "1e99", &s) < 0);
	fail_clear();
	assert_true(seconds_parse("seconds", "-1", &s) < 0);
	expect_failure("--seconds '-1': seconds, over 0 and up to 31536000 (a year), as in \"0.5\" or \"10\"");
}

/* Each value's bucket follows the one before it, and is less than 1 % wide. */
static void test_buckets(void **state)
{
	unsigned before = 0, at;

	(void)state;
	for (unsigned long long ns = 0; ns < 1ull << 37; ns += 1 + ns / 1000) {
		struct gen_times *f = calloc(1, sizeof(*f));
		unsigned long long shown;

		assert_non_null(f);
		at = gen_bucket(ns);
		assert_true(at < GEN_BUCKETS && (at == before || at == before + 1));
		before = at;
		f->bucket[at] = 1;
		f->max = ~0ull;
		shown = report_percentile(f, 0.5);
		if (ns < 1ull << GEN_HIST_MAX_LOG)
			assert_true(shown >= ns && shown - ns <= ns / 100);
		free(f);
	}
	assert_int_equal(at, GEN_BUCKETS - 1);
	assert_int_equal(gen_bucket(~0ull), GEN_BUCKETS - 1);
}

static void test_percentiles(void **state)
{
	struct gen_times *f = calloc(1, sizeof(*f));

	(void)state;
	assert_non_null(f);
	assert_int_equal(report_percentile(f, 0.5), 0);
	for (unsigned ns = 1; ns <= 100; ns++) /* so short that each has a bucket of its own */
		f->bucket[gen_bucket(ns)]++;
	f->max = 100;
	assert_int_equal(report_percentile(f, 0.5), 50);
	assert_int_equal(report_percentile(f, 0.9), 90);
	assert_int_equal(report_percentile(f, 0.99), 99);
	assert_int_equal(report_percentile(f, 0.999), 100);
	f->bucket[gen_bucket(1000001)]++;
	f->max = 1000001; /* not the bucket's upper edge */
	assert_int_equal(report_percentile(f, 1), 1000001);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),	    cmocka_unit_test(test_bad_numbers),
		cmocka_unit_test(test_addresses),   cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_rates),	    cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_percentiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
