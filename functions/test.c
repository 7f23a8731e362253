// SPDX-License-Identifier: Apache-2.0
/* test.c - the packet-table harness: builder, runner, an independent judge of answers, mutation, TAP. It shares no code
 * with what it tests: checksums here are summed byte by byte. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test.h"

const uint8_t mac_client[6] = {2, 0, 0, 0, 0, 1}, mac_host[6] = {2, 0, 0, 0, 0, 2};
const uint8_t mac_broadcast[6] = {255, 255, 255, 255, 255, 255}, mac_multicast[6] = {1, 0, 0x5e, 0, 0, 1};

static unsigned done, bad;

/* --- TAP --- */

void test_ok(bool ok, const char *fmt, ...)
{
	va_list ap;

	done++;
	bad += !ok;
	printf("%sok %u - ", ok ? "" : "not ", done);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void test_note(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

int test_end(void)
{
	printf("1..%u\n# %u passed, %u failed\n", done, done - bad, bad);
	return bad || !done;
}

static void dump_line(const char *mark, const uint8_t *b, size_t len, size_t at)
{
	printf("#  %s %04zx ", mark, at);
	for (size_t i = at; i < at + 16 && i < len; i++)
		printf(" %02x", b[i]);
	putchar('\n');
}

bool test_bytes(const void *got, size_t got_len, const void *want, size_t want_len)
{
	const uint8_t *g = got, *w = want;
	size_t longer = got_len > want_len ? got_len : want_len;
	int shown = 0;

	if (got_len == want_len && !memcmp(g, w, got_len))
		return true;
	test_note("%zu bytes, want %zu; differing lines (- got, + want):", got_len, want_len);
	for (size_t at = 0; at < longer && shown < 12; at += 16) {
		size_t a = at >= got_len ? 0 : got_len - at < 16 ? got_len - at : 16;
		size_t b = at >= want_len ? 0 : want_len - at < 16 ? want_len - at : 16;

		if (a == b && !memcmp(g + at, w + at, a))
			continue;
		dump_line("-", g, got_len, at);
		dump_line("+", w, want_len, at);
		shown++;
	}
	return false;
}

/* --- Building --- */

static void put16(uint8_t *at, unsigned v)
{
	at[0] = v >> 8;
	at[1] = v;
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v);
}

static unsigned get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

/* One's complement sum of big-endian words, folded, on top of SUM. */
static unsigned sum16(const uint8_t *b, size_t len, unsigned sum)
{
	for (size_t i = 0; i < len; i++) {
		sum += i & 1 ? b[i] : b[i] << 8;
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static unsigned pseudo16(const uint8_t *ip, int family, unsigned proto, size_t len)
{
	uint8_t tail[4] = {0, proto, len >> 8, len};
	unsigned sum = family == 4 ? sum16(ip + 12, 8, 0) : sum16(ip + 8, 32, 0);

	return sum16(tail, 4, sum);
}

/* Where PROTO has its checksum, from the L4 header on; -1: nowhere that we know. */
static int sum_place(int family, unsigned proto)
{
	if (proto == IPPROTO_UDP)
		return 6;
	if (proto == IPPROTO_TCP)
		return 16;
	return (family == 4 && proto == IPPROTO_ICMP) || (family == 6 && proto == IPPROTO_ICMPV6) ? 2 : -1;
}

/* The checksum that L4 at IP + L4_OFFSET, LEN bytes long, should have. */
static unsigned l4_sum(const uint8_t *ip, const uint8_t *l4, int family, unsigned proto, size_t len)
{
	int place = sum_place(family, proto);
	unsigned sum = proto == IPPROTO_ICMP ? 0 : pseudo16(ip, family, proto, len);

	sum = sum16(l4, place, sum);
	sum = sum16(l4 + place + 2, len - place - 2, sum);
	sum = ~sum & 0xffff;
	return !sum && proto == IPPROTO_UDP ? 0xffff : sum;
}

size_t test_hex(const char *hex, uint8_t *out, size_t size)
{
	size_t n = 0;
	unsigned v;

	for (; hex && *hex; hex++) {
		if (isspace((unsigned char)*hex))
			continue;
		if (n == size || sscanf(hex, "%2x", &v) != 1 || !isxdigit((unsigned char)hex[1])) {
			fprintf(stderr, "bad hex in a test: %s\n", hex);
			exit(2);
		}
		out[n++] = v;
		hex++;
	}
	return n;
}

static int family_of(const struct packet *p)
{
	if (p->family)
		return p->family;
	return (p->from && strchr(p->from, ':')) || (p->to && strchr(p->to, ':')) ? 6 : 4;
}

static void put_address(uint8_t *at, int family, const char *text, const char *v4, const char *v6)
{
	if (inet_pton(family == 4 ? AF_INET : AF_INET6, text ? text : family == 4 ? v4 : v6, at) != 1) {
		fprintf(stderr, "bad address in a test: %s\n", text);
		exit(2);
	}
}

static size_t build_l4(uint8_t *l4, const struct packet *p)
{
	size_t len = 0;

	switch (p->proto) {
	case IPPROTO_UDP:
		put16(l4, p->sport);
		put16(l4 + 2, p->dport);
		len = 8;
		break;
	case IPPROTO_TCP:
		put16(l4, p->sport);
		put16(l4 + 2, p->dport);
		put32(l4 + 4, p->tcp_seq);
		put32(l4 + 8, p->tcp_ack);
		len = 20 + test_hex(p->tcp_options, l4 + 20, 40);
		l4[12] = len / 4 << 4;
		l4[13] = p->tcp_flags;
		put16(l4 + 14, p->tcp_window ? p->tcp_window : p->tcp_shut ? 0 : 65535);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		l4[0] = p->type;
		l4[1] = p->code;
		put16(l4 + 4, p->icmp_id);
		put16(l4 + 6, p->seq);
		len = 8;
		break;
	}
	for (size_t i = 0; i < p->bytes; i++)
		l4[len + i] = p->payload ? (uint8_t)p->payload[i] : (uint8_t)(i * 7 + 1);
	len += p->bytes;
	if (p->proto == IPPROTO_UDP)
		put16(l4 + 4, len + p->l4_len);
	return len;
}

static void build_sum(uint8_t *ip, uint8_t *l4, size_t len, int family, const struct packet *p)
{
	int place = sum_place(family, p->proto);

	if (place < 0 || len < (size_t)place + 2)
		return;
	if (p->sum == SUM_RIGHT || p->sum == SUM_WRONG)
		put16(l4 + place, l4_sum(ip, l4, family, p->proto, len));
	if (p->sum == SUM_WRONG)
		l4[place] ^= 0x55;
	if (p->sum == SUM_PARTIAL)
		put16(l4 + place, pseudo16(ip, family, p->proto, len));
}

/* IP with all that is in it; returns its length. */
static size_t build_ip(uint8_t *ip, const struct packet *p)
{
	int family = family_of(p);
	size_t header = family == 4 ? 20 : 40, len;
	uint8_t *l4;

	header += test_hex(family == 4 ? p->options : p->ext, ip + header, 256);
	l4 = ip + header;
	if (family == 4) {
		ip[0] = 0x40 | header / 4;
		ip[1] = p->tos;
		put16(ip + 4, p->id);
		put16(ip + 6, p->frag);
		ip[8] = p->ttl ? p->ttl : 61;
		ip[9] = p->proto;
		put_address(ip + 12, 4, p->from, "192.0.2.1", NULL);
		put_address(ip + 16, 4, p->to, "192.0.2.2", NULL);
	} else {
		ip[0] = 0x60 | p->tos >> 4;
		ip[1] = p->tos << 4;
		put16(ip + 2, p->id);
		ip[6] = p->ext ? p->ext_first : p->proto;
		ip[7] = p->ttl ? p->ttl : 61;
		put_address(ip + 8, 6, p->from, NULL, "2001:db8::1");
		put_address(ip + 24, 6, p->to, NULL, "2001:db8::2");
	}
	len = build_l4(l4, p);
	build_sum(ip, l4, len, family, p);
	if (family == 4)
		put16(ip + 2, header + len + p->ip_len);
	else
		put16(ip + 4, header - 40 + len + p->ip_len);
	if (p->version_ihl)
		ip[0] = p->version_ihl;
	if (family == 4)
		put16(ip + 10, (~sum16(ip, header, 0) & 0xffff) ^ (p->bad_ip_sum ? 0x0100 : 0));
	return header + len;
}

size_t packet_build(uint8_t *frame, const struct packet *p)
{
	uint8_t *at = frame + 12;

	memset(frame, 0, TEST_FRAME);
	memcpy(frame, p->to_mac ? p->to_mac : mac_host, 6);
	memcpy(frame + 6, p->from_mac ? p->from_mac : mac_client, 6);
	for (int i = 0; i < p->vlans; i++, at += 4) {
		put16(at, i + 1 < p->vlans ? ETH_P_8021AD : ETH_P_8021Q);
		put16(at + 2, p->vlan[i]);
	}
	put16(at, p->ether ? p->ether : family_of(p) == 4 ? ETH_P_IP : ETH_P_IPV6);
	at += 2;
	at += p->ether ? build_l4(at, p) : build_ip(at, p);
	memset(at, 0xa5, p->trailer);
	return at - frame + p->trailer - p->cut;
}

struct packet packet_turned(struct packet p)
{
	struct packet t = p;
	int family = family_of(&p);

	t.from_mac = p.to_mac ? p.to_mac : mac_host;
	t.to_mac = p.from_mac ? p.from_mac : mac_client;
	t.from = p.to ? p.to : family == 4 ? "192.0.2.2" : "2001:db8::2";
	t.to = p.from ? p.from : family == 4 ? "192.0.2.1" : "2001:db8::1";
	t.sport = p.dport;
	t.dport = p.sport;
	t.ttl = 64;
	t.sum = SUM_RIGHT;
	if (p.proto == IPPROTO_ICMP || p.proto == IPPROTO_ICMPV6)
		t.type = p.proto == IPPROTO_ICMP ? 0 : 129;
	return t;
}

/* --- Running --- */

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, fmt, ap) : 0;
}

struct bpf_object *test_load(const char *path)
{
	struct bpf_object *obj;
	struct bpf_program *prog;
	int rc;

	libbpf_set_print(quiet);
	obj = path ? bpf_object__open_file(path, NULL) : NULL;
	if (!obj) {
		fprintf(stderr, "usage: TEST OBJECT.bpf.o [--bench]; cannot open %s\n", path ? path : "(none)");
		exit(2);
	}
	bpf_object__for_each_program(prog, obj)
	{
		const char *section = bpf_program__section_name(prog);

		if (!strncmp(section, "tc", 2))
			bpf_program__set_type(prog, BPF_PROG_TYPE_SCHED_CLS);
		bpf_program__set_expected_attach_type(prog, 0);
	}
	rc = bpf_object__load(obj);
	if (rc) {
		printf("Bail out! cannot load %s: %s\n", path, strerror(-rc));
		exit(1);
	}
	return obj;
}

struct bpf_program *test_prog(struct bpf_object *obj, const char *name)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, name);

	if (!prog) {
		printf("Bail out! no program %s\n", name);
		exit(1);
	}
	return prog;
}

int test_map(struct bpf_object *obj, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(obj, name);

	if (fd < 0) {
		printf("Bail out! no map %s\n", name);
		exit(1);
	}
	return fd;
}

int test_run(struct bpf_program *prog, const void *frame, size_t len, void *ctx, size_t ctx_len, uint32_t repeat,
	     struct test_run *r)
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = len, .data_out = r->frame,
		    .data_size_out = sizeof(r->frame), .ctx_in = ctx, .ctx_size_in = ctx_len, .ctx_out = ctx,
		    .ctx_size_out = ctx_len, .repeat = repeat);
	int rc = bpf_prog_test_run_opts(bpf_program__fd(prog), &o);

	r->failed = rc < 0;
	r->verdict = rc < 0 ? rc : (int)o.retval;
	r->len = o.data_size_out;
	r->ns = o.duration;
	return rc < 0 ? rc : 0;
}

/* --- Judging answers --- */

struct layout {
	size_t l3, l4, end; /* end: of IP */
	int family;
	unsigned proto;
	bool plain; /* neither options, extension headers nor a fragment */
};

static bool frame_layout(const uint8_t *f, size_t len, struct layout *l)
{
	unsigned type;

	memset(l, 0, sizeof(*l));
	for (l->l3 = 14; l->l3 <= len && l->l3 <= 22; l->l3 += 4) {
		type = get16(f + l->l3 - 2);
		if (type != ETH_P_8021Q && type != ETH_P_8021AD)
			break;
	}
	if (l->l3 > len || l->l3 > 22)
		return false;
	if (type == ETH_P_IP && len - l->l3 >= 20 && f[l->l3] >> 4 == 4) {
		l->family = 4;
		l->l4 = l->l3 + (f[l->l3] & 15) * 4;
		l->end = l->l3 + get16(f + l->l3 + 2);
		l->proto = f[l->l3 + 9];
		l->plain = l->l4 == l->l3 + 20 && !(get16(f + l->l3 + 6) & 0x3fff);
	} else if (type == ETH_P_IPV6 && len - l->l3 >= 40 && f[l->l3] >> 4 == 6) {
		l->family = 6;
		l->l4 = l->l3 + 40;
		l->end = l->l4 + get16(f + l->l3 + 4);
		l->proto = f[l->l3 + 6];
		l->plain = true;
	}
	return l->family && l->l4 >= l->l3 + 20 && l->end >= l->l4 && l->end <= len;
}

static bool l4_sum_right(const uint8_t *f, const struct layout *l)
{
	int place = sum_place(l->family, l->proto);
	unsigned want;

	if (place < 0 || l->end - l->l4 < (size_t)place + 2)
		return false;
	want = l4_sum(f + l->l3, f + l->l4, l->family, l->proto, l->end - l->l4);
	return get16(f + l->l4 + place) == want;
}

const char *answer_fault(const uint8_t *in, size_t in_len, const uint8_t *out, size_t out_len)
{
	struct layout i, o;
	size_t address, first;

	if (!frame_layout(in, in_len, &i) || !i.plain)
		return "answered what is not a whole, plain packet";
	if (!frame_layout(out, out_len, &o) || !o.plain || o.l3 != i.l3 || o.family != i.family || o.proto != i.proto)
		return "the answer is another kind of packet";
	if (memcmp(out, in + 6, 6) || memcmp(out + 6, in, 6) || memcmp(out + 12, in + 12, i.l3 - 12))
		return "MAC addresses not swapped, or VLAN tags changed";
	if ((out[0] | out[6]) & 1)
		return "answered a multicast or broadcast MAC address";
	address = i.family == 4 ? 4 : 16;
	first = i.family == 4 ? 12 : 8;
	if (memcmp(out + o.l3 + first, in + i.l3 + first + address, address) ||
	    memcmp(out + o.l3 + first + address, in + i.l3 + first, address))
		return "IP addresses not swapped";
	if (i.family == 4 && (sum16(in + i.l3, 20, 0) != 0xffff || sum16(out + o.l3, 20, 0) != 0xffff))
		return "IPv4 header checksum wrong, in the packet or its answer";
	if (out[o.l3 + (o.family == 4 ? 8 : 7)] != 64)
		return "hop limit is not 64";
	if (o.proto == IPPROTO_UDP && (get16(out + o.l4 + 4) != o.end - o.l4 || get16(in + i.l4 + 4) != i.end - i.l4))
		return "UDP length wrong, in the packet or its answer";
	if (o.proto == IPPROTO_TCP && (o.end - o.l4 < 20 || o.end - o.l4 < (size_t)(out[o.l4 + 12] >> 4) * 4))
		return "no whole TCP header in the answer";
	if ((o.proto == IPPROTO_UDP || o.proto == IPPROTO_TCP) &&
	    (memcmp(out + o.l4, in + i.l4 + 2, 2) || memcmp(out + o.l4 + 2, in + i.l4, 2)))
		return "ports not swapped";
	return l4_sum_right(out, &o) ? NULL : "L4 checksum wrong";
}

void test_table(struct bpf_program *prog, const struct test_case *cases, size_t n)
{
	static uint8_t in[TEST_FRAME], want[TEST_FRAME];
	static struct test_run r;

	for (const struct test_case *c = cases; c < cases + n; c++) {
		size_t len = c->hex ? test_hex(c->hex, in, sizeof(in)) : packet_build(in, &c->in);
		size_t want_len = len;
		struct packet turned = packet_turned(c->in);
		bool same;

		memcpy(want, in, len);
		if (c->out_hex)
			want_len = test_hex(c->out_hex, want, sizeof(want));
		else if (c->has_out || c->turned)
			want_len = packet_build(want, c->has_out ? &c->out : &turned);
		test_run(prog, in, len, NULL, 0, 1, &r);
		same = !r.failed && test_bytes(r.frame, r.len, want, want_len);
		if (r.failed || r.verdict != c->verdict)
			test_note("verdict %d, want %d%s", r.verdict, c->verdict, r.failed ? " (the run failed)" : "");
		test_ok(same && r.verdict == c->verdict, "%s", c->name);
	}
}

void test_truncated(struct bpf_program *prog, const char *name, const struct packet *p, int verdict)
{
	static uint8_t in[TEST_FRAME];
	static struct test_run r;
	size_t len = packet_build(in, p);
	bool ok = true;

	for (size_t cut = ETH_HLEN; ok && cut < len; cut++) {
		test_run(prog, in, cut, NULL, 0, 1, &r);
		ok = !r.failed && r.verdict == verdict && test_bytes(r.frame, r.len, in, cut);
		if (!ok)
			test_note("cut to %zu bytes: verdict %d", cut, r.verdict);
	}
	test_ok(ok, "%s, cut at each of %zu lengths", name, len - ETH_HLEN);
}

void test_sizes(struct bpf_program *prog, const char *name, struct packet p, size_t from, size_t to)
{
	static uint8_t in[TEST_FRAME], want[TEST_FRAME];
	static struct test_run r;
	bool ok = true;

	for (p.bytes = from; ok && p.bytes <= to; p.bytes++) {
		struct packet turned = packet_turned(p);
		size_t len = packet_build(in, &p), want_len = packet_build(want, &turned);

		test_run(prog, in, len, NULL, 0, 1, &r);
		ok = !r.failed && r.verdict == XDP_TX && test_bytes(r.frame, r.len, want, want_len);
		if (!ok)
			test_note("%zu bytes of payload: verdict %d", p.bytes, r.verdict);
	}
	test_ok(ok, "%s, each payload of %zu to %zu bytes", name, from, to);
}

void packet_zero_sum(struct packet *p, char text[2])
{
	static uint8_t frame[TEST_FRAME];
	struct layout l;
	unsigned zero = p->proto == IPPROTO_UDP ? 0xffff : 0, sum;
	size_t len;

	p->payload = text;
	p->bytes = 2;
	for (unsigned i = 0; i < 65536; i++) {
		text[0] = i >> 8;
		text[1] = i;
		len = packet_build(frame, p);
		if (!frame_layout(frame, len, &l))
			break;
		sum = get16(frame + l.l4 + sum_place(l.family, l.proto));
		if (sum == zero)
			return;
	}
	printf("Bail out! no payload gives a zero checksum\n");
	exit(1);
}

/* --- Mutation --- */

const char *(*test_judge)(const uint8_t *in, size_t in_len, const uint8_t *out, size_t out_len);
static uint64_t dice;

static unsigned roll(unsigned n)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (dice >> 16) % n;
}

/* Make checksums right again, so that a mutation gets beyond the first test. */
static void repair(uint8_t *f, size_t len)
{
	struct layout l;
	int place;

	frame_layout(f, len, &l);
	if (l.family == 4) {
		put16(f + l.l3 + 10, 0);
		put16(f + l.l3 + 10, ~sum16(f + l.l3, 20, 0) & 0xffff);
	}
	if (!frame_layout(f, len, &l))
		return;
	place = sum_place(l.family, l.proto);
	if (place >= 0 && l.end - l.l4 >= (size_t)place + 2)
		put16(f + l.l4 + place, l4_sum(f + l.l3, f + l.l4, l.family, l.proto, l.end - l.l4));
}

static size_t mutate(uint8_t *f, size_t len)
{
	static const uint8_t edges[] = {0, 1, 4, 5, 6, 7, 8, 17, 20, 40, 44, 58, 63, 64, 127, 128, 224, 254, 255};
	size_t head = len < 96 ? len : 96;

	switch (roll(6)) {
	case 0:
		f[roll(head)] ^= 1 << roll(8);
		break;
	case 1:
		f[roll(head)] = edges[roll(sizeof(edges))];
		break;
	case 2:
		f[roll(head)] = roll(256);
		break;
	case 3: /* another length for what the headers say */
		return ETH_HLEN + roll(len - ETH_HLEN + 1);
	case 4: {
		size_t more = roll(64);

		if (len + more > TEST_FRAME)
			break;
		for (size_t i = 0; i < more; i++)
			f[len + i] = roll(256);
		return len + more;
	}
	default: /* bytes moved within the headers */
		f[roll(head)] = f[roll(head)];
	}
	return len;
}

static unsigned from_env(const char *name, unsigned fallback)
{
	const char *s = getenv(name);

	return s && *s ? strtoul(s, NULL, 0) : fallback;
}

void test_fuzz(struct bpf_program *prog, const struct packet *corpus, size_t n, unsigned rounds, unsigned allowed)
{
	static uint8_t in[TEST_FRAME];
	static struct test_run r;
	unsigned seed = from_env("KFAAS_SEED", time(NULL)), answers = 0, refused = 0, i;
	bool tc = bpf_program__type(prog) == BPF_PROG_TYPE_SCHED_CLS;
	const char *fault = NULL;

	rounds = from_env("KFAAS_ROUNDS", rounds);
	dice = 0x9e3779b97f4a7c15ull ^ seed;
	for (i = 0; i < rounds && !fault; i++) {
		size_t len = packet_build(in, &corpus[roll(n)]);

		for (unsigned m = roll(4); m; m--)
			len = mutate(in, len);
		if (roll(2))
			repair(in, len);
		if (test_run(prog, in, len, NULL, 0, 1, &r)) {
			refused++; /* on TC the kernel takes no packet without a whole IP header */
			fault = tc && r.verdict == -EINVAL ? NULL : "the run failed";
		} else if (r.verdict + tc < 0 || r.verdict + tc > 31 || !(allowed & 1u << (r.verdict + tc))) {
			fault = "a verdict that is not allowed";
		} else if (r.verdict == (tc ? TC_ACT_REDIRECT : XDP_TX)) {
			fault = answer_fault(in, len, r.frame, r.len);
			if (!fault && test_judge)
				fault = test_judge(in, len, r.frame, r.len);
			answers++;
		} else if (!test_bytes(r.frame, r.len, in, len)) {
			fault = "passed on, but changed";
		}
		if (fault) {
			test_note("round %u, verdict %d, %zu bytes in:", i, r.verdict, len);
			for (size_t at = 0; at < len && at < 128; at += 16)
				dump_line(" ", in, len, at);
		}
	}
	if (refused == i && rounds)
		fault = "not one run";
	test_ok(!fault, "%s: %u mutated packets, %u answered, KFAAS_SEED=%u%s%s", bpf_program__name(prog), i - refused,
		answers, seed, fault ? ": " : "", fault ? fault : "");
}

bool test_wants_bench(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--bench"))
			return true;
	return false;
}

void test_bench(struct bpf_program *prog, const char *name, const struct packet *p)
{
	static uint8_t in[TEST_FRAME];
	static struct test_run r;
	size_t len = packet_build(in, p);
	unsigned best = ~0u;

	for (int i = 0; i < 7; i++)
		if (!test_run(prog, in, len, NULL, 0, 1000000, &r) && r.ns < best)
			best = r.ns;
	test_note("%-32s %4zu bytes: %u ns a packet, verdict %d", name, len, best, r.verdict);
}
