/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* chain.h - a flow's chain, and the chain's functions in order. */
#ifndef KF_CHAIN_H
#define KF_CHAIN_H

#include "account.h"
#include "invoke.h"
#include "local.h"
#include "maps.h"
#include "parse.h"

/* A chain that came to its end: no verdict stood, the packet goes on. */
#define KF_GO_ON (-2000)

struct kf_run {
	__u32 gen;
	__u32 sample_mask; /* or KF_NO_SAMPLES */
};
#define KF_NO_SAMPLES (~0u)

static __always_inline bool kf_sample_due(const struct kf_run *r, const struct kf_account *a)
{
	return !(a->packets & r->sample_mask) && r->sample_mask != KF_NO_SAMPLES;
}

/* Masked behind the compiler's back, which would find the mask needless where an older verifier
 * (Linux 6.1) has lost sight of the bound. */
static __always_inline const struct kf_row *kf_row(const struct kf_run *r, __u32 n)
{
	__u32 i = r->gen * KF_ROWS + n;

	barrier_var(i);
	return &kf_tables.row[i & (2 * KF_ROWS - 1)];
}

static __always_inline const struct kf_chain *kf_chain(const struct kf_run *r, __u32 n)
{
	__u32 i = r->gen * KF_CHAINS + n;

	barrier_var(i);
	return &kf_tables.chain[i & (2 * KF_CHAINS - 1)];
}

static __always_inline __u32 kf_match(const struct kf_flow *f, const struct kf_run *r, __u32 flags)
{
	const struct kf_row *row;
	__u32 chain = KF_CHAIN_NONE;

	if (flags & KF_GEN_L4 && f->flags & KF_FLOW_PORT) {
		row = kf_row(r, f->port);
		chain = f->proto == IPPROTO_UDP ? row->udp : row->tcp;
	} else if (flags & KF_GEN_L4 && f->flags & KF_FLOW_IP) {
		chain = kf_row(r, f->proto)->proto;
	}
	if (chain == KF_CHAIN_NONE && flags & KF_GEN_ETHER)
		chain = kf_row(r, f->ether)->ether;
	return chain;
}

__noinline __u32 kf_match_addr(const struct kf_flow *f, __u32 gen, __u32 chain, __u32 miss)
{
	struct kf_addr_key key = {
		.prefixlen = KF_ADDR_FIXED_BITS + 128,
		.gen = gen,
		.chain = chain,
	};
	__u32 *hit;

	if (!f)
		return miss;
	__builtin_memcpy(key.addr, f->addr, sizeof(key.addr));
	hit = bpf_map_lookup_elem(&kf_addrs, &key);
	return hit ? *hit : miss;
}

/* CHAIN, or the one that it stands for if the address decides. F's flags say so, if it has one. */
static __always_inline __u32 kf_decide(struct kf_flow *f, const struct kf_run *r, __u32 chain)
{
	const struct kf_chain *c;

	if (chain == KF_CHAIN_NONE)
		return chain;
	c = kf_chain(r, chain);
	if (!(c->flags & KF_CHAIN_ADDR))
		return chain;
	if (!(f->flags & KF_FLOW_IP))
		return c->miss;
	f->flags |= KF_FLOW_BY_ADDR;
	return kf_match_addr(f, r->gen, chain, c->miss);
}

/* May the function be invoked now? Else its verdict in the function's place. */
static __always_inline bool kf_admit(const struct kf_step *s, const struct kf_run *r, struct kf_account *a,
				     struct kf_policy **policy, struct kf_meter **meter, int *verdict)
{
	__u32 id = s->id, key = r->gen * KF_FUNCTIONS + id;
	struct kf_policy *p = bpf_map_lookup_elem(&kf_policies, &key);
	struct kf_meter *m = bpf_map_lookup_elem(&kf_meters, &id);

	if (!p || !m)
		return true;
	*policy = p;
	*meter = m;
	if (s->flags & KF_STEP_FUSE && m->blown) {
		a->fused++;
		*verdict = p->flags & KF_FUSE_DROP ? KF_DROP : KF_GO_ON;
		return false;
	}
	if (s->flags & KF_STEP_LIMIT && kf_over_limit(p, m)) {
		a->limited++;
		*verdict = p->flags & KF_LIMIT_DROP ? KF_DROP : KF_GO_ON;
		return false;
	}
	return true;
}

/* Count what is no verdict, or none that has a count of its own. Out of the way of those that are. */
static __noinline int kf_settle_other(struct kf_account *a, int verdict, int go_on)
{
	if (verdict == KF_MISSING) {
		a->missing++;
		return go_on;
	}
	a->verdict[KF_VERDICT_OTHER]++;
	return KF_INVALID;
}

/* Count a function's verdict; GO_ON if the chain goes on after it. */
static __always_inline int kf_settle(__u32 cont, struct kf_account *a, int verdict, int go_on)
{
	__u32 index = verdict + KF_VERDICT_BASE;

	barrier_var(index); /* else clang may compare a copy, and Linux lose sight of the bound */
	if (index < KF_VERDICT_OTHER) {
		a->verdict[index]++;
		return cont & (1u << index) ? go_on : (int)index - KF_VERDICT_BASE;
	}
	return kf_settle_other(a, verdict, go_on);
}

static __always_inline int kf_step(kf_ctx *ctx, const struct kf_step *s, const struct kf_flow *f,
				   const struct kf_run *r)
{
	struct kf_policy *policy = NULL;
	struct kf_meter *meter = NULL;
	struct kf_account *a;
	__u64 start = 0;
	__u32 id = s->id;
	int verdict = KF_GO_ON;

	a = bpf_map_lookup_elem(&kf_accounts, &id);
	if (!a)
		return KF_GO_ON;
	if (s->flags & KF_STEP_LOCAL && !kf_is_local(ctx, f))
		return KF_GO_ON;
	if (s->flags & (KF_STEP_LIMIT | KF_STEP_FUSE) && !kf_admit(s, r, a, &policy, &meter, &verdict))
		return verdict;
	a->bytes += f->len;
	if (kf_sample_due(r, a))
		start = bpf_ktime_get_ns();
	a->packets++;

	verdict = kf_invoke(ctx, s->slot);

	if (start) {
		start = bpf_ktime_get_ns() - start;
		kf_count_sample(a, start);
		if (s->flags & KF_STEP_FUSE && policy && meter)
			kf_feed_fuse(policy, meter, start);
	}
	return kf_settle(s->cont, a, verdict, KF_GO_ON);
}

/* Global like kf_invoke: looked at once by the verifier, whatever the parse found. */
__noinline int kf_run_chain(kf_ctx *ctx, __u32 chain, const struct kf_flow *f, const struct kf_run *r)
{
	const struct kf_chain *c;
	int verdict;

	if (!f || !r)
		return KF_GO_ON;
	c = kf_chain(r, chain);
	for (__u32 i = 0; i < KF_CHAIN_LEN && i < c->n; i++) {
		verdict = kf_step(ctx, &c->step[i], f, r);
		if (verdict != KF_GO_ON)
			return verdict;
	}
	return KF_GO_ON;
}

/* enum kf_gen_flags. GEN: kf_control.gen, read once for all that is looked up. */
static __always_inline __u32 kf_hook_flags(__u32 gen)
{
	return kf_control.g[gen & 1].flags[KF_EGRESS ? KF_TC_EGRESS : KF_INGRESS];
}

static __always_inline __u32 kf_begin(struct kf_run *r, __u32 gen)
{
	const struct kf_generation *g;

	r->gen = gen & 1;
	g = &kf_control.g[r->gen];
	r->sample_mask = g->sample ? g->sample_mask : KF_NO_SAMPLES;
	return kf_hook_flags(gen);
}

#endif
