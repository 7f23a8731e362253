/* SPDX-License-Identifier: Apache-2.0 */
/* test.h - packet tables for BPF programs: build a frame from words, run a loaded program on it, compare verdict and
 * bytes, mutate, measure. Output is TAP. Nothing is attached anywhere.
 *
 *	build/functions/echo_test build/functions/echo.bpf.o [--bench]
 *
 * KFAAS_SEED=N repeats a fuzz run, KFAAS_ROUNDS=N makes it longer. */
#ifndef KFAAS_TEST_H
#define KFAAS_TEST_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEST_FRAME 3520 /* BPF_PROG_TEST_RUN takes a page, less headroom and tailroom */

/* --- Packets in words. What is left zero takes its default, so a plain one is short:
 *	{.proto = IPPROTO_UDP, .sport = 40000, .dport = 7, .bytes = 18} */
enum test_sum {
	SUM_RIGHT,
	SUM_ZERO,
	SUM_PARTIAL, /* as a sender leaves it to hardware: of the pseudo header only */
	SUM_WRONG,
};

struct packet {
	const uint8_t *from_mac, *to_mac; /* mac_client, mac_host */
	uint16_t ether;			  /* an ethertype other than IP's: the payload follows it */
	int vlans;			  /* tags; with two, the outer is 802.1ad */
	uint16_t vlan[3];		  /* their TCI */

	int family;	       /* 4 or 6; 0: 4, or what the addresses are */
	const char *from, *to; /* 192.0.2.1, 192.0.2.2; 2001:db8::1, 2001:db8::2 */
	uint8_t ttl, tos;      /* 61, 0 */
	uint16_t id, frag;     /* IPv4's, frag with flags: 0x2000 is MF */
	const char *options;   /* hex: IPv4 options (a multiple of 4 bytes) */
	const char *ext;       /* hex: IPv6 extension headers, each with its next header */
	uint8_t ext_first;     /* the type of the first */

	uint8_t proto;
	uint16_t sport, dport;
	uint8_t type, code; /* ICMP */
	uint16_t icmp_id, seq;
	uint8_t tcp_flags;
	uint32_t tcp_seq, tcp_ack;
	uint16_t tcp_window;	 /* 65535 */
	bool tcp_shut;		 /* its window is zero */
	const char *tcp_options; /* hex, a multiple of 4 bytes */
	const char *payload;	 /* text; NULL: a pattern of BYTES */
	size_t bytes;

	/* deliberately wrong */
	enum test_sum sum;
	bool bad_ip_sum;
	int ip_len, l4_len;  /* added to the length fields */
	uint8_t version_ihl; /* the first byte of IP, if not zero */
	size_t trailer;	     /* bytes behind IP's end */
	size_t cut;	     /* bytes cut off the end */
};

extern const uint8_t mac_client[6], mac_host[6], mac_broadcast[6], mac_multicast[6];

size_t packet_build(uint8_t *frame, const struct packet *p); /* FRAME: TEST_FRAME bytes; returns the length */
struct packet packet_turned(struct packet p); /* addresses and ports swapped, what was wrong made right, hop limit */
size_t test_hex(const char *hex, uint8_t *out, size_t size); /* blanks are skipped */

/* The hop limit of an answer to a packet that CAME with that: 64; if answers lower it one less than that, 64 at most.
 */
extern bool test_hops_lowered;
uint8_t test_hops(uint8_t came);

/* --- Programs */
extern uint32_t test_xdp_flags;			/* of XDP programs that are loaded from now on */
struct bpf_object *test_load(const char *path); /* as the loader does it; exits if it fails */
struct bpf_object *test_load_set(const char *path, const char *setting); /* SETTING, of type bool: true */
struct bpf_program *test_prog(struct bpf_object *obj, const char *name);
int test_map(struct bpf_object *obj, const char *name); /* its descriptor */

struct test_run {
	int verdict; /* or, if it failed, -errno of the run */
	bool failed;
	size_t len;
	uint8_t frame[TEST_FRAME + 256];
	uint32_t ns; /* mean, of `repeat` runs */
};
/* CTX: NULL, or a struct xdp_md or __sk_buff of CTX_LEN, which is also updated. */
int test_run(struct bpf_program *prog, const void *frame, size_t len, void *ctx, size_t ctx_len, uint32_t repeat,
	     struct test_run *r);

/* --- Checks */
void test_ok(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void test_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool test_bytes(const void *got, size_t got_len, const void *want, size_t want_len); /* a diff if they differ */
int test_end(void); /* plan and totals; main's exit code */

struct test_case {
	const char *name;
	struct packet in;
	const char *hex; /* instead of IN */
	int verdict;
	bool turned; /* the answer is packet_turned(in); else the frame must come back as it went in, unless: */
	struct packet out;
	bool has_out;
	const char *out_hex;
};
void test_table(struct bpf_program *prog, const struct test_case *cases, size_t n);
/* The packet cut at every length must give VERDICT and stay as it is. */
void test_truncated(struct bpf_program *prog, const char *name, const struct packet *p, int verdict);

/* P with every payload length from FROM to TO must be answered by packet_turned(). */
void test_sizes(struct bpf_program *prog, const char *name, struct packet p, size_t from, size_t to);
/* Two bytes of payload for which P's checksum comes out as zero (UDP writes 0xffff); TEXT holds them. */
void packet_zero_sum(struct packet *p, char text[2]);

/* NULL if OUT is a sound answer to IN: goes back where IN came from, lengths and checksums right. Else what is not. */
const char *answer_fault(const uint8_t *in, size_t in_len, const uint8_t *out, size_t out_len);

/* What mutations are made of: from 0 to N - 1, the same after the same seed. */
void test_roll_seed(unsigned seed);
unsigned test_roll(unsigned n);
unsigned test_env(const char *name, unsigned fallback); /* a number in the environment: KFAAS_SEED, KFAAS_ROUNDS */

/* Mutate packets of the corpus ROUNDS times. Every verdict must be in ALLOWED (XDP: bit V, TC: bit V + 1); an answer
 * (XDP_TX, TC_ACT_REDIRECT) must have no fault, nor one that the function's own judge finds; after any other verdict
 * the frame must be untouched. */
extern const char *(*test_judge)(const uint8_t *in, size_t in_len, const uint8_t *out, size_t out_len);
void test_fuzz(struct bpf_program *prog, const struct packet *corpus, size_t n, unsigned rounds, unsigned allowed);

void test_bench(struct bpf_program *prog, const char *name, const struct packet *p); /* a note: ns a packet */
bool test_wants_bench(int argc, char **argv);

#define ARRAY_LEN(a) (sizeof(a) / sizeof(*(a)))

#endif
