/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* abi.h - what the gate (bpf/) and the loader (loader/) agree on: map keys, values, limits.
 *
 * Every table the gate matches with exists twice: two generations. The gate
 * reads kf_control.gen once a look-up and uses the half that its lowest bit
 * names; the loader fills the other half and then counts up, one aligned word. So whatever a
 * command changes (any number of functions, triggers, limits, hooks) takes
 * effect at once or not at all, also when the command is killed.
 */
#ifndef KF_ABI_H
#define KF_ABI_H

#include <linux/types.h>

#define KF_ABI 7u /* raised when anything changes its meaning or layout that the loader, too, reads or writes */

/* Functions deployed on one interface. Slots are where revisions live in the
 * program arrays; the spare ones hold the new revisions while they are built. */
#define KF_FUNCTIONS 1024u
#define KF_SLOTS     1032u  /* the spare ones pay an indirect jump, see invoke.h */
#define KF_TRIGGERS  4096u  /* on one interface, all functions together */
#define KF_CHAIN_LEN 8u	    /* functions of one chain */
#define KF_CHAINS    8192u  /* per generation and hook; 0 is "no match", 1 the `any` chain */
#define KF_ADDRS     16384u /* longest-prefix entries per hook, both generations */
#define KF_ROWS	     65536u /* of the lookup table, per generation */
#define KF_NAME_MAX  64u    /* a function's name, with its terminating zero */

#define KF_CHAIN_NONE 0u
#define KF_CHAIN_ANY  1u

enum kf_hook { KF_XDP, KF_TC_INGRESS, KF_TC_EGRESS, KF_HOOKS };

/* One per interface, shared by its gates and mapped by the loader. */
enum kf_gen_flags {
	KF_GEN_ANY = 1u << 0,	/* there is an `any` chain */
	KF_GEN_L4 = 1u << 1,	/* some trigger names a port or an IP protocol */
	KF_GEN_ETHER = 1u << 2, /* some trigger names an ethertype */
};

/* MAC addresses that are this host's on the interface: its own first, then those of the bridge or bond that it is in
 * and of VLAN and macvlan interfaces on it, as of the last change. The rest repeats the first. */
#define KF_MACS 8u

struct kf_generation {
	__u32 flags[KF_HOOKS]; /* enum kf_gen_flags; 0: this hook has nothing to do */
	__u32 sample_mask;     /* a packet is timed when (count & mask) == 0 */
	__u32 sample;	       /* 0: never time */
	__u32 iface_record;    /* loader: the interface's own record */
	__u64 mac[KF_MACS];    /* each as on the wire, then two zero bytes */
};

struct kf_control {
	__u32 abi;
	__u32 gen; /* counts up; its lowest bit is the half in force */
	struct kf_generation g[2];
	__u64 fib_refused; /* local-address look-ups the kernel would not answer (approximate) */
	__u32 next_record; /* loader: number of the next record */
	__u32 dirty;	   /* loader: a command is under way, or was killed; see runtime_clean */
};

/* Direct-indexed first step of the match: row N of the generation holds the
 * chain of port N, of ethertype N and (N < 256) of IP protocol N. The loader
 * has resolved port > range > protocol: a port's cell already holds the
 * protocol's chain if nothing more specific exists. */
struct kf_row {
	__u16 udp;
	__u16 tcp;
	__u16 ether;
	__u16 proto;
};

enum kf_step_flags {
	KF_STEP_LOCAL = 1u << 0, /* inbound: only for this host's own addresses */
	KF_STEP_LIMIT = 1u << 1, /* has a rate limit */
	KF_STEP_FUSE = 1u << 2,	 /* has a budget */
};

struct kf_step {
	__u16 slot; /* of the program array */
	__u16 id;   /* of accounts, policies, meters: stays when the revision changes */
	__u16 cont; /* verdicts after which the chain goes on: bit V for XDP, bit V + 1 for TC */
	__u16 flags;
};
/* `continue = pass`, the default. */
#define KF_CONT_XDP (1u << 2)			  /* XDP_PASS */
#define KF_CONT_TC  (1u << 0 | 1u << 1 | 1u << 4) /* TC_ACT_UNSPEC, OK, PIPE */

enum kf_chain_flags {
	KF_CHAIN_ADDR = 1u << 0, /* no steps: the address table has the chain in its place, or else `miss` is it */
};

struct kf_chain {
	__u16 n;
	__u16 flags;
	union {
		__u32 brief; /* the chain in a word, see below */
		__u32 miss;  /* of KF_CHAIN_ADDR */
	};
	struct kf_step step[KF_CHAIN_LEN];
};

/* A chain in brief. A plain one, of one step with neither limit nor budget, of which comes out what does with
 * KF_CONT_*: 1 + slot, id. Another: KF_BRIEF_CHAIN in the slot's place, its number in the id's. KF_BRIEF_ANYWHERE if no
 * step has KF_STEP_LOCAL. Where there is an `any` chain, which comes first, none is plain. KF_CHAIN_NONE, which has no
 * step, is as any other. */
#define KF_BRIEF_SLOT	  0x7ffu
#define KF_BRIEF_CHAIN	  0x7ffu
#define KF_BRIEF_ID	  11
#define KF_BRIEF_ANYWHERE (1u << 31)
#define KF_BRIEF_NONE	  0u
#define KF_SLOT_CHAIN	  (KF_BRIEF_CHAIN - 1)

/* One per gate, mapped by the loader: what most packets are matched with, both generations. */
struct kf_tables {
	/* By generation, UDP or TCP, port: its chain in brief; none where address or ethertype have a part in that. */
	__u32 brief[4 * KF_ROWS];
	struct kf_row row[2 * KF_ROWS];
	struct kf_chain chain[2 * KF_CHAINS];
};

/* Address table: longest prefix within (generation, chain). IPv4 addresses are
 * IPv4-mapped (::ffff:a.b.c.d), so a /24 is a /120 here. */
#define KF_ADDR_FIXED_BITS 32u
struct kf_addr_key {
	__u32 prefixlen; /* KF_ADDR_FIXED_BITS + prefix length of the mapped address */
	__u16 gen;
	__u16 chain;
	__u8 addr[16];
};

/* Per function and generation. Time in the limiter counts in 1/64 ns. */
#define KF_LIMIT_SHIFT 6
enum kf_policy_flags {
	KF_LIMIT_DROP = 1u << 0,   /* over the limit: drop; else pass by */
	KF_FUSE_DROP = 1u << 1,	   /* fuse blown: drop; else pass by */
	KF_LIMIT_COARSE = 1u << 2, /* the kernel's tick is time enough */
};
/* A burst as long as this outlasts some ticks (at most 10 ms, HZ 100), so no token is lost for want of a finer clock.
 */
#define KF_COARSE_TOLERANCE (40000000ull << KF_LIMIT_SHIFT)
struct kf_policy {
	__u64 interval;	 /* (1e9 << KF_LIMIT_SHIFT) / packets a second */
	__u64 tolerance; /* interval * (burst - 1) */
	__u32 budget_ns; /* mean run time that blows the fuse */
	__u32 flags;
};

/* What limiter and fuse remember of a function, over all CPUs. */
#define KF_FUSE_SAMPLES 16u /* consecutive samples with the mean over budget */
struct kf_meter {
	__u64 tat; /* GCRA's theoretical arrival time, KF_LIMIT_SHIFT units */
	__u32 mean_ns;
	__u32 over;
	__u32 blown;
	__u32 pad;
};

/* Per CPU, function and hook. */
#define KF_VERDICTS	 12u /* XDP: verdict V at [V]; TC: at [V + 1]; any other at [11] */
#define KF_VERDICT_OTHER 11u
#define KF_HIST		 32u /* bucket B: 2^B <= ns < 2^(B+1); the last takes all above */
struct kf_account {
	__u64 packets; /* invocations */
	__u64 bytes;
	__u64 verdict[KF_VERDICTS];
	__u64 missing; /* the slot had no program: treated as pass */
	__u64 limited; /* not invoked: over the rate limit */
	__u64 fused;   /* not invoked: fuse blown */
	__u64 pad;
	__u64 hist[KF_HIST]; /* of the sampled invocations */
};

/* What a CPU has found out last, of IPv4 and of IPv6, see cache.h. */
#define KF_CPUS		1024u /* those with a higher number share theirs */
#define KF_CACHE_MISSES 16u   /* that replace an entry: at most one in so many */
#define KF_CACHE_BUSY	1ull  /* UNTIL while an entry changes: long past */
struct kf_known {
	__u64 until; /* jiffies64 */
	__u64 mac, mac_mask;
	__u32 id; /* of the function that a frame of this protocol and port led to, or the chain's number */
	__be32 proto;
	__u32 least; /* that the word of another port has to be, to ask for no more than is compared */
	__u32 gen;
	__u16 slot;	   /* of the function, or KF_SLOT_CHAIN */
	__u16 sample_mask; /* of kf_generation; all ones also where no samples are taken */
	__u16 changes;
	__u16 misses;
};
struct kf_cached {
	struct kf_known known;
	__u64 end, end_mask; /* union kf_end */
} __attribute__((aligned(64)));
struct kf_cached6 {
	struct kf_known known;
	__u64 addr[2], addr_mask; /* the mask is for both */
	__be16 port;
} __attribute__((aligned(64)));

/* The kernel's answer to "is this address ours", kept for a moment, per CPU. */
#define KF_LOCALS	 64u
#define KF_LOCAL_JIFFIES 25 /* 25 to 250 ms, by the kernel's HZ */
struct kf_local {
	__u64 addr[2];
	__u64 until; /* jiffies64, or KF_CACHE_BUSY */
	__u32 local;
	__u32 changes;
};

/* The look-up that asks it carries values no packet has (protocol 253 is for
 * experiments, RFC 3692), so that a routing rule can tell it from traffic: see
 * loader/scope.c. Ports in host order. */
#define KF_FIB_PROTO 253
#define KF_FIB_SPORT 1
#define KF_FIB_DPORT 1

/* --- Only the loader reads and writes what follows. --- */

/* What is deployed under an id, per generation. record 0: nothing. The half that is not in force
 * is also the journal: what it names and the half in force does not is left over from the last
 * change, or from one that was killed. */
struct kf_index {
	__u32 record;	/* kf_record_key.record */
	__u32 previous; /* the record of the revision before, or 0 */
	__u16 slot;
	__u16 revision; /* of the pinned programs */
	__u16 previous_revision;
	__u16 pad;
};

/* A record: chunk 0 is struct kf_head, the following chunks are the function's
 * config section as INI text. Records never change once they are in force. */
#define KF_RECORD_IFACE 1u /* the interface's own record, chunk 0 is kf_iface_head */
struct kf_record_key {
	__u32 record;
	__u32 chunk;
};
#define KF_CHUNK 248u
struct kf_chunk {
	__u32 len;
	__u32 pad;
	__u8 bytes[KF_CHUNK];
};

struct kf_head {
	__u32 revision;
	__u32 hooks;		 /* bit per enum kf_hook */
	__u32 prog_id[KF_HOOKS]; /* kernel ids of its programs */
	__s32 component;	 /* libxdp run priority, or -1: invoked by the gate */
	char prog_name[16];	 /* of a component, as the kernel knows it */
	__u64 loaded_at;	 /* seconds since 1970 */
	char digest[72];	 /* SHA-256 of the object file, hex */
	__u32 text_len;
	__u32 pad;
};

struct kf_iface_head {
	__u32 ifindex;
	__u32 mode; /* enum mode of the loader, as asked for */
	__s32 run_prio;
	__u32 require; /* bits, as asked for */
	__u32 sample;
	__u32 pad;
	__u64 up_at;
};

#define KF_ASSERT_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)
KF_ASSERT_SIZE(kf_generation, 88);
KF_ASSERT_SIZE(kf_control, 200);
KF_ASSERT_SIZE(kf_row, 8);
KF_ASSERT_SIZE(kf_step, 8);
KF_ASSERT_SIZE(kf_chain, 72);
_Static_assert(KF_SLOTS < KF_BRIEF_CHAIN && KF_BRIEF_SLOT < 1u << KF_BRIEF_ID, "1 + a slot");
_Static_assert(KF_FUNCTIONS <= KF_CHAINS, "an id");
_Static_assert(KF_CHAINS <= KF_BRIEF_ANYWHERE >> KF_BRIEF_ID, "a chain's number");
KF_ASSERT_SIZE(kf_addr_key, 24);
KF_ASSERT_SIZE(kf_policy, 24);
KF_ASSERT_SIZE(kf_meter, 24);
KF_ASSERT_SIZE(kf_account, 400);
KF_ASSERT_SIZE(kf_cached, 64);
KF_ASSERT_SIZE(kf_cached6, 128);
KF_ASSERT_SIZE(kf_local, 32);
KF_ASSERT_SIZE(kf_index, 16);
KF_ASSERT_SIZE(kf_chunk, 256);

#endif
