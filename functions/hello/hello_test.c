// SPDX-License-Identifier: Apache-2.0
/* hello_test.c - the packet table of functions/hello, and with it of what kfaas.h offers for answers of another length,
 * settings and the log. */
#include <stdio.h>
#include <string.h>

#include "../test.h"

#define ASK	 .proto = IPPROTO_UDP, .sport = 40000, .dport = 1717
#define TOLD	 .payload = "\0\0\0\x2a", .bytes = 4
#define LEFT	 .verdict = XDP_PASS
#define BACK	 .proto = IPPROTO_UDP, .sport = 1717, .dport = 40000, .from_mac = mac_host, .to_mac = mac_client, .ttl = 60
#define BACK4	 BACK, .from = "192.0.2.2", .to = "192.0.2.1", TOLD
#define BACK6	 BACK, .from = "2001:db8::2", .to = "2001:db8::1", TOLD
#define ANSWERED .verdict = XDP_TX, .has_out = true

static const struct test_case cases[] = {
	{"a question shorter than the answer", {ASK, .bytes = 3}, LEFT},
	{"from a small service's port", {.proto = IPPROTO_UDP, .sport = 1023, .dport = 1717, .bytes = 8}, LEFT},
	{"from its own port", {.proto = IPPROTO_UDP, .sport = 1717, .dport = 1717, .bytes = 8}, LEFT},
	{"from the address it is sent to", {ASK, .from = "192.0.2.2", .bytes = 8}, LEFT},
	{"hop limit 1", {ASK, .ttl = 1, .bytes = 8}, LEFT},
	{"a question of the answer's length", {ASK, .bytes = 4}, ANSWERED, .out = {BACK4}},
	{"a long question", {ASK, .bytes = 1400}, ANSWERED, .out = {BACK4}},
	{"Ethernet padding goes", {ASK, .bytes = 4, .trailer = 14}, ANSWERED, .out = {BACK4}},
	{"IPv6", {ASK, .family = 6, .bytes = 9}, ANSWERED, .out = {BACK6}},
	{"VLAN", {ASK, .bytes = 8, .vlans = 1, .vlan = {10}}, ANSWERED, .out = {BACK4, .vlans = 1, .vlan = {10}}},
	{"QinQ, IPv6",
	 {ASK, .family = 6, .bytes = 8, .vlans = 2, .vlan = {9, 10}},
	 ANSWERED,
	 .out = {BACK6, .vlans = 2, .vlan = {9, 10}}},
	{"what IP says besides stays",
	 {ASK, .bytes = 8, .id = 0x1234, .tos = 8, .frag = 0x4000},
	 ANSWERED,
	 .out = {BACK4, .id = 0x1234, .tos = 8, .frag = 0x4000}},
	{"to a broadcast MAC address", {ASK, .bytes = 8, .to_mac = mac_broadcast}, LEFT},
	{"from a multicast address", {ASK, .bytes = 8, .from = "224.0.0.1"}, LEFT},
	{"options", {ASK, .bytes = 8, .options = "94040000"}, LEFT},
	{"extension header", {ASK, .bytes = 8, .family = 6, .ext = "11000104 00000000", .ext_first = 60}, LEFT},
	{"fragment", {ASK, .bytes = 8, .frag = 0x2000}, LEFT},
	{"wrong IPv4 header checksum", {ASK, .bytes = 8, .bad_ip_sum = true}, LEFT},
	{"UDP length one more", {ASK, .bytes = 8, .l4_len = 1}, LEFT},
	{"TCP", {.proto = IPPROTO_TCP, .sport = 40000, .dport = 1717}, LEFT},
};

static const struct packet corpus[] = {
	{ASK, .bytes = 30},
	{ASK, .bytes = 3},
	{ASK, .family = 6, .bytes = 200},
	{ASK, .vlans = 2, .vlan = {9, 10}, .trailer = 20},
	{ASK, .options = "94040000"},
};

static int on_record(void *ctx, void *data, size_t size)
{
	struct {
		uint64_t time;
		uint32_t cpu;
		uint8_t level, kind;
		uint16_t len;
		char text[112];
	} *r = data;

	if (size == sizeof(*r) && r->time && r->level == 2 && !r->kind && r->len == 12 &&
	    (!memcmp(r->text, "told IPv4 42", 12) || !memcmp(r->text, "told IPv6 42", 12)))
		++*(unsigned *)ctx;
	else
		test_note("a strange record: %zu bytes, level %d, kind %d, '%.*s'", size, r->level, r->kind, r->len,
			  r->text);
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_object *obj = test_load(argc > 1 ? argv[1] : NULL);
	struct bpf_program *prog = test_prog(obj, "hello");
	unsigned records = 0, answers = 0;
	struct ring_buffer *ring = ring_buffer__new(test_map(obj, "kfaas_log"), on_record, &records, NULL);

	test_hops_lowered = true;
	test_table(prog, cases, ARRAY_LEN(cases));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		answers += cases[i].verdict == XDP_TX;
	test_ok(ring && ring_buffer__consume(ring) >= 0 && records == answers,
		"a record in the log for each of %u answers", answers);
	test_truncated(prog, "IPv4", &corpus[0], XDP_PASS);
	test_truncated(prog, "IPv6", &corpus[2], XDP_PASS);
	test_fuzz(prog, corpus, ARRAY_LEN(corpus), 20000, 1 << XDP_PASS | 1 << XDP_TX);
	ring_buffer__free(ring);
	bpf_object__close(obj);
	return test_end();
}
