// SPDX-License-Identifier: Apache-2.0
/* trigger_test.c - triggers in, canonical words out; wrong ones in, the remedy out. */
#include "../trigger.h"
#include "unit.h"

static const struct {
	const char *text, *canonical;
} good[] = {
	{"any", "any"},
	{"ARP", "arp"},
	{"ether/0x0806", "arp"},
	{"ether/2048", "ip"},
	{"ipv4", "ip"},
	{"ipv6", "ip6"},
	{"ether/0X88CC", "ether/0x88cc"},
	{"ether/0x0600", "ether/0x0600"},
	{"ether/65535", "ether/0xffff"},
	{"icmp", "icmp"},
	{"icmpv6", "icmp6"},
	{"proto/58", "icmp6"},
	{"proto/132", "sctp"},
	{"proto/17", "udp"},
	{"proto/0", "proto/0"},
	{"proto/255", "proto/255"},
	{"udp/1", "udp/1"},
	{"tcp/65535", "tcp/65535"},
	{"tcp/8000-8999", "tcp/8000-8999"},
	{"udp/7-7", "udp/7"},
	{"udp/1-65535", "udp/1-65535"},
	{"  udp/53\tto   192.0.2.0/24 ", "udp/53 to 192.0.2.0/24"},
	{"udp/53 to 192.0.2.1/32", "udp/53 to 192.0.2.1"},
	{"udp/53 to 0.0.0.0/0", "udp/53 to 0.0.0.0/0"},
	{"udp/53 to ::/0", "udp/53 to ::/0"},
	{"udp/53 to 2001:DB8::1/128", "udp/53 to 2001:db8::1"},
	{"udp/53 to ::ffff:192.0.2.0/120", "udp/53 to 192.0.2.0/24"},
	{"ip to 10.0.0.0/8", "ip to 10.0.0.0/8"},
	{"ether/0x0800 to 10.0.0.0/8", "ip to 10.0.0.0/8"},
	{"ip6 to 2001:db8::/33", "ip6 to 2001:db8::/33"},
	{"icmp to 10.0.0.1", "icmp to 10.0.0.1"},
	{"icmp6 to fe80::/10", "icmp6 to fe80::/10"},
	{"proto/47 to 192.0.2.128/25", "proto/47 to 192.0.2.128/25"},
};

static const struct {
	const char *text, *error;
} bad[] = {
	{"", "f:1: empty trigger: write one of any, arp, ip, ip6, ether/0xTYPE, icmp, icmp6, udp, tcp, sctp, proto/N, "
	     "udp/PORT, tcp/LOW-HIGH"},
	{"upd/53", "f:1: unknown trigger 'upd/53': did you mean 'udp'?"},
	{"udp/0", "f:1: port 0 in trigger 'udp/0': ports go from 1 to 65535"},
	{"udp/65536", "f:1: bad port in trigger 'udp/65536': 1 to 65535, or a range such as 8000-8999"},
	{"udp/", "f:1: bad port in trigger 'udp/': 1 to 65535, or a range such as 8000-8999"},
	{"udp/5-", "f:1: bad port in trigger 'udp/5-': 1 to 65535, or a range such as 8000-8999"},
	{"udp/-5", "f:1: bad port in trigger 'udp/-5': 1 to 65535, or a range such as 8000-8999"},
	{"udp/+5", "f:1: bad port in trigger 'udp/+5': 1 to 65535, or a range such as 8000-8999"},
	{"udp/0x35", "f:1: bad port in trigger 'udp/0x35': 1 to 65535, or a range such as 8000-8999"},
	{"udp/53x", "f:1: bad port in trigger 'udp/53x': 1 to 65535, or a range such as 8000-8999"},
	{"udp/9-5", "f:1: empty port range in trigger 'udp/9-5': the lower port comes first, 5-9"},
	{"sctp/5000", "f:1: trigger 'sctp/5000' cannot have a port: ports go with udp and tcp"},
	{"any/5", "f:1: trigger 'any/5' cannot have a port: ports go with udp and tcp"},
	{"ether", "f:1: trigger 'ether' needs a type, such as ether/0x88cc"},
	{"proto", "f:1: trigger 'proto' needs a number, such as proto/47"},
	{"ether/0x5ff", "f:1: bad ethertype '0x5ff' in trigger 'ether/0x5ff': 0x0600 to 0xffff, such as ether/0x88cc"},
	{"ether/0x10000",
	 "f:1: bad ethertype '0x10000' in trigger 'ether/0x10000': 0x0600 to 0xffff, such as ether/0x88cc"},
	{"proto/256", "f:1: bad IP protocol '256' in trigger 'proto/256': 0 to 255, such as proto/47"},
	{"any to 10.0.0.1",
	 "f:1: trigger 'any to 10.0.0.1' cannot have an address: 'to' goes with ip, ip6, icmp, udp/53 and the like"},
	{"arp to 10.0.0.1",
	 "f:1: trigger 'arp to 10.0.0.1' cannot have an address: 'to' goes with ip, ip6, icmp, udp/53 and the like"},
	{"ip to ::1", "f:1: trigger 'ip to ::1' wants IPv4 packets to an IPv6 address: did you mean 'ip6'?"},
	{"ip6 to 10.0.0.1", "f:1: trigger 'ip6 to 10.0.0.1' wants IPv6 packets to an IPv4 address: did you mean 'ip'?"},
	{"icmp to ::1", "f:1: trigger 'icmp to ::1' wants ICMP of IPv4 to an IPv6 address: did you mean 'icmp6'?"},
	{"icmp6 to 10.0.0.1", "f:1: trigger 'icmp6 to 10.0.0.1' wants ICMPv6 to an IPv4 address: did you mean 'icmp'?"},
	{"udp/5 to 192.0.2.1/24",
	 "f:1: trigger 'udp/5 to 192.0.2.1/24' has address bits beyond its prefix: did you mean 'to 192.0.2.0/24'?"},
	{"udp/5 to 2001:db8::1/32",
	 "f:1: trigger 'udp/5 to 2001:db8::1/32' has address bits beyond its prefix: did you mean 'to 2001:db8::/32'?"},
	{"udp/5 to 192.0.2.0/33", "f:1: bad prefix length '33' in trigger 'udp/5 to 192.0.2.0/33': 0 to 32"},
	{"udp/5 to ::/129", "f:1: bad prefix length '129' in trigger 'udp/5 to ::/129': 0 to 128"},
	{"udp/5 to ::/", "f:1: bad prefix length '' in trigger 'udp/5 to ::/': 0 to 128"},
	{"udp/5 to localhost",
	 "f:1: bad address 'localhost' in trigger 'udp/5 to localhost': write it as in 'to 192.0.2.1' or "
	 "'to 2001:db8::/32'"},
	{"udp/5 to", "f:1: trigger 'udp/5 to' ends after 'to': an address or prefix is missing"},
	{"udp/5 from 10.0.0.1",
	 "f:1: 'from' in trigger 'udp/5 from 10.0.0.1' is not understood: separate triggers with commas, "
	 "addresses follow 'to'"},
	{"udp/5 to 10.0.0.1 tcp/6",
	 "f:1: 'tcp/6' in trigger 'udp/5 to 10.0.0.1 tcp/6' is not understood: separate triggers with commas"},
};

static void test_good(void **state)
{
	char text[TRIGGER_TEXT_MAX];
	struct trigger t, again;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(trigger_parse(&t, good[i].text, "f:1"), 0);
		assert_string_equal(trigger_print(&t, text, sizeof(text)), good[i].canonical);
		assert_int_equal(trigger_parse(&again, text, "f:1"), 0);
		assert_int_equal(trigger_compare(&t, &again), 0);
		assert_memory_equal(&t, &again, sizeof(t));
	}
}

static void test_bad(void **state)
{
	struct trigger t;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(trigger_parse(&t, bad[i].text, "f:1") < 0);
		expect_failure(bad[i].error);
	}
}

static void test_longest_fits(void **state)
{
	char text[TRIGGER_TEXT_MAX];
	struct trigger t;

	(void)state;
	assert_int_equal(trigger_parse(&t, "udp/10000-65535 to 1111:2222:3333:4444:5555:6666:7777:8880/125", "f:1"), 0);
	assert_string_equal(trigger_print(&t, text, sizeof(text)),
			    "udp/10000-65535 to 1111:2222:3333:4444:5555:6666:7777:8880/125");
}

static void test_order(void **state)
{
	static const char *const sorted[] = {"any",
					     "ip",
					     "arp",
					     "ip6",
					     "icmp",
					     "udp",
					     "udp to ::/0",
					     "udp to 2001:db8::/32",
					     "udp to 10.0.0.1",
					     "tcp/1",
					     "udp/1",
					     "udp/1-9",
					     "udp/1-9 to ::1",
					     "udp/2"};
	const size_t n = sizeof(sorted) / sizeof(sorted[0]);
	struct trigger a, b;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			int cmp;

			assert_int_equal(trigger_parse(&a, sorted[i], "f:1"), 0);
			assert_int_equal(trigger_parse(&b, sorted[j], "f:1"), 0);
			cmp = trigger_compare(&a, &b);
			assert_int_equal((cmp > 0) - (cmp < 0), (i > j) - (i < j));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_longest_fits),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
