// SPDX-License-Identifier: Apache-2.0
/* scope.c - "only for this host's own addresses", asked of a real routing table: what is own, what is not, and how soon
 * the gate follows when that changes. */
#include "rig.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MS 1000000ull
/* KF_LOCAL_JIFFIES at the slowest HZ, 100; and one more, which is under way. */
#define KEPT (250 * MS + 10 * MS)

/* A shell's words: an IPv6 address's route comes a moment after the address itself. */
#define AWAIT(addr)                                                                                                    \
	"for i in $(seq 1000); do ip -6 route show table local | grep -q '^local " addr                                \
	" ' && exit 0; sleep 0.01; done; exit 1"

/* As loader/scope.c sets it where there are other rules. */
void rig_addresses(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	for (int family = 4; family <= 6; family += 2) {
		rig_command("ip -%d route add unreachable default table 253253", family);
		rig_command("ip -%d rule add pref 1 iif lo ipproto %d sport %d dport %d table 253253", family,
			    KF_FIB_PROTO, KF_FIB_SPORT, KF_FIB_DPORT);
	}
	rig_sysctl("ipv4/conf/lo/forwarding", "1");
	rig_sysctl("ipv6/conf/lo/forwarding", "1");
	rig_command("ip addr add 192.0.2.2/32 dev lo");
	rig_command("ip addr add 2001:db8::2/128 dev lo nodad");
	rig_command("ip link set wire0 up; ip link set wire1 up");
	rig_command("ip addr add 198.51.100.1/24 broadcast 198.51.100.255 dev wire0");
	rig_command("ip addr add 2001:db8:1::1/64 dev wire0 nodad; ip addr add fe80::1/64 dev wire0 nodad");
	rig_command(AWAIT("2001:db8::2"));
	rig_command(AWAIT("2001:db8:1::1"));
	rig_command("ip route add default via 198.51.100.2; ip -6 route add default via 2001:db8:1::2");
}

static const struct function table[] = {
	{"udp/53", .local = true},
	{"udp/54"},
	{"udp/55 to 203.0.113.0/24", .local = true},
	{"arp", .local = true},
	{"icmp, icmp6", .local = true},
	{"udp/56", .local = true},
	{"udp/56", .prio = 1},
	{"udp/57", .prio = 1, .local = true},
	{"udp/57"},
};

static const struct row rows[] = {
	{"own IPv4", {UDP(53)}, "a"},
	{"own IPv6", {UDP(53), V6}, "a"},
	{"own IPv4, of the interface", {UDP(53), .to = "198.51.100.1"}, "a"},
	{"own IPv6, of the interface", {UDP(53), .to = "2001:db8:1::1"}, "a"},
	{"own IPv4 behind a tag", {UDP(53), .vlans = 1}, "a"},
	{"a fragment to own IPv4", {.proto = IPPROTO_ICMP, .type = 8, .frag = 0x2000}, "e"},
	{"a neighbour, IPv4", {UDP(53), .to = "198.51.100.77"}, ""},
	{"a neighbour, IPv6", {UDP(53), .to = "2001:db8:1::77"}, ""},
	{"transit by the default route, IPv4", {UDP(53), .to = "203.0.113.1"}, ""},
	{"transit by the default route, IPv6", {UDP(53), .to = "2001:db8:2::1"}, ""},
	{"next to an own address, IPv4", {UDP(53), .to = "192.0.2.3"}, ""},
	{"next to an own address, IPv6", {UDP(53), .to = "2001:db8::3"}, ""},
	{"ICMP to own", {.proto = IPPROTO_ICMP, .type = 8}, "e"},
	{"ICMPv6 to own", {.proto = IPPROTO_ICMPV6, V6, .type = 128}, "e"},
	{"ICMP to another", {.proto = IPPROTO_ICMP, .type = 8, .to = "203.0.113.1"}, ""},
	{"own IPv4 by a broadcast frame", {UDP(53), .to_mac = mac_broadcast}, ""},
	{"own IPv4 by a multicast frame", {UDP(53), .to_mac = mac_multicast}, ""},
	{"own IPv4 by a frame to another's MAC address", {UDP(53), .to_mac = mac_client}, ""},
	{"own IPv6 by a frame to another's MAC address", {UDP(53), V6, .to_mac = mac_client}, ""},
	{"scope any: a frame to another's MAC address", {UDP(54), .to_mac = mac_client}, "b"},
	{"own IPv6 by a multicast frame", {UDP(53), V6, .to_mac = mac_multicast}, ""},
	{"own IPv4 again, by its own frame", {UDP(53)}, "a"},
	{"255.255.255.255", {UDP(53), .to = "255.255.255.255"}, ""},
	{"255.255.255.255 by a broadcast frame", {UDP(53), .to = "255.255.255.255", .to_mac = mac_broadcast}, ""},
	{"the network's broadcast by a broadcast frame",
	 {UDP(53), .to = "198.51.100.255", .to_mac = mac_broadcast},
	 ""},
	/* (the routing tables hold it among the local addresses, and the look-up does not tell them apart) */
	{"the network's broadcast by a unicast frame counts as own", {UDP(53), .to = "198.51.100.255"}, "a"},
	{"224.0.0.1", {UDP(53), .to = "224.0.0.1"}, ""},
	{"224.0.0.1 by a multicast frame", {UDP(53), .to = "224.0.0.1", .to_mac = mac_multicast}, ""},
	{"239.255.255.255", {UDP(53), .to = "239.255.255.255"}, ""},
	{"240.0.0.1", {UDP(53), .to = "240.0.0.1"}, ""},
	{"0.0.0.0", {UDP(53), .to = "0.0.0.0"}, ""},
	{"127.0.0.1 from the wire", {UDP(53), .to = "127.0.0.1"}, ""},
	{"127.255.0.1 from the wire", {UDP(53), .to = "127.255.0.1"}, ""},
	{"::1 from the wire", {UDP(53), .to = "::1"}, ""},
	{"::", {UDP(53), .to = "::"}, ""},
	{"ff02::1", {UDP(53), .to = "ff02::1"}, ""},
	{"ff0e::1", {UDP(53), .to = "ff0e::1"}, ""},
	{"own link-local IPv6 is left to the kernel", {UDP(53), .to = "fe80::1"}, ""},
	{"link-local IPv6, the last", {UDP(53), .to = "febf::1"}, ""},
	{"own IPv4, mapped into IPv6", {UDP(53), .from = "2001:db8::1", .to = "::ffff:192.0.2.2"}, ""},
	{"scope any: own", {UDP(54)}, "b"},
	{"scope any: another's", {UDP(54), .to = "203.0.113.1"}, "b"},
	{"scope any: a broadcast frame", {UDP(54), .to = "255.255.255.255", .to_mac = mac_broadcast}, "b"},
	{"a prefix is a scope of its own", {UDP(55), .to = "203.0.113.7"}, "c"},
	{"and nothing beyond it", {UDP(55)}, ""},
	{"ARP has no address", {.ether = ETH_P_ARP, .to_mac = mac_broadcast, .bytes = 28}, "d"},
};

static void forget(void)
{
	static const struct kf_local zero[1024];
	int fd = test_map(gates[KF_XDP].obj, "kf_locals");

	for (uint32_t i = 0; i < KF_LOCALS; i++)
		bpf_map_update_elem(fd, &i, zero, 0);
	rig_changed();
}

static bool ran(struct gate *g, const struct packet *p, const char *who)
{
	struct test_run *r = rig_packet(g, p, 1);

	if (!r->failed && !strcmp(trace->who, who))
		return true;
	test_note("ran '%s', want '%s'", trace->who, who);
	return false;
}

static void test_rows(struct gate *g)
{
	bool out = g->hook == KF_TC_EGRESS;
	uint8_t frame[TEST_FRAME];

	rig_install(g, table, ARRAY_LEN(table));
	/* Twice: asked of the kernel, and kept. On the way out there is no scope, but the parser still has its say. */
	for (const struct row *r = rows; r < rows + ARRAY_LEN(rows); r++) {
		size_t len = rig_frame(g, &r->in, frame);
		bool ok = true;

		if (out && !*r->want)
			continue;
		for (int i = 0; i < 2; i++)
			ok &= rig_saw(rig_run(g, frame, len, 1), *r->want ? g->final : g->pass, r->want, frame, len);
		test_ok(ok, "%s: %s", g->name, r->name);
	}
	if (out)
		test_ok(ran(g, &(struct packet){UDP(53), .to = "203.0.113.1"}, "a"), "%s: any source on the way out",
			g->name);
}

static void test_chains(struct gate *g)
{
	struct packet own = {UDP(56)}, other = {UDP(56), .to = "203.0.113.1"};
	bool ok;

	rig_install(g, table, ARRAY_LEN(table));
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		acts[i].verdict = g->go_on;
	ok = ran(g, &own, "fg") && ran(g, &other, "g");
	own.dport = other.dport = 57;
	ok &= ran(g, &own, "ih") && ran(g, &other, "i");
	ok &= rig_account(g, 5).packets == 1 && rig_account(g, 7).packets == 1;
	test_ok(ok, "%s: a chain with functions of both scopes", g->name);
}

/* Two addresses that share a place among the kept answers. */
static void test_kept(struct gate *g)
{
	struct packet own = {UDP(53)}, other = {UDP(53), .to = "192.0.2.66"},
		      mapped = {UDP(53), .to = "::ffff:192.0.2.2"};
	bool ok = true;

	rig_install(g, table, ARRAY_LEN(table));
	for (int i = 0; i < 50; i++)
		ok = ok && ran(g, &own, "a") && ran(g, &other, "") && ran(g, &mapped, "");
	test_ok(ok, "%s: answers that are kept in one place do not mix", g->name);
}

/* Each of those that the loader knows. */
static void test_macs(struct gate *g)
{
	struct packet quick = {UDP(53), .to_mac = mac_client, .bytes = 40}, v6 = {UDP(53), V6, .to_mac = mac_client};
	struct kf_generation *now, *other;
	bool ok = true, ok_other = true;

	rig_install(g, table, ARRAY_LEN(table));
	now = &control->g[control->gen & 1];
	other = &control->g[!(control->gen & 1)];
	for (size_t i = 0; i < KF_MACS; i++) {
		ok &= ran(g, &quick, "") && ran(g, &v6, "");
		memcpy(&other->mac[i], mac_client, 6);
		ok_other &= ran(g, &quick, "") && ran(g, &v6, "");
		memcpy(&other->mac[i], mac_host, 6);
		memcpy(&now->mac[i], mac_client, 6);
		ok &= ran(g, &quick, "a") && ran(g, &v6, "a");
		memcpy(&now->mac[i], mac_host, 6);
		rig_changed();
	}
	test_ok(ok, "%s: any of %u MAC addresses is own", g->name, KF_MACS);
	test_ok(ok_other, "%s: those of a change that is not in force yet are not", g->name);
}

static void test_loopback(struct gate *g)
{
	unsigned outside = wire;
	bool ok;

	rig_install(g, table, ARRAY_LEN(table));
	wire = 1;
	forget();
	ok = ran(g, &(struct packet){UDP(53), .to = "127.0.0.1"}, "a") &&
	     ran(g, &(struct packet){UDP(53), .to = "::1"}, "a");
	wire = outside;
	forget();
	test_ok(ok, "%s: 127.0.0.1 and ::1 on lo", g->name);
}

/* After COMMAND the packet's answer becomes WANT; the last run that still gave the old one must have begun in time. */
static void test_change(struct gate *g, const struct packet *p, const char *command, const char *want, const char *name)
{
	struct timespec nap = {.tv_nsec = MS};
	uint64_t changed, began, last = 0;
	bool right = false;

	rig_install(g, table, ARRAY_LEN(table));
	rig_packet(g, p, 2 * KF_CACHE_MISSES); /* known to the gate, by all ways it has */
	rig_packet(g, p, 1);
	right = strcmp(trace->who, want);
	rig_command("%s", command);
	changed = rig_now();
	for (began = changed; right && began - changed < 5000 * MS; began = rig_now()) {
		rig_packet(g, p, 1);
		if (!strcmp(trace->who, want))
			break;
		last = began;
		nanosleep(&nap, NULL);
	}
	right &= !strcmp(trace->who, want);
	if (right && last)
		test_note("the old answer was kept for %llu ms", (unsigned long long)(last - changed) / MS);
	test_ok(right && (!last || last - changed <= KEPT), "%s: %s", g->name, name);
}

static void test_changes(struct gate *g)
{
	struct packet v4 = {UDP(53), .to = "192.0.2.9", .bytes = 20}, v6 = {UDP(53), .to = "2001:db8::9", .bytes = 20};

	test_change(g, &v4, "ip addr add 192.0.2.9/32 dev lo", "a", "an IPv4 address is added");
	test_change(g, &v4, "ip addr del 192.0.2.9/32 dev lo", "", "an IPv4 address is removed");
	test_change(g, &v6, "ip addr add 2001:db8::9/128 dev wire0 nodad; " AWAIT("2001:db8::9"), "a",
		    "an IPv6 address is added");
	test_change(g, &v6, "ip addr del 2001:db8::9/128 dev wire0", "", "an IPv6 address is removed");
}

/* Without forwarding on lo the kernel does not say: not ours, and counted. */
static void test_refused(struct gate *g)
{
	uint64_t before = control->fib_refused;
	bool ok;

	rig_install(g, table, ARRAY_LEN(table));
	test_ok(!before, "%s: no look-up was refused so far", g->name);
	rig_sysctl("ipv4/conf/lo/forwarding", "0");
	rig_sysctl("ipv6/conf/lo/forwarding", "0");
	forget();
	ok = ran(g, &(struct packet){UDP(53)}, "") && control->fib_refused == before + 1;
	ok &= ran(g, &(struct packet){UDP(53), V6}, "") && control->fib_refused == before + 2;
	ok &= ran(g, &(struct packet){UDP(54)}, "b") && control->fib_refused == before + 2;
	rig_install(g, (struct function[]){{"any", .local = true}, table[0]}, 2);
	forget();
	ok &= ran(g, &(struct packet){UDP(53)}, "a") && control->fib_refused == before + 2;
	test_ok(ok, "%s: where any answers, nobody asks", g->name);
	acts[0].verdict = g->go_on;
	ok &= ran(g, &(struct packet){UDP(53)}, "a") && control->fib_refused == before + 3;
	rig_install(g, table, ARRAY_LEN(table));
	rig_sysctl("ipv4/conf/lo/forwarding", "1");
	rig_sysctl("ipv6/conf/lo/forwarding", "1");
	forget();
	ok &= ran(g, &(struct packet){UDP(53)}, "a") && ran(g, &(struct packet){UDP(53), V6}, "a");
	test_ok(ok && control->fib_refused == before + 3, "%s: refused look-ups are counted and mean \"not ours\"",
		g->name);
	control->fib_refused = 0;
}

void test_scope(void)
{
	rig_addresses();
	for (struct gate *g = gates; g < gates + KF_HOOKS; g++) {
		forget();
		test_rows(g);
		if (g->hook == KF_TC_EGRESS)
			continue;
		test_chains(g);
		test_kept(g);
		test_macs(g);
		test_loopback(g);
		test_changes(g);
		test_refused(g);
	}
}
