/* SPDX-License-Identifier: Apache-2.0 */
/* match.h - the functions' triggers, resolved into the tables one hook's gate matches with. Pure:
 * plain structs in, one generation's rows, chains and addresses out.
 *
 * The gate makes one or two look-ups; which trigger is the most specific one for a packet is decided
 * here, beforehand: port > port range (narrower first, then the lower first port) > IP protocol >
 * ethertype, and at each of these levels the longest `to` prefix before none. A level whose triggers
 * all have prefixes, none of which fits, leaves the packet to the next wider level. */
#ifndef KF_MATCH_H
#define KF_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "../bpf/abi.h"
#include "trigger.h"

/* A function that the gate invokes. Among equals (same trigger, same prio) the array's order counts. */
struct match_function {
	const char *name; /* for errors */
	const struct trigger *on;
	size_t n_on;
	int prio;	/* lower runs first */
	unsigned hooks; /* bit per enum kf_hook */
	__u16 id, slot; /* of struct kf_step */
	__u16 flags;	/* KF_STEP_LIMIT, KF_STEP_FUSE; KF_STEP_LOCAL is ours to set */
	bool local;	/* scope = local */
	__u16 cont_xdp, cont_tc;
};

struct match_addr {
	__u16 chain;	/* of the key */
	__u16 target;	/* the chain in its place, KF_CHAIN_NONE: no match */
	__u8 prefixlen; /* of ADDR, without KF_ADDR_FIXED_BITS */
	__u8 addr[16];
};

struct match {
	struct kf_row *rows;	 /* the caller's: room for KF_ROWS, all are written */
	struct kf_chain *chains; /* the caller's: room for KF_CHAINS, the first n_chains are written */
	__u32 *brief;		 /* the caller's: room for UDP's and TCP's ports, all are written */
	__u32 n_chains;
	struct match_addr *addrs; /* ours, see match_free */
	size_t n_addrs, room_addrs;
	__u32 flags; /* enum kf_gen_flags */
};

/* `brief` of a chain whose steps are there. NUMBER: its place. ANY: the `any` chain comes first. */
__u32 match_brief(enum kf_hook hook, const struct kf_chain *c, __u32 number, bool any);

/* Fill M (rows, chains and brief set, the rest zero or from an earlier call) for HOOK. Functions without
 * that hook are left out. -EINVAL if the tables cannot hold it; the error names what is too much. */
int match_build(struct match *m, enum kf_hook hook, const struct match_function *functions, size_t n);
void match_free(struct match *m); /* addrs; not the caller's rows and chains */

#endif
