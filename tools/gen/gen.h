/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* gen.h - what kfaas-gen and its BPF programs share: kinds of requests, templates, slots, figures. */
#ifndef GEN_H
#define GEN_H

#include <linux/types.h>

#define GEN_CPUS      256	 /* CPUs that can be told apart */
#define GEN_THREADS   64	 /* that send; a power of two */
#define GEN_WINDOW    (1u << 16) /* requests of a thread that are remembered */
#define GEN_FRAME_MIN 64	 /* bytes; shorter ones are padded */
#define GEN_FRAME_MAX 1536	 /* a multiple of 8 */
#define GEN_PAYLOAD   16	 /* least payload of echo and ping: the token and a word */

enum gen_kind { GEN_ECHO, GEN_PING, GEN_DNS, GEN_NTP, GEN_SYN, GEN_RAW, GEN_KINDS };

/* What can be wrong with an answer, in the order in which it is looked for. */
enum gen_wrong {
	GEN_WRONG_LENGTH,  /* shorter or longer than the answer to any request, or UDP and IP do not agree */
	GEN_WRONG_TOKEN,   /* for our ports, but it says of no request that it belongs to it */
	GEN_WRONG_ADDRESS, /* not to the address and port the request came from */
	GEN_WRONG_IP_SUM,  /* IPv4's header checksum */
	GEN_WRONG_SUM,	   /* checksum of UDP, TCP, ICMP */
	GEN_WRONG_CONTENT, /* not what the request asks for */
	GEN_WRONGS
};

/* A request, all but what varies: those fields are zero, and left out of the sums. */
struct gen_template {
	__u16 len;	 /* bytes of the frame */
	__u16 l4_len;	 /* of UDP, TCP or ICMP with payload */
	__u16 checked;	 /* bytes behind the header or token that the answer must repeat */
	__u16 has_words; /* whole words in it */
	__u32 ip_sum;	 /* of IPv4's header */
	__u32 l4_sum;	 /* of L4 with its pseudo header */
	__u64 word[];	 /* as many for all, enough for the longest */
};
_Static_assert(sizeof(struct gen_template) == 16, "gen_template");

struct gen_address {
	__u32 word[4]; /* network order; IPv4 in the first */
};

enum gen_open { GEN_CLOSED, GEN_OPEN, GEN_GIVEN_UP };

/* A request under way. */
struct gen_slot {
	__u64 time; /* when it was made, of the sampled ones; else 0 */
	__u32 seq;
	__u32 open;	/* enum gen_open */
	__u32 ports;	/* source and destination, as in the packet */
	__u32 address;	/* source, its words folded into one */
	__u32 template; /* index */
	__u32 made;	/* in the kernel's ticks (jiffies) */
};
_Static_assert(sizeof(struct gen_slot) == 32, "gen_slot");

/* A thread that sends. In a line of the cache of its own. */
struct gen_thread {
	__u64 next;	/* number of the next request: those before it were sent, up to the limit */
	__u64 limit;	/* so many and no more */
	__u64 overrun;	/* requests that were unanswered when the window came round */
	__u64 began;	/* when the first request was made; 0: not yet */
	__u64 due;	/* at a rate: when the next request is, and ... */
	__u32 due_part; /* ... 2^-32 ns more */
	__u32 template_at, address_at, source_port_at, port_at;
	__u32 unused;
};
_Static_assert(sizeof(struct gen_thread) == 64, "gen_thread");

/* Log-linear: each power of two has 128 buckets, so a bucket is less than 1 % wide. */
#define GEN_HIST_BITS	 7
#define GEN_HIST_MAX_LOG 36 /* longer latencies count as 2^36 ns, a minute */
#define GEN_BUCKETS	 ((GEN_HIST_MAX_LOG - GEN_HIST_BITS + 1) << GEN_HIST_BITS)

/* Times in ns. */
struct gen_times {
	__u64 max;
	__u64 bucket[GEN_BUCKETS];
};

/* What a CPU received, and what it sent how late. */
struct gen_figures {
	__u64 answered;	  /* right, and the first */
	__u64 closed;	  /* requests that have an answer, right or wrong */
	__u64 duplicates; /* further answers to a request */
	__u64 late;	  /* answers to a request that was given up, or is older than the time-out */
	__u64 offloaded;  /* right ones with a checksum that was left to hardware, as virtual devices do */
	__u64 wrong[GEN_WRONGS];
	struct gen_times latency; /* of sampled requests that were answered rightly */
	struct gen_times behind;  /* of sampled requests, by the schedule; the maximum is that of all */
};

/* Both without branches that a verifier would have to follow. */
static inline __attribute__((always_inline)) __u32 gen_log2(__u64 v)
{
	__u32 log = 0, step;

	step = (v >> 32 != 0) << 5;
	v >>= step;
	log += step;
	step = (v >> 16 != 0) << 4;
	v >>= step;
	log += step;
	step = (v >> 8 != 0) << 3;
	v >>= step;
	log += step;
	step = (v >> 4 != 0) << 2;
	v >>= step;
	log += step;
	step = (v >> 2 != 0) << 1;
	v >>= step;
	log += step;
	return log + (v >> 1 != 0);
}

static inline __attribute__((always_inline)) __u32 gen_bucket(__u64 ns)
{
	__u32 shift;

	if (ns >= 1ull << GEN_HIST_MAX_LOG)
		return GEN_BUCKETS - 1;
	shift = gen_log2(ns >> GEN_HIST_BITS | 1);
	return (shift << GEN_HIST_BITS) + (__u32)(ns >> shift);
}

#endif
