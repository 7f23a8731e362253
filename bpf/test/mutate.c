// SPDX-License-Identifier: Apache-2.0
/* mutate.c - mutated packets through the gates, against a second opinion: a parser that shares nothing with the gate's
 * says which function must run, and the gate's verdict and the packet follow from what that function does. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct function table[] = {
	{"udp/53"},
	{"udp/53 to 192.0.2.128/25"},
	{"udp/1000-1999", .local = true},
	{"tcp/80", .local = true},
	{"udp"},
	{"tcp"},
	{"icmp"},
	{"icmp6 to 2001:db8::2"},
	{"proto/44"},
	{"ip"},
	{"ip6"},
	{"arp"},
	{"proto/60"},
	{"ether/0x8100"},
};

#define PAD6 "010400000000"
static const struct packet corpus[] = {
	{UDP(53), .bytes = 20},
	{UDP(53), .to = "192.0.2.200", .bytes = 4},
	{UDP(1000), .bytes = 20},
	{TCP(80), .bytes = 20},
	{UDP(1500), .vlans = 1, .bytes = 30},
	{UDP(53), V6, .bytes = 20},
	{UDP(1000), V6, .vlans = 2, .bytes = 20},
	{TCP(80), .options = "94040000", .bytes = 20},
	{TCP(80), V6, .ext_first = 0, .ext = "0600" PAD6, .bytes = 20},
	{UDP(53), V6, .ext_first = 44, .ext = "1100 0000 12345678", .bytes = 20},
	{UDP(53), V6, .ext_first = 60, .ext = "3c00" PAD6 "3c00" PAD6 "3c00" PAD6 "3c00" PAD6 "3c00" PAD6 "1100" PAD6},
	{UDP(53), V6, .ext_first = 51,
	 .ext = "3c01 0000 00000001 00000002"
		"2b00" PAD6 "1100" PAD6,
	 .bytes = 20},
	{UDP(53), .frag = 0x2000, .bytes = 40},
	{.proto = IPPROTO_ICMP, .type = 8, .bytes = 40},
	{.proto = IPPROTO_ICMPV6, V6, .type = 128, .bytes = 40},
	{.proto = IPPROTO_GRE, .bytes = 40, .trailer = 20},
	{.ether = ETH_P_ARP, .bytes = 46},
	{UDP(53), .vlans = 3, .bytes = 10},
	{.proto = 44, .bytes = 20},
	{.proto = 60, V6, .bytes = 20},
};

/* --- The second opinion --- */

static unsigned get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

struct opinion {
	const uint8_t *addr; /* NULL: not an IP packet that makes sense */
	bool v4;
	bool own; /* functions of scope local are asked */
	unsigned proto;
	int port; /* -1: none */
};

static void judge_l4(struct opinion *o, const uint8_t *l4, size_t left, bool egress)
{
	if ((o->proto == 17 || o->proto == 6) && left >= 8)
		o->port = get16(l4 + (egress ? 0 : 2));
}

static void judge_v4(struct opinion *o, const uint8_t *ip, size_t len, bool egress)
{
	size_t header, total;

	if (len < 20 || ip[0] >> 4 != 4)
		return;
	header = (ip[0] & 15) * 4;
	total = get16(ip + 2);
	if (!total)
		total = len;
	else if (total < header)
		return;
	if (header < 20 || total > len)
		return;
	o->v4 = true;
	o->addr = ip + (egress ? 12 : 16);
	o->proto = ip[9];
	if (!(get16(ip + 6) & 0x3fff) && header <= total)
		judge_l4(o, ip + header, total - header, egress);
}

static void judge_v6(struct opinion *o, const uint8_t *ip, size_t len, bool egress)
{
	static const uint8_t mapped[12] = {[10] = 255, [11] = 255};
	size_t end, at = 40, size;

	if (len < 40 || ip[0] >> 4 != 6)
		return;
	end = 40 + get16(ip + 4);
	if (end > len || !memcmp(ip + (egress ? 8 : 24), mapped, 12))
		return;
	if (end == 40)
		end = len;
	o->addr = ip + (egress ? 8 : 24);
	o->proto = ip[6];
	for (int n = 0; n < 6; n++) {
		unsigned type = o->proto;

		if (type != 0 && type != 43 && type != 44 && type != 51 && type != 60)
			break;
		if (at + 8 > end)
			return;
		o->proto = ip[at];
		size = type == 44 ? 8 : type == 51 ? ip[at + 1] * 4 + 8 : ip[at + 1] * 8 + 8;
		if (type == 44 && get16(ip + at + 2) & 0xfff9)
			return;
		at += size;
	}
	if (at <= end)
		judge_l4(o, ip + at, end - at, egress);
}

static const uint8_t host[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 2};

static bool judge_own(const struct opinion *o, const uint8_t *f)
{
	static const uint8_t host2[16] = {0x20, 0x01, 0x0d, 0xb8, [5] = 1, [15] = 1};

	if (memcmp(f, mac_host, 6) || !o->addr)
		return false;
	if (o->v4)
		return !memcmp(o->addr, "\xc0\x00\x02\x02", 4) || !memcmp(o->addr, "\xc6\x33\x64\x01", 4);
	return !memcmp(o->addr, host, 16) || !memcmp(o->addr, host2, 16);
}

#define NOBODY '-' /* the one that is asked is of scope local, and no other is asked in its place */

static char judge_ip(const struct opinion *o)
{
	bool upper = o->addr && o->v4 && !memcmp(o->addr, "\xc0\x00\x02", 3) && o->addr[3] >= 128;

	if (!o->addr)
		return 0;
	if (o->proto == 17 && o->port == 53)
		return upper ? 'b' : 'a';
	if (o->proto == 17)
		return o->port < 1000 || o->port > 1999 ? 'e' : o->own ? 'c' : NOBODY;
	if (o->proto == 6)
		return o->port != 80 ? 'f' : o->own ? 'd' : NOBODY;
	if (o->proto == 58 && !o->v4 && !memcmp(o->addr, host, 16))
		return 'h';
	return o->proto == 1 ? 'g' : o->proto == 44 ? 'i' : o->proto == 60 ? 'm' : 0;
}

/* The letter of the function that must run, or 0. */
static char judge(const uint8_t *f, size_t len, bool egress)
{
	struct opinion o = {.port = -1};
	unsigned type = get16(f + 12);
	size_t at = 14;
	char who;

	for (int tags = 0; tags < 2 && (type == 0x8100 || type == 0x88a8); tags++, at += 4) {
		if (at + 4 > len)
			return 0;
		type = get16(f + at + 2);
	}
	if (type == ETH_P_IP)
		judge_v4(&o, f + at, len - at, egress);
	else if (type == ETH_P_IPV6)
		judge_v6(&o, f + at, len - at, egress);
	o.own = egress || judge_own(&o, f);
	who = judge_ip(&o);
	if (who)
		return who == NOBODY ? 0 : who;
	return type == ETH_P_IP ? 'j' : type == ETH_P_IPV6 ? 'k' : type == ETH_P_ARP ? 'l' : type == 0x8100 ? 'n' : 0;
}

/* --- Mutation --- */

static size_t mutate(uint8_t *f, size_t len)
{
	static const uint8_t edges[] = {0,  1,	  6,	8,    17,   43,	  44,	51,   58,
					60, 0x40, 0x45, 0x4f, 0x60, 0x81, 0x86, 0xdd, 255};
	size_t head = len < 100 ? len : 100;

	switch (test_roll(7)) {
	case 0:
		f[test_roll(head)] ^= 1 << test_roll(8);
		break;
	case 1:
		f[test_roll(head)] = edges[test_roll(sizeof(edges))];
		break;
	case 2: /* near the length fields, most of all */
		f[ETH_HLEN + test_roll(head - ETH_HLEN < 12 ? head - ETH_HLEN : 12)] =
			test_roll(3) ? test_roll(128) : test_roll(256);
		break;
	case 3:
		f[test_roll(head)] = f[test_roll(head)];
		break;
	case 4:
		return ETH_HLEN + 1 + test_roll(len - ETH_HLEN);
	case 5: {
		size_t more = test_roll(40);

		for (size_t i = 0; i < more; i++)
			f[len + i] = test_roll(256);
		return len + more;
	}
	default:
		if (len >= 44)
			f[36 + test_roll(8)] = test_roll(2) ? 53 : 0;
	}
	return len;
}

#define LIKE 100 /* frames that come from one, in a row: the gate knows them from its cache */

/* What the gate must return, given what the function returned. */
static int outcome(const struct gate *g, int verdict)
{
	unsigned index = verdict + g->base;

	if (index >= KF_VERDICT_OTHER)
		return g->invalid;
	return g->cont & 1u << index ? g->pass : verdict;
}

/* The kernel makes no TC run of a cut IP header right behind the Ethernet header. */
static bool refused(const struct gate *g, const uint8_t *f, size_t len)
{
	unsigned type = get16(f + 12);

	return g->hook != KF_XDP && ((type == ETH_P_IP && len < 34) || (type == ETH_P_IPV6 && len < 54));
}

static bool try_one(struct gate *g, uint8_t *f, size_t len)
{
	static const int verdicts[] = {0, 1, 2, 3, 4, 7, -1, 77};
	uint8_t want[TEST_FRAME];
	char who[2] = {judge(f, len, g->hook == KF_TC_EGRESS)};
	struct act a = {.verdict = verdicts[test_roll(ARRAY_LEN(verdicts))]};

	memcpy(want, f, len);
	if (test_roll(2)) {
		a.op = ACT_WRITE;
		a.arg = test_roll(len);
		if (*who)
			want[a.arg] = *who;
	}
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		acts[i] = a;
	return rig_saw(rig_run(g, f, len, 1), *who ? outcome(g, a.verdict) : g->pass, who, want, len);
}

static void test_gate(struct gate *g, unsigned seed, unsigned rounds)
{
	static uint8_t f[TEST_FRAME];
	unsigned hits[ACTS + 1] = {0}, i, which = 0;
	char seen[ARRAY_LEN(table) * 10 + 1] = "";
	bool ok = true;
	size_t len = 0;

	test_roll_seed(seed);
	rig_install(g, table, ARRAY_LEN(table));
	for (i = 0; i < rounds && ok; i++) {
		if (i % LIKE == 0)
			which = test_roll(ARRAY_LEN(corpus));
		len = rig_frame(g, &corpus[which], f);
		for (unsigned m = test_roll(4); m; m--)
			len = mutate(f, len);
		if (len > ETH_HLEN && !refused(g, f, len)) {
			ok = try_one(g, f, len);
			hits[trace->n ? trace->who[0] - 'a' : ACTS]++;
		}
	}
	for (size_t n = 0; !ok && n < len && n < 128; n++)
		printf("%s%02x%s", n % 16 ? "" : "#  ", f[n], n % 16 == 15 || n == len - 1 || n == 127 ? "\n" : " ");
	for (size_t n = 0; n < ARRAY_LEN(table); n++) {
		sprintf(seen + strlen(seen), " %c:%u", 'a' + (int)n, hits[n]);
		ok &= rounds < 10000 || hits[n];
	}
	test_note("functions that ran:%s, none: %u", seen, hits[ACTS]);
	test_ok(ok, "%s: %u mutated packets as judged independently, KFAAS_SEED=%u", g->name, i, seed);
}

void test_mutate(void)
{
	unsigned seed = test_env("KFAAS_SEED", time(NULL)), rounds = test_env("KFAAS_ROUNDS", 30000);

	rig_addresses();
	for (struct gate *g = gates; g < gates + KF_HOOKS; g++)
		test_gate(g, seed, rounds);
}
