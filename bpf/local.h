/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* local.h - is the packet for one of this host's own addresses? The kernel's routing tables
 * decide, at the moment; the answer is kept per CPU for KF_LOCAL_JIFFIES.
 *
 * bpf_fib_lookup says NOT_FWDED both for an own address and for one without a
 * route. The loader therefore has a routing rule for exactly this look-up
 * (loader/scope.c), behind the table of local addresses: whatever is not local
 * ends there as UNREACHABLE. It also says nothing (FWD_DISABLED) for a device
 * that does not forward, hence the look-up is made in the name of lo. */
#ifndef KF_LOCAL_H
#define KF_LOCAL_H

#include "cache.h"
#include "maps.h"
#include "parse.h"

#define KF_LO_IFINDEX 1

/* Addresses that are never answered for, however the routing tables stand. IPv6 link-local ones
 * are left to the kernel because bpf_fib_lookup does not look them up. */
static __always_inline bool kf_addr_never(const struct kf_flow *f, bool lo)
{
	__u8 first = f->ether == ETH_P_IP ? f->addr[1] >> 32 : f->addr[0];
	__u8 second = f->addr[0] >> 8;

	if (f->ether == ETH_P_IP)
		return first >= 224 || first == 0 || (first == 127 && !lo);
	if (first == 0xff || (first == 0xfe && (second & 0xc0) == 0x80))
		return true;
	return !f->addr[0] && f->addr[1] == bpf_cpu_to_be64(1) && !lo;
}

/* ADDR as in struct kf_flow, in two words. */
__noinline int kf_ask_fib(kf_ctx *ctx, __u64 high, __u64 low, __u32 ether)
{
	struct bpf_fib_lookup q = {
		.l4_protocol = KF_FIB_PROTO,
		.sport = bpf_htons(KF_FIB_SPORT),
		.dport = bpf_htons(KF_FIB_DPORT),
		.ifindex = KF_LO_IFINDEX,
	};
	long rc;

	if (ether == ETH_P_IP) {
		q.family = KF_AF_INET;
		q.ipv4_dst = low >> 32;
	} else {
		q.family = KF_AF_INET6;
		q.ipv6_dst[0] = high;
		q.ipv6_dst[1] = high >> 32;
		q.ipv6_dst[2] = low;
		q.ipv6_dst[3] = low >> 32;
	}
	rc = bpf_fib_lookup(ctx, &q, sizeof(q), 0);
	if (rc == BPF_FIB_LKUP_RET_FWD_DISABLED || rc < 0)
		kf_control.fib_refused++;
	return rc == BPF_FIB_LKUP_RET_NOT_FWDED;
}

enum kf_locality {
	KF_FOREIGN,
	KF_LOCAL,
	KF_UNASKED,
};

/* ASK: the routing tables, if it is not known. UNTIL: how long it is (jiffies64); not set if F's flags say it. */
static __always_inline enum kf_locality kf_locality(kf_ctx *ctx, const struct kf_flow *f, bool ask, __u64 *until)
{
	/* Bytes 15, 13 and 7. */
	__u32 key = (f->addr[1] >> 56 ^ f->addr[1] >> 40 ^ f->addr[0] >> 56) % KF_LOCALS;
	struct kf_local *l = bpf_map_lookup_elem(&kf_locals, &key);
	__u64 now = bpf_jiffies64();
	__u32 changes;
	bool local;

	if (f->flags & KF_FLOW_OWN)
		return KF_LOCAL;
	if (!(f->flags & KF_FLOW_IP) || f->flags & KF_FLOW_OTHER || !l)
		return KF_FOREIGN;
	changes = KF_ONCE(l->changes);
	*until = KF_ONCE(l->until);
	if (*until > now && KF_ONCE(l->addr[0]) == f->addr[0] && KF_ONCE(l->addr[1]) == f->addr[1]) {
		local = KF_ONCE(l->local);
		if (KF_ONCE(l->changes) == changes)
			return local ? KF_LOCAL : KF_FOREIGN;
	}
	if (!ask)
		return KF_UNASKED;
	local = !kf_addr_never(f, KF_IFINDEX(ctx) == KF_LO_IFINDEX) &&
		kf_ask_fib(ctx, f->addr[0], f->addr[1], f->ether);
	*until = now + KF_LOCAL_JIFFIES;
	if (kf_cache_begin(&l->until)) {
		KF_ONCE(l->changes)++;
		KF_ONCE(l->addr[0]) = f->addr[0];
		KF_ONCE(l->addr[1]) = f->addr[1];
		KF_ONCE(l->local) = local;
		KF_ONCE(l->until) = *until;
	}
	return local ? KF_LOCAL : KF_FOREIGN;
}

static __always_inline bool kf_is_local(kf_ctx *ctx, const struct kf_flow *f)
{
	__u64 until;

	return kf_locality(ctx, f, true, &until) == KF_LOCAL;
}

#endif
