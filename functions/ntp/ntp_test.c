// SPDX-License-Identifier: Apache-2.0
/* ntp_test.c - the packet table of functions/ntp: who is answered, with what, and when nobody is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../test.h"

#define SECOND	   1000000000ull
#define UNIX_EPOCH 2208988800ull
#define MESSAGE	   48

/* A row of the map `clock`; see ntp.bpf.c. */
struct row {
	uint64_t updated;
	int64_t tai_minus_mono;
	uint64_t leap_at, reference, root_delay, root_dispersion;
	uint32_t drift;
	int32_t tai_offset;
	uint8_t reference_id[4], leap, stratum;
	int8_t precision;
	uint64_t compared;
};
_Static_assert(sizeof(struct row) == 72, "row");

static struct bpf_program *prog;
static int clock_fd;

static uint64_t now(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* A clock that is right, with values whose bytes all differ. */
static struct row good_row(void)
{
	uint64_t mono = now(CLOCK_MONOTONIC), tai = now(CLOCK_TAI), utc = now(CLOCK_REALTIME);

	return (struct row){
		.updated = mono,
		.tai_minus_mono = tai - mono,
		.tai_offset = (tai - utc + SECOND / 2) / SECOND,
		.reference = 1700000000 * SECOND + SECOND / 4,
		.root_delay = 1234567,
		.root_dispersion = 345678,
		.drift = 15000,
		.reference_id = {192, 0, 2, 77},
		.stratum = 3,
		.precision = -24,
	};
}

static void put_row(const struct row *row)
{
	uint32_t key = 0;

	bpf_map_delete_elem(clock_fd, &key);
	if (row && bpf_map_update_elem(clock_fd, &key, row, BPF_ANY)) {
		printf("Bail out! cannot write the map clock\n");
		exit(1);
	}
}

/* --- Messages --- */

/* What a client sends that fills in all fields, as those of version 3 did. */
static const char request[MESSAGE] = "\x23\x02\x06\xe9\0\0\x12\x34\0\0\x56\x78\x7f\x01\x02\x03"
				     "\x11\x12\x13\x14\x15\x16\x17\x18\x21\x22\x23\x24\x25\x26\x27\x28"
				     "\x31\x32\x33\x34\x35\x36\x37\x38\x41\x42\x43\x44\x45\x46\x47\x48";

static uint64_t get(const uint8_t *at, int bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | *at++;
	return v;
}

static void put(uint8_t *at, int bytes, uint64_t v)
{
	for (; bytes--; v >>= 8)
		at[bytes] = v;
}

static uint64_t stamp(uint64_t ns)
{
	return (ns / SECOND + UNIX_EPOCH) << 32 | (uint64_t)((long double)(ns % SECOND) * 4294967296.0L / SECOND);
}

/* In seconds / 65536, rounded up. */
static uint32_t short_format(uint64_t ns)
{
	return (ns * 65536 + SECOND - 1) / SECOND;
}

/* The message that answers ASKED, but for what depends on the moment: dispersion, receive and transmit time. */
static void expected(const uint8_t *asked, const struct row *row, uint8_t *m)
{
	memset(m, 0, MESSAGE);
	m[0] = row->leap << 6 | (asked[0] & 0x38) | 4;
	m[1] = row->stratum;
	m[2] = asked[2];
	m[3] = row->precision;
	put(m + 4, 4, short_format(row->root_delay));
	memcpy(m + 12, row->reference_id, 4);
	put(m + 16, 8, stamp(row->reference));
	memcpy(m + 24, asked + 40, 8);
}

/* P must be answered by what ROW says, between BEFORE and now. */
static bool answered(const struct packet *p, const struct row *row)
{
	static uint8_t in[TEST_FRAME], want[TEST_FRAME];
	static struct test_run r;
	struct packet turned = packet_turned(*p);
	size_t len = packet_build(in, p), at = len - p->trailer - MESSAGE;
	uint64_t before, after, age, error, receive, transmit;
	uint8_t message[MESSAGE];

	before = now(CLOCK_REALTIME);
	test_run(prog, in, len, NULL, 0, 1, &r);
	after = now(CLOCK_REALTIME);
	if (r.failed || r.verdict != XDP_TX || r.len != len) {
		test_note("verdict %d, %zu bytes", r.verdict, r.len);
		return false;
	}
	expected(in + at, row, message);
	error = get(r.frame + at + 8, 4);
	receive = get(r.frame + at + 32, 8);
	transmit = get(r.frame + at + 40, 8);
	age = now(CLOCK_MONOTONIC) - row->updated;
	if (error < short_format(row->root_dispersion) ||
	    error > short_format(row->root_dispersion + (age / SECOND + 1) * row->drift)) {
		test_note("dispersion %#lx, age %lu ns", error, age);
		return false;
	}
	if (receive + 8 < stamp(before) || transmit != receive || transmit > stamp(after)) {
		test_note("times %#lx %#lx %#lx %#lx", stamp(before), receive, transmit, stamp(after));
		return false;
	}
	memcpy(message + 8, r.frame + at + 8, 4);
	memcpy(message + 32, r.frame + at + 32, 16);
	turned.payload = (char *)message;
	return test_bytes(r.frame, r.len, want, packet_build(want, &turned));
}

static bool left(const struct packet *p)
{
	static uint8_t in[TEST_FRAME];
	static struct test_run r;
	size_t len = packet_build(in, p);

	test_run(prog, in, len, NULL, 0, 1, &r);
	if (r.verdict != XDP_PASS)
		test_note("verdict %d", r.verdict);
	return !r.failed && r.verdict == XDP_PASS && test_bytes(r.frame, r.len, in, len);
}

/* --- Who is answered --- */

#define PORTS(from_port, to_port) .proto = IPPROTO_UDP, .sport = from_port, .dport = to_port
#define SAYS(text, length)	  .payload = text, .bytes = length
#define ASK			  PORTS(40000, 123), SAYS(request, MESSAGE)
#define V6			  .family = 6
#define LEFT			  .verdict = XDP_PASS

static const struct {
	const char *name;
	struct packet in;
} asked[] = {
	{"IPv4", {ASK}},
	{"IPv6", {ASK, V6}},
	{"VLAN", {ASK, .vlans = 1, .vlan = {0x600a}}},
	{"QinQ, IPv6", {ASK, V6, .vlans = 2, .vlan = {100, 10}}},
	{"bytes behind IP's end", {ASK, .trailer = 6}},
	{"DF, id and traffic class stay", {ASK, .frag = 0x4000, .id = 0xbeef, .tos = 0xb8}},
	{"no checksum, IPv4", {ASK, .sum = SUM_ZERO}},
	{"checksum left to hardware, IPv4", {ASK, .sum = SUM_PARTIAL}},
	{"checksum left to hardware, IPv6", {ASK, V6, .sum = SUM_PARTIAL}},
	{"from port 123, as ntpd asks", {PORTS(123, 123), SAYS(request, MESSAGE)}},
	{"from port 1", {PORTS(1, 123), SAYS(request, MESSAGE)}},
	{"on another port, as the trigger says", {PORTS(40000, 1123), SAYS(request, MESSAGE)}},
	{"link-local", {ASK, .from = "fe80::1", .to = "fe80::2"}},
};

static const struct test_case passed_on[] = {
	{"from port 0", {PORTS(0, 123), SAYS(request, MESSAGE)}, LEFT},
	{"no checksum, IPv6", {ASK, V6, .sum = SUM_ZERO}, LEFT},
	{"wrong checksum, IPv4", {ASK, .sum = SUM_WRONG}, LEFT},
	{"wrong checksum, IPv6", {ASK, V6, .sum = SUM_WRONG}, LEFT},
	{"wrong IPv4 header checksum", {ASK, .bad_ip_sum = true}, LEFT},
	{"UDP length one less", {ASK, .l4_len = -1}, LEFT},
	{"UDP length one more", {ASK, .l4_len = 1}, LEFT},
	{"UDP length one more, into the padding", {ASK, .l4_len = 1, .ip_len = 1, .trailer = 1}, LEFT},
	{"router alert", {ASK, .options = "94040000"}, LEFT},
	{"destination options", {ASK, V6, .ext = "11000104 00000000", .ext_first = 60}, LEFT},
	{"first fragment", {ASK, .frag = 0x2000}, LEFT},
	{"atomic fragment, IPv6", {ASK, V6, .ext = "11000000 00000001", .ext_first = 44}, LEFT},
	{"to a broadcast MAC address", {ASK, .to_mac = mac_broadcast}, LEFT},
	{"to 224.0.1.1, NTP's multicast group", {ASK, .to = "224.0.1.1"}, LEFT},
	{"to 255.255.255.255", {ASK, .to = "255.255.255.255"}, LEFT},
	{"to ff02::101", {ASK, .to = "ff02::101"}, LEFT},
	{"from 127.0.0.1", {ASK, .from = "127.0.0.1"}, LEFT},
	{"from ::", {ASK, .from = "::", .to = "2001:db8::2"}, LEFT},
	{"TCP", {.proto = IPPROTO_TCP, .sport = 40000, .dport = 123, .tcp_flags = 2}, LEFT},
	{"ARP", {.ether = 0x0806, .bytes = 28}, LEFT},
};

static void test_clients(const struct row *row)
{
	char m[MESSAGE];
	bool ok = true;

	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		test_ok(answered(&asked[i].in, row), "%s", asked[i].name);
	test_table(prog, passed_on, ARRAY_LEN(passed_on));
	for (int first = 0; first < 256; first++) {
		struct packet p = {PORTS(40000, 123), SAYS(m, MESSAGE)};
		int mode = first & 7, version = first >> 3 & 7;
		bool client = mode == 3 && (version == 3 || version == 4);

		memcpy(m, request, MESSAGE);
		m[0] = first;
		if (client ? answered(&p, row) : left(&p))
			continue;
		test_note("first byte %#x: mode %d, version %d", first, mode, version);
		ok = false;
	}
	test_ok(ok, "of every leap, version and mode, clients of version 3 and 4 are answered, all others passed on");
	memset(m, 0, MESSAGE);
	m[0] = 0x1b;
	test_ok(answered(&(struct packet){PORTS(40000, 123), SAYS(m, MESSAGE)}, row),
		"all zero but the first byte, as simple clients ask");
}

static void test_lengths(const struct row *row)
{
	char m[256] = {0};
	bool ok = true;

	memcpy(m, request, MESSAGE);
	for (size_t bytes = 0; bytes <= 200; bytes++) {
		struct packet p4 = {PORTS(40000, 123), SAYS(m, bytes)}, p6 = p4;

		p6.family = 6;
		if (bytes == MESSAGE ? answered(&p4, row) && answered(&p6, row) : left(&p4) && left(&p6))
			continue;
		test_note("%zu bytes", bytes);
		ok = false;
	}
	test_ok(ok, "of 0 to 200 bytes of payload, %d are answered, all others passed on", MESSAGE);
	test_truncated(prog, "IPv4", &(struct packet){ASK, .vlans = 1, .vlan = {1}}, XDP_PASS);
	test_truncated(prog, "IPv6", &(struct packet){ASK, V6}, XDP_PASS);
}

/* --- What the row says --- */

enum field { LEAP, STRATUM, AGE, STEPPED, LEAP_IN, DELAY, DISPERSION, DRIFT };

static const struct {
	const char *name;
	enum field field;
	int64_t value;
	bool answered;
} rows[] = {
	{"a leap second will be inserted", LEAP, 1, true},
	{"a leap second will be deleted", LEAP, 2, true},
	{"not synchronised", LEAP, 3, false},
	{"stratum 0", STRATUM, 0, false},
	{"stratum 1", STRATUM, 1, true},
	{"stratum 15", STRATUM, 15, true},
	{"stratum 16", STRATUM, 16, false},
	{"63 s old", AGE, 63 * SECOND, true},
	{"64 s and a ms old", AGE, 64 * SECOND + SECOND / 1000, false},
	{"from the future", AGE, -1000 * (int64_t)SECOND, false},
	{"the clock stepped by 0.5 ms", STEPPED, SECOND / 2000, false},
	{"the clock stepped by -0.5 ms", STEPPED, -(int64_t)SECOND / 2000, false},
	{"the kernel's TAI offset set to 37 s", STEPPED, 37 * SECOND, false},
	{"the kernel's TAI offset set back to 0", STEPPED, -37 * (int64_t)SECOND, false},
	{"a leap second in an hour", LEAP_IN, 3600 * SECOND, true},
	{"a leap second a ms ago", LEAP_IN, -(int64_t)SECOND / 1000, false},
	{"no delay", DELAY, 0, true},
	{"a delay of 16 s", DELAY, 16 * SECOND, true},
	{"a delay beyond 16 s", DELAY, 16 * SECOND + 1, false},
	{"no dispersion", DISPERSION, 0, true},
	{"a dispersion of 15.9 s", DISPERSION, 159 * SECOND / 10, true},
	{"a dispersion beyond 16 s", DISPERSION, 16 * SECOND + 1, false},
	{"a dispersion for which the sum is too large", DISPERSION, -1, false},
	{"a drift of 0.4 s a second", DRIFT, 4 * SECOND / 10, true},
	{"a drift that adds up to 16 s", DRIFT, 4294967295, false},
};

/* Each row is 10 s old, unless it says its age: what grows with it is seen to grow. */
static struct row row_with(enum field field, int64_t value)
{
	struct row row = good_row();

	row.updated -= field == AGE ? value : (int64_t)(10 * SECOND);
	switch (field) {
	case LEAP:
		row.leap = value;
		break;
	case STRATUM:
		row.stratum = value;
		break;
	case STEPPED:
		row.tai_minus_mono -= value;
		break;
	case LEAP_IN:
		row.leap_at = now(CLOCK_TAI) + value;
		break;
	case DELAY:
		row.root_delay = value;
		break;
	case DISPERSION:
		row.root_dispersion = value;
		break;
	case DRIFT:
		row.drift = value;
		break;
	default:
		break;
	}
	return row;
}

static bool grown(void)
{
	static uint8_t in[TEST_FRAME];
	static struct test_run r;
	struct row row = row_with(AGE, 60 * SECOND);
	uint32_t error;

	put_row(&row);
	test_run(prog, in, packet_build(in, &(struct packet){ASK}), NULL, 0, 1, &r);
	error = get(r.frame + 42 + 8, 4);
	return r.verdict == XDP_TX && error >= short_format(row.root_dispersion + 60 * row.drift);
}

/* The row tells when the clock was last looked at: not for each packet. */
static bool compared(void)
{
	const struct packet p = {ASK};
	struct row row = good_row(), seen = {0};
	uint32_t key = 0;

	put_row(&row);
	if (!answered(&p, &row) || bpf_map_lookup_elem(clock_fd, &key, &seen) || !seen.compared)
		return false;
	row.compared = seen.compared - 1;
	row.tai_minus_mono += SECOND;
	put_row(&row);
	return left(&p);
}

static void test_rows(void)
{
	const struct packet p = {ASK};

	put_row(NULL);
	test_ok(left(&p), "no row: passed on");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct row row = row_with(rows[i].field, rows[i].value);

		put_row(&row);
		test_ok(rows[i].answered ? answered(&p, &row) : left(&p), "%s: %s", rows[i].name,
			rows[i].answered ? "answered" : "passed on");
	}
	test_ok(compared(), "a clock that was right in another tick is looked at again");
	test_ok(grown(), "after 60 s the dispersion has grown by 900 us");
}

/* --- Mutation --- */

static const char *judge(const uint8_t *in, size_t in_len, const uint8_t *out, size_t out_len)
{
	size_t at = 14, version;

	if (out_len != in_len)
		return "another length";
	while (in[at - 2] == 0x81 || in[at - 2] == 0x88)
		at += 4;
	at += in[at - 1] == 0xdd ? 40 : 20;
	if (get(in + at + 4, 2) != 8 + MESSAGE || !get(in + at, 2))
		return "answered a message of another length, or from port 0";
	at += 8;
	version = in[at] >> 3 & 7;
	if ((in[at] & 7) != 3 || version < 3 || version > 4 || (out[at] & 0x3f) != version * 8 + 4)
		return "wrong mode or version";
	return memcmp(out + at + 24, in + at + 40, 8) ? "the client's time is not returned" : NULL;
}

static const struct packet corpus[] = {
	{ASK},
	{ASK, V6},
	{ASK, .vlans = 1, .vlan = {10}, .sum = SUM_PARTIAL},
	{ASK, V6, .vlans = 2, .vlan = {100, 10}},
	{ASK, .sum = SUM_ZERO, .trailer = 5},
	{ASK, .options = "94040000"},
	{ASK, V6, .ext = "11000502 00000100", .ext_first = 0},
	{PORTS(40000, 123), SAYS(request, 20)},
};

static int by_size(const void *a, const void *b)
{
	return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

/* Median of single runs: run again, an answer is no question any more. The kernel's timing is in it (`nothing`). */
static void bench(const char *name, const struct packet *p)
{
	static uint8_t in[TEST_FRAME];
	static uint32_t ns[20001];
	static struct test_run r;
	size_t len = packet_build(in, p);

	for (size_t i = 0; i < ARRAY_LEN(ns); i++) {
		test_run(prog, in, len, NULL, 0, 1, &r);
		ns[i] = r.ns;
	}
	qsort(ns, ARRAY_LEN(ns), sizeof(*ns), by_size);
	test_note("%-16s %u ns, verdict %d", name, ns[ARRAY_LEN(ns) / 2], r.verdict);
}

int main(int argc, char **argv)
{
	struct bpf_object *obj = test_load(argc > 1 ? argv[1] : NULL);
	struct row row = good_row();

	prog = test_prog(obj, "ntp");
	clock_fd = test_map(obj, "clock");
	put_row(&row);
	test_clients(&row);
	test_lengths(&row);
	test_judge = judge;
	test_fuzz(prog, corpus, ARRAY_LEN(corpus), 1000000, 1 << XDP_PASS | 1 << XDP_TX);
	test_rows();
	if (test_wants_bench(argc, argv)) {
		row = good_row();
		put_row(&row);
		bench("nothing", &(struct packet){.ether = 0x0806, .bytes = 28});
		bench("not a client", &(struct packet){PORTS(40000, 123), SAYS(request + 1, 47)});
		bench("client, IPv4", &(struct packet){ASK});
		bench("client, IPv6", &(struct packet){ASK, V6});
	}
	bpf_object__close(obj);
	return test_end();
}
