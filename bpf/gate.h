/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* gate.h - what a gate does with a frame. Most are to an address and a port of which their CPU knows what they lead to:
 * for these a gate is a few compares. All others are looked up. */
#ifndef KF_GATE_H
#define KF_GATE_H

#include "cache.h"
#include "chain.h"

/* What is known of a frame. Small: the frames of those that call kf_invoke have to be less than 256 bytes together,
 * each rounded up to 32 (Linux 6.1). */
struct kf_matched {
	struct kf_flow flow;
	struct kf_run run;
};

enum kf_found {
	KF_FOUND_UNKNOWN, /* what it leads to has to be looked up */
	KF_FOUND_NOTHING,
	KF_FOUND_PLAIN,	 /* a plain function */
	KF_FOUND_CHAINS, /* anything else */
};

static __always_inline bool kf_is_plain(__u32 brief)
{
	return (brief & KF_BRIEF_SLOT) != KF_BRIEF_CHAIN;
}

/* Invoke a plain function that is counted already, and take its time unless no samples are taken. Global: looked at
 * once by the verifier. */
__noinline int kf_invoke_timed(kf_ctx *ctx, __u32 slot, __u32 id)
{
	__u32 sample = kf_control.g[KF_ONCE(kf_control.gen) & 1].sample;
	struct kf_account *a = bpf_map_lookup_elem(&kf_accounts, &id);
	__u64 start;
	int verdict;

	if (!a)
		return KF_PASS;
	start = sample ? bpf_ktime_get_ns() : 0;
	verdict = kf_invoke(ctx, slot);
	if (start)
		kf_count_sample(a, bpf_ktime_get_ns() - start);
	return kf_settle(KF_CONT, a, verdict, KF_PASS);
}

/* Count the frame and invoke the function: every so many times, by the mask, timed. */
static __always_inline int kf_invoke_plain(kf_ctx *ctx, const struct kf_target *t)
{
	__u32 id = t->id;
	struct kf_account *a = bpf_map_lookup_elem(&kf_accounts, &id);

	if (a) {
		a->bytes += t->len;
		if (a->packets++ & t->sample_mask)
			return kf_settle(KF_CONT, a, kf_invoke(ctx, t->slot), KF_PASS);
	}
	return kf_invoke_timed(ctx, t->slot, id);
}

/* What follows is written in the order in which most frames go through it: clang keeps that for BPF, whatever it is
 * told of likelihood. */

/* CHANGES: of the entry, before anything else of it was read. If it has changed since, nothing is known. */
static __always_inline enum kf_found kf_known_to(struct kf_known *c, __u16 changes, __u32 gen,
						 const struct kf_target *t, struct kf_matched *m)
{
	if (KF_ONCE(c->changes) != changes)
		return KF_FOUND_UNKNOWN;
	if (t->slot != KF_SLOT_CHAIN)
		return KF_FOUND_PLAIN;
	m->flow = (struct kf_flow){
		.len = t->len,
		.flags = KF_FLOW_OWN, /* or no step asks for it */
		.chain = t->id,
		.any = kf_begin(&m->run, gen) & KF_GEN_ANY,
	};
	return KF_FOUND_CHAINS;
}

static __always_inline enum kf_found kf_known_same(struct kf_known *c, __u16 changes, __u32 gen, __u64 len,
						   struct kf_matched *m, struct kf_target *t)
{
	*t = (struct kf_target){
		.slot = KF_ONCE(c->slot),
		.id = KF_ONCE(c->id),
		.sample_mask = KF_ONCE(c->sample_mask),
		.len = len,
	};
	return kf_known_to(c, changes, gen, t, m);
}

static __always_inline enum kf_found kf_known_port(struct kf_known *c, __u16 changes, const struct kf_key *k,
						   __u32 half, __u64 len, struct kf_matched *m, struct kf_target *t)
{
	__u32 brief = kf_brief_of(k, half);

	if (brief < KF_ONCE(c->least))
		return KF_FOUND_UNKNOWN;
	*t = kf_target(brief, KF_ONCE(c->sample_mask), len);
	return kf_known_to(c, changes, k->gen, t, m);
}

/* One to another port, or of another protocol, to where the entry holds. */
static __always_inline enum kf_found kf_known_other(struct kf_known *c, __u16 changes, const struct kf_key *k,
						    __u64 len, struct kf_matched *m, struct kf_target *t)
{
	if (kf_is_udp(k))
		return kf_known_port(c, changes, k, 0, len, m, t);
	if (kf_is_tcp(k))
		return kf_known_port(c, changes, k, KF_ROWS, len, m, t);
	return KF_FOUND_UNKNOWN;
}

static __always_inline enum kf_found kf_known4(const struct kf_quick *q, __u64 len, __u32 cpu, __u64 now,
					       struct kf_matched *m, struct kf_target *t)
{
	struct kf_cached *c = kf_cached(cpu);
	__u16 changes = KF_ONCE(c->known.changes);
	union kf_end local = kf_quick_end(q, KF_EGRESS), differs;
	struct kf_key key = kf_quick_key(q, local, KF_ONCE(kf_control.gen));

	if (!kf_is_whole(q, len) || !kf_known_holds(&c->known, &key, now))
		return KF_FOUND_UNKNOWN;
	differs = kf_cache_differs(c, local);
	if (!differs.word && key.proto == KF_ONCE(c->known.proto))
		return kf_known_same(&c->known, changes, key.gen, len, m, t);
	if (!differs.addr)
		return kf_known_other(&c->known, changes, &key, len, m, t);
	return KF_FOUND_UNKNOWN;
}

static __always_inline enum kf_found kf_known6(const struct kf_quick6 *q, __u64 len, __u32 cpu, __u64 now,
					       struct kf_matched *m, struct kf_target *t)
{
	struct kf_cached6 *c = kf_cached6(cpu);
	__u16 changes = KF_ONCE(c->known.changes);
	struct kf_key key = kf_quick6_key(q, KF_EGRESS, KF_ONCE(kf_control.gen));
	__u64 addr[2];

	kf_quick6_addr(q, KF_EGRESS, addr);
	if (!kf_is_quick6(q, len, addr) || !kf_known_holds(&c->known, &key, now) || !kf_cache6_is_addr(c, addr))
		return KF_FOUND_UNKNOWN;
	if (key.port == KF_ONCE(c->port) && key.proto == KF_ONCE(c->known.proto))
		return kf_known_same(&c->known, changes, key.gen, len, m, t);
	return kf_known_other(&c->known, changes, &key, len, m, t);
}

/* What a frame leads to, as far as this CPU knows. */
static __always_inline enum kf_found kf_known(kf_ctx *ctx, struct kf_matched *m, struct kf_target *t)
{
	__u64 len = kf_len(ctx);
	__u64 now = bpf_jiffies64();
	__u32 cpu = bpf_get_smp_processor_id();
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + KF_QUICK_LEN > end)
		return KF_FOUND_UNKNOWN;
	if (kf_is_ip4(data))
		return kf_known4(data, len, cpu, now, m, t);
	if (data + KF_QUICK6_LEN <= end)
		return kf_known6(data, len, cpu, now, m, t);
	return KF_FOUND_UNKNOWN;
}

/* Look the flow in M up. What is known of others like it is in BRIEF, and holds until then (jiffies64; 0: nothing). */
static __always_inline enum kf_found kf_find(kf_ctx *ctx, struct kf_matched *m, __u32 flags, __u32 *brief, __u64 *until)
{
	__u32 chain = kf_decide(&m->flow, &m->run, kf_match(&m->flow, &m->run, flags));
	enum kf_locality where;
	bool plain;

	*until = 0;
	m->flow.any = flags & KF_GEN_ANY;
	m->flow.chain = chain;
	if (chain == KF_CHAIN_NONE && !m->flow.any && !(m->flow.flags & KF_FLOW_BY_ADDR))
		return KF_FOUND_NOTHING;
	*brief = kf_chain(&m->run, chain)->brief;
	plain = kf_is_plain(*brief);
	if (*brief & KF_BRIEF_ANYWHERE) {
		*until = bpf_jiffies64() + KF_LOCAL_JIFFIES;
		return plain ? KF_FOUND_PLAIN : KF_FOUND_CHAINS;
	}
	where = kf_locality(ctx, &m->flow, !m->flow.any, until); /* `any` may leave no step to ask for it */
	if (where == KF_LOCAL) {
		m->flow.flags |= KF_FLOW_OWN;
		return plain ? KF_FOUND_PLAIN : KF_FOUND_CHAINS;
	}
	*until = 0;
	if (where == KF_FOREIGN)
		m->flow.flags |= KF_FLOW_OTHER;
	return plain ? KF_FOUND_NOTHING : KF_FOUND_CHAINS; /* of which some step may not ask */
}

/* Does it hold for this address alone? */
static __always_inline bool kf_is_exact(const struct kf_flow *f, __u32 brief)
{
	return f->flags & KF_FLOW_BY_ADDR || !(brief & KF_BRIEF_ANYWHERE);
}

/* The frame in M was found to lead to BRIEF. */
static __always_inline void kf_remember6(kf_ctx *ctx, __u32 len, const struct kf_matched *m, __u32 gen, __u32 brief,
					 __u64 until)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct kf_quick6 *q = data;
	struct kf_key key;

	if (data + KF_QUICK6_LEN > end || !(m->flow.flags & KF_FLOW_PORT) || !kf_is_quick6(q, len, m->flow.addr))
		return;
	key = kf_quick6_key(q, KF_EGRESS, gen);
	if (q->next == m->flow.proto) /* else there are extension headers */
		kf_cache6_put(kf_cached6(bpf_get_smp_processor_id()), &key, m->flow.addr, kf_is_exact(&m->flow, brief),
			      until, brief, m->run.sample_mask);
}

/* The long way. Global: looked at once by the verifier, and not with all that goes before. GEN: kf_control.gen. */
__noinline int kf_parse_and_find(kf_ctx *ctx, __u32 len, __u32 flags, __u32 gen, struct kf_matched *m)
{
	enum kf_found found;
	__u32 brief;
	__u64 until;

	if (!m)
		return KF_FOUND_NOTHING;
	kf_read(ctx, len, m->run.gen, &m->flow);
	found = kf_find(ctx, m, flags, &brief, &until);
	if (until)
		kf_remember6(ctx, len, m, gen, brief, until);
	return found;
}

static __always_inline enum kf_found kf_look_up(kf_ctx *ctx, __u32 len, struct kf_matched *m, struct kf_target *t)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 gen = KF_ONCE(kf_control.gen);
	__u32 flags = kf_begin(&m->run, gen), brief;
	const struct kf_quick *q = data;
	enum kf_found found;
	union kf_end local;
	struct kf_key key;
	__u64 until;

	if (!flags)
		return KF_FOUND_NOTHING;
	if (data + KF_QUICK_LEN <= end && kf_is_quick(q, len)) {
		local = kf_quick_end(q, KF_EGRESS);
		key = kf_quick_key(q, local, gen);
		if (kf_quick_flow(&key, local.addr, len, &m->flow)) {
			found = kf_find(ctx, m, flags, &brief, &until);
			if (until)
				kf_cache_put(kf_cached(bpf_get_smp_processor_id()), &key, local,
					     kf_is_exact(&m->flow, brief), until, brief, m->run.sample_mask);
			if (found == KF_FOUND_PLAIN)
				*t = kf_target(brief, m->run.sample_mask, len);
			return found;
		}
	}
	if (!(flags & (KF_GEN_ANY | KF_GEN_ETHER)) && kf_is_stray(data, end))
		return KF_FOUND_NOTHING;
	found = kf_parse_and_find(ctx, len, flags, gen, m);
	if (found == KF_FOUND_PLAIN)
		*t = kf_target(kf_chain(&m->run, m->flow.chain)->brief, m->run.sample_mask, len);
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

static __always_inline int kf_gate(kf_ctx *ctx)
{
	struct kf_matched m;
	struct kf_target t;
	enum kf_found found = kf_known(ctx, &m, &t);
	int verdict;

	if (found == KF_FOUND_UNKNOWN)
		found = kf_look_up(ctx, kf_len(ctx), &m, &t);
	if (found == KF_FOUND_PLAIN)
		return kf_invoke_plain(ctx, &t);
	if (found == KF_FOUND_NOTHING)
		return KF_PASS;
	verdict = kf_run_chains(ctx, &m);
	return verdict == KF_GO_ON ? KF_PASS : verdict;
}

#endif
