/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - a client for http_test.c: a connection that sends segments through the program and reads what comes back,
 * and cookies made by the book. It shares no code with what it tests. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../test.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

static const uint8_t secret_now[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint8_t secret_before[16] = {99, 98, 97, [15] = 96};

static unsigned get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

/* --- SipHash-2-4, as its authors describe it, of any number of bytes --- */

static void sip_round(uint64_t v[4])
{
#define ROL(x, n) ((x) << (n) | (x) >> (64 - (n)))
	v[0] += v[1], v[1] = ROL(v[1], 13), v[1] ^= v[0], v[0] = ROL(v[0], 32);
	v[2] += v[3], v[3] = ROL(v[3], 16), v[3] ^= v[2];
	v[0] += v[3], v[3] = ROL(v[3], 21), v[3] ^= v[0];
	v[2] += v[1], v[1] = ROL(v[1], 17), v[1] ^= v[2], v[2] = ROL(v[2], 32);
}

static uint64_t siphash(const uint8_t key[16], const uint8_t *text, size_t len)
{
	uint64_t k[2], v[4], m;

	memcpy(k, key, 16);
	v[0] = k[0] ^ 0x736f6d6570736575, v[1] = k[1] ^ 0x646f72616e646f6d;
	v[2] = k[0] ^ 0x6c7967656e657261, v[3] = k[1] ^ 0x7465646279746573;
	for (size_t at = 0; at <= len; at += 8) {
		m = 0;
		memcpy(&m, text + at, len - at < 8 ? len - at : 8);
		if (len - at < 8)
			m |= (uint64_t)len << 56;
		v[3] ^= m;
		sip_round(v), sip_round(v);
		v[0] ^= m;
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The cookie for the sender of a frame: addresses as in IPv6, ports. L3: offset of its IP header. */
static uint64_t cookie(const uint8_t key[16], const uint8_t *frame, size_t l3)
{
	uint8_t text[36] = {[10] = 255, 255, [26] = 255, 255};

	if (frame[l3] >> 4 == 4) {
		memcpy(text + 12, frame + l3 + 12, 4);
		memcpy(text + 28, frame + l3 + 16, 4);
		memcpy(text + 32, frame + l3 + 20, 4);
	} else {
		memcpy(text, frame + l3 + 8, 32);
		memcpy(text + 32, frame + l3 + 40, 4);
	}
	return siphash(key, text, sizeof(text));
}

/* --- Segments --- */

struct segment {
	uint8_t flags;
	uint32_t seq, ack, value, echo;
	unsigned mss, window;
	bool stamped;
	size_t l3, len; /* len: of all TCP */
	const uint8_t *tcp;
	const char *text;
	size_t text_len;
};

static bool read_segment(const uint8_t *f, size_t len, struct segment *s)
{
	size_t l4, header;

	memset(s, 0, sizeof(*s));
	for (s->l3 = 14; s->l3 < 22 && (f[s->l3 - 2] == 0x81 || f[s->l3 - 2] == 0x88); s->l3 += 4)
		;
	l4 = s->l3 + (f[s->l3] >> 4 == 4 ? 20 : 40);
	if (len < l4 + 20)
		return false;
	s->len = f[s->l3] >> 4 == 4 ? get16(f + s->l3 + 2) - 20 : get16(f + s->l3 + 4);
	s->tcp = f + l4;
	s->seq = get32(s->tcp + 4);
	s->ack = get32(s->tcp + 8);
	s->flags = s->tcp[13];
	s->window = get16(s->tcp + 14);
	header = (s->tcp[12] >> 4) * 4;
	if (s->len > len - l4 || s->len < header)
		return false;
	for (size_t at = 20; at + 1 < header && s->tcp[at]; at += s->tcp[at] == 1 ? 1 : s->tcp[at + 1]) {
		if (s->tcp[at] != 1 && s->tcp[at + 1] < 2)
			break;
		if (s->tcp[at] == 2)
			s->mss = get16(s->tcp + at + 2);
		if (s->tcp[at] == 8) {
			s->stamped = true;
			s->value = get32(s->tcp + at + 2);
			s->echo = get32(s->tcp + at + 6);
		}
	}
	s->text = (const char *)s->tcp + header;
	s->text_len = s->len - header;
	return true;
}

/* --- A connection --- */

struct talk {
	struct bpf_program *prog;
	struct packet p; /* what the next segment is made from; seq and ack are kept up */
	bool stamps;
	uint32_t clock, last; /* our timestamps; the peer's last one */
	char options[32];
	int verdict;
	struct test_run run;
	struct segment got; /* the answer, if there was one */
	uint8_t sent[TEST_FRAME];
	size_t sent_len;
};

static bool is_answer(const struct talk *t)
{
	return t->verdict == (bpf_program__type(t->prog) == BPF_PROG_TYPE_XDP ? XDP_TX : TC_ACT_REDIRECT);
}
static bool is_taken(const struct talk *t)
{
	return t->verdict == (bpf_program__type(t->prog) == BPF_PROG_TYPE_XDP ? XDP_DROP : TC_ACT_SHOT);
}
static bool is_left(const struct talk *t)
{
	return t->verdict == (bpf_program__type(t->prog) == BPF_PROG_TYPE_XDP ? XDP_PASS : TC_ACT_UNSPEC);
}

/* An answer whose checksum is only begun, to a segment of that kind: it is, and is finished here as a driver would. */
static bool finish_sum(struct talk *t)
{
	uint8_t *f = t->run.frame, *check = (uint8_t *)t->got.tcp + 16;
	bool v6 = f[t->got.l3] >> 4 == 6;
	uint32_t sum = IPPROTO_TCP + t->got.len;

	for (size_t at = t->got.l3 + (v6 ? 8 : 12); f + at < t->got.tcp; at += 2)
		sum += get16(f + at);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	if (get16(check) != sum)
		return false;
	sum = 0;
	for (size_t at = 0; at < t->got.len; at++)
		sum += at & 1 ? t->got.tcp[at] : t->got.tcp[at] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	check[0] = ~sum >> 8;
	check[1] = ~sum;
	return true;
}

/* Send a segment as it is in P. False: the answer has a fault, or what is no answer was changed. */
static bool send_as_is(struct talk *t)
{
	const char *fault = NULL;

	t->sent_len = packet_build(t->sent, &t->p);
	test_run(t->prog, t->sent, t->sent_len, NULL, 0, 1, &t->run);
	t->verdict = t->run.verdict;
	memset(&t->got, 0, sizeof(t->got));
	if (t->run.failed)
		fault = "the run failed";
	else if (is_answer(t) && !read_segment(t->run.frame, t->run.len, &t->got))
		fault = "the answer is no TCP segment";
	else if (is_answer(t) && t->p.sum == SUM_PARTIAL && bpf_program__type(t->prog) != BPF_PROG_TYPE_XDP &&
		 !finish_sum(t))
		fault = "the answer's checksum is not begun";
	else if (is_answer(t))
		fault = answer_fault(t->sent, t->sent_len, t->run.frame, t->run.len);
	else if (!test_bytes(t->run.frame, t->run.len, t->sent, t->sent_len))
		fault = "not answered, but changed";
	if (fault)
		test_note("%s (verdict %d)", fault, t->verdict);
	return !fault;
}

static bool send_bytes(struct talk *t, uint8_t flags, const char *text, size_t len)
{
	t->p.tcp_flags = flags;
	t->p.payload = text;
	t->p.bytes = len;
	if (t->stamps) {
		snprintf(t->options, sizeof(t->options), "0101080a%08x%08x", ++t->clock, t->last);
		t->p.tcp_options = t->options;
	}
	return send_as_is(t);
}

static bool send_text(struct talk *t, uint8_t flags, const char *text)
{
	return send_bytes(t, flags, text, strlen(text));
}

/* Take the answer: what it says is ours to acknowledge. */
static void take(struct talk *t)
{
	t->p.tcp_seq = t->got.ack;
	t->p.tcp_ack = t->got.seq + t->got.text_len + !!(t->got.flags & (SYN | FIN));
	if (t->got.stamped)
		t->last = t->got.value;
}

/* Open a connection and acknowledge the SYN-ACK. */
static bool greet(struct talk *t)
{
	bool ok;

	t->p.proto = IPPROTO_TCP;
	t->p.dport = 80;
	t->p.tcp_seq = 0x12345678;
	t->p.tcp_ack = 0;
	t->p.tcp_flags = SYN;
	t->p.tcp_options = t->stamps ? "020405b4 0402080a 00000001 00000000 01030307" : "020405b4";
	t->p.payload = "";
	t->p.bytes = 0;
	ok = send_as_is(t) && is_answer(t) && t->got.flags == (SYN | ACK) && t->got.ack == 0x12345679 &&
	     t->got.stamped == t->stamps && t->run.len <= t->sent_len;
	t->p.tcp_options = NULL;
	take(t);
	return ok && send_text(t, ACK, "") && is_taken(t);
}

#endif
