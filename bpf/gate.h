/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* gate.h - what a gate does with a frame. Most are like the last one of their CPU and lead to one plain
 * function: for these a gate is a few compares. All others are looked up. */
#ifndef KF_GATE_H
#define KF_GATE_H

#include "cache.h"
#include "chain.h"

/* A frame that is looked up. Small: the frames of those that call kf_invoke have to be less than 256 bytes together,
 * each rounded up to 32 (Linux 6.1). */
struct kf_matched {
	struct kf_flow flow;
	struct kf_run run;
};

enum kf_found {
	KF_FOUND_NOTHING,
	KF_FOUND_PLAIN,
	KF_FOUND_CHAINS, /* anything else */
};

/* NULL: a sample is due, or it is the first of all where none are taken. */
static __always_inline struct kf_account *kf_plain_account(__u32 plain, __u32 sample_mask)
{
	__u32 id = plain >> KF_PLAIN_ID & (KF_FUNCTIONS - 1);
	struct kf_account *a = bpf_map_lookup_elem(&kf_accounts, &id);

	return KF_UNLIKELY(!a) || KF_UNLIKELY(!(a->packets & sample_mask)) ? NULL : a;
}

/* The account of the function that a frame leads to because it is like this CPU's last. NULL: look it up. */
static __always_inline struct kf_account *kf_like_last(void *data, void *end, __u32 len, __u32 *plain)
{
	__u32 cpu = bpf_get_smp_processor_id(), sample_mask;
	__u64 now = bpf_jiffies64();
	const struct kf_quick *q = data;
	struct kf_cached *c;
	struct kf_key key;

	if (KF_UNLIKELY(cpu >= KF_CPUS) || KF_UNLIKELY(data + KF_QUICK_LEN > end))
		return NULL;
	c = kf_cached(cpu);
	key = kf_quick_key(q, KF_EGRESS, KF_ONCE(kf_control.gen));
	if (KF_UNLIKELY(!kf_cache_get(c, &key, now, plain, &sample_mask)) || KF_UNLIKELY(!kf_is_quick(q, len)))
		return NULL;
	return kf_plain_account(*plain, sample_mask);
}

/* Look the flow in M up. What is plain is in PLAIN, and holds until then (jiffies64). */
static __always_inline enum kf_found kf_find(kf_ctx *ctx, struct kf_matched *m, __u32 flags, __u32 *plain, __u64 *until)
{
	__u32 chain = kf_match(&m->flow, &m->run, flags);

	*until = bpf_jiffies64() + KF_LOCAL_JIFFIES;
	m->flow.any = flags & KF_GEN_ANY;
	m->flow.chain = chain;
	if (chain == KF_CHAIN_NONE)
		return m->flow.any ? KF_FOUND_CHAINS : KF_FOUND_NOTHING;
	*plain = kf_chain(&m->run, chain)->plain;
	if (flags & KF_GEN_ANY || *plain == KF_PLAIN_NONE)
		return KF_FOUND_CHAINS;
	if (!(*plain & KF_PLAIN_ANYWHERE) && !kf_is_local(ctx, &m->flow, until))
		return KF_FOUND_NOTHING;
	return KF_FOUND_PLAIN;
}

/* The long way. Global: looked at once by the verifier, and not with all that goes before. */
__noinline int kf_parse_and_find(kf_ctx *ctx, __u32 len, __u32 flags, struct kf_matched *m)
{
	__u32 plain;
	__u64 until;

	if (!m)
		return KF_FOUND_NOTHING;
	kf_read(ctx, len, m->run.gen, &m->flow);
	return kf_find(ctx, m, flags, &plain, &until);
}

static __always_inline enum kf_found kf_look_up(kf_ctx *ctx, void *data, void *end, __u32 len, struct kf_matched *m,
						__u32 *plain)
{
	__u32 cpu, gen = KF_ONCE(kf_control.gen);
	__u32 flags = kf_begin(&m->run, gen, KF_EGRESS ? KF_TC_EGRESS : KF_INGRESS);
	const struct kf_quick *q = data;
	enum kf_found found;
	struct kf_key key;
	__u64 until;

	if (!flags)
		return KF_FOUND_NOTHING;
	if (data + KF_QUICK_LEN <= end && kf_is_quick(q, len)) {
		key = kf_quick_key(q, KF_EGRESS, gen);
		if (kf_quick_flow(&key, len, &m->flow)) {
			found = kf_find(ctx, m, flags, plain, &until);
			if (found == KF_FOUND_PLAIN && (cpu = bpf_get_smp_processor_id()) < KF_CPUS)
				kf_cache_put(kf_cached(cpu), &key, until, *plain, m->run.sample_mask);
			return found;
		}
	}
	if (!(flags & (KF_GEN_ANY | KF_GEN_ETHER)) && kf_is_stray(data, end))
		return KF_FOUND_NOTHING;
	found = kf_parse_and_find(ctx, len, flags, m);
	if (found == KF_FOUND_PLAIN)
		*plain = kf_chain(&m->run, m->flow.chain)->plain;
	return found;
}

static __always_inline int kf_run_chains(kf_ctx *ctx, const struct kf_matched *m)
{
	int verdict;

	if (m->flow.any) {
		verdict = kf_run_chain(ctx, KF_CHAIN_ANY, &m->flow, &m->run);
		if (verdict != KF_GO_ON || m->flow.chain == KF_CHAIN_NONE)
			return verdict;
	}
	return kf_run_chain(ctx, m->flow.chain, &m->flow, &m->run);
}

/* KF_GO_ON: no verdict stands. */
static __always_inline int kf_gate(kf_ctx *ctx, void *data, void *end, __u64 len)
{
	__u32 plain;
	struct kf_account *a = kf_like_last(data, end, len, &plain);
	struct kf_matched m;
	enum kf_found found;

	if (KF_UNLIKELY(!a)) {
		found = kf_look_up(ctx, (void *)(long)ctx->data, (void *)(long)ctx->data_end, len, &m, &plain);
		if (found == KF_FOUND_NOTHING)
			return KF_GO_ON;
		if (found == KF_FOUND_PLAIN)
			a = kf_plain_account(plain, m.run.sample_mask);
		if (!a)
			return kf_run_chains(ctx, &m);
	}
	a->bytes += len;
	a->packets++;
	return kf_settle(plain >> KF_PLAIN_CONT & ((1 << KF_PLAIN_CONT_BITS) - 1), a,
			 kf_invoke(ctx, plain & ((1 << KF_PLAIN_ID) - 1)));
}

#endif
