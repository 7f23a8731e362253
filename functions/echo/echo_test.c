// SPDX-License-Identifier: Apache-2.0
/* echo_test.c - the packet table of functions/echo. */
#include "test.h"

#define UDP .proto = IPPROTO_UDP, .sport = 40000, .dport = 7
/* (a repeated run gets its own answer back) */
#define BENCH .proto = IPPROTO_UDP, .sport = 40000, .dport = 40001
#define V6  .family = 6
#define OPTIONS "94040000"			 /* router alert */
#define HOPOPTS "11 00 05020000 0100"		 /* router alert, then UDP */
#define FRAGMENT(offset) "11 00 " offset " 00000001"

static const struct test_case cases[] = {
	{"IPv4, 18 bytes", {UDP, .bytes = 18}, .verdict = XDP_TX, .turned = true},
	{"IPv6, 18 bytes", {UDP, V6, .bytes = 18}, .verdict = XDP_TX, .turned = true},
};

static const struct packet corpus[] = {
	{UDP, .bytes = 18},
	{UDP, V6, .bytes = 18},
};

int main(int argc, char **argv)
{
	struct bpf_object *obj = test_load(argc > 1 ? argv[1] : NULL);
	struct bpf_program *prog = test_prog(obj, "echo");

	test_table(prog, cases, ARRAY_LEN(cases));
	test_fuzz(prog, corpus, ARRAY_LEN(corpus), 20000, 1 << XDP_PASS | 1 << XDP_TX);
	if (test_wants_bench(argc, argv)) {
		test_bench(prog, "IPv4", &(struct packet){BENCH, .bytes = 22});
		test_bench(prog, "IPv4, other source port", &(struct packet){.proto = IPPROTO_UDP, .sport = 9, .dport = 7, .bytes = 22});
		test_bench(prog, "not IP", &(struct packet){UDP, .ether = 0x806, .bytes = 22});
		test_bench(prog, "IPv6", &(struct packet){BENCH, V6, .bytes = 22});
		for (size_t n = 0; n < 1500; n += n < 128 ? 16 : 128)
			test_bench(prog, "IPv4", &(struct packet){BENCH, .bytes = n});
		test_bench(prog, "IPv4", &(struct packet){BENCH, .bytes = 1472});
		test_bench(prog, "IPv4", &(struct packet){BENCH, .bytes = 3400});
	}
	bpf_object__close(obj);
	return test_end();
}
