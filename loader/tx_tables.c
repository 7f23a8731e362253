/* SPDX-License-Identifier: Apache-2.0 */
/* tx_tables.c - fill the generation that is not in force: tables, policies, flags. */
#include "runtime_internal.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "match.h"

static void policy_fill(struct kf_policy *p, const struct function_conf *c)
{
	*p = (struct kf_policy){.budget_ns = c->budget_ns};
	if (c->limit_rate) {
		p->interval = (1000000000ull << KF_LIMIT_SHIFT) / c->limit_rate;
		p->tolerance = p->interval * (c->limit_burst ? c->limit_burst - 1 : 0);
		p->flags |= p->tolerance >= KF_COARSE_TOLERANCE ? KF_LIMIT_COARSE : 0;
	}
	if (c->on_limit == OVER_DROP)
		p->flags |= KF_LIMIT_DROP;
	if (c->on_fuse == OVER_DROP)
		p->flags |= KF_FUSE_DROP;
}

static size_t match_input(const struct tx *t, struct match_function *in)
{
	size_t n = 0;

	for (__u32 id = 0; id < KF_FUNCTIONS; id++) {
		const struct target *to = &t->to[id];
		const struct function_conf *c = &to->conf;

		if (!to->used || to->head.component >= 0)
			continue;
		in[n++] = (struct match_function){
			.name = c->name,
			.on = c->on,
			.n_on = c->n_on,
			.prio = c->prio,
			.hooks = to->head.hooks,
			.id = id,
			.slot = to->at.slot,
			.flags = (c->limit_rate ? KF_STEP_LIMIT : 0) | (c->budget_ns ? KF_STEP_FUSE : 0),
			.local = c->scope == SCOPE_LOCAL,
			.cont_xdp = c->continue_xdp,
			.cont_tc = c->continue_tc,
		};
	}
	return n;
}

/* The address table is one for both generations: take out what this half held, then put in. */
static int fill_addrs(struct state_gate *g, __u32 gen, const struct match *m)
{
	struct kf_addr_key key, next;
	void *from = NULL;

	while (!bpf_map_get_next_key(g->addrs, from, &next)) {
		if (next.gen == gen) {
			bpf_map_delete_elem(g->addrs, &next);
			from = NULL; /* begin anew: the key to go on from is gone */
			continue;
		}
		key = next;
		from = &key;
	}
	for (size_t i = 0; i < m->n_addrs; i++) {
		const struct match_addr *a = &m->addrs[i];
		__u32 chain = a->target;

		key = (struct kf_addr_key){
			.prefixlen = KF_ADDR_FIXED_BITS + a->prefixlen, .gen = gen, .chain = a->chain};
		memcpy(key.addr, a->addr, sizeof(key.addr));
		if (bpf_map_update_elem(g->addrs, &key, &chain, BPF_ANY))
			return fail(-errno, "cannot write the address table: %s", strerror(errno));
	}
	return 0;
}

static int fill_hook(struct tx *t, enum kf_hook hook, __u32 gen, const struct match_function *in, size_t n)
{
	struct state_gate *g = &t->s->gate[hook];
	struct match m = {0};
	int rc;

	if (!g->open) {
		t->s->control->g[gen].flags[hook] = 0;
		return 0;
	}
	m.rows = g->tables->row + gen * KF_ROWS;
	m.chains = g->tables->chain + gen * KF_CHAINS;
	m.brief = g->tables->brief + gen * 2 * KF_ROWS;
	rc = match_build(&m, hook, in, n);
	if (!rc)
		rc = fill_addrs(g, gen, &m);
	if (!rc)
		t->s->control->g[gen].flags[hook] = m.flags;
	match_free(&m);
	return rc;
}

static int zero_accounts(const struct state *s, __u32 id)
{
	int cpus = libbpf_num_possible_cpus();
	void *zeros = calloc(cpus > 0 ? cpus : 1, sizeof(struct kf_account));
	int rc = zeros ? 0 : -ENOMEM;

	for (int h = 0; h < KF_HOOKS && !rc; h++)
		if (s->gate[h].open && bpf_map_update_elem(s->gate[h].accounts, &id, zeros, BPF_ANY))
			rc = fail(-errno, "cannot clear the counters of a function: %s", strerror(errno));
	free(zeros);
	return rc;
}

int tx_tables(struct tx *t)
{
	__u32 gen = !state_gen(t->s);
	struct match_function *in = calloc(KF_FUNCTIONS, sizeof(*in));
	struct kf_generation *g = &t->s->control->g[gen];
	size_t n;
	int rc = 0;

	if (!in)
		return -ENOMEM;
	n = match_input(t, in);
	g->sample = t->iface.sample;
	g->sample_mask = t->iface.sample ? t->iface.sample - 1 : 0;
	for (__u32 id = 0; id < KF_FUNCTIONS && !rc; id++) {
		policy_fill(&t->s->policies[gen * KF_FUNCTIONS + id], &t->to[id].conf);
		if (t->to[id].used && t->to[id].fresh_id) {
			memset(&t->s->meters[id], 0, sizeof(t->s->meters[id]));
			rc = zero_accounts(t->s, id);
		}
	}
	for (int h = 0; h < KF_HOOKS && !rc; h++)
		rc = fill_hook(t, h, gen, in, n);
	free(in);
	return rc;
}
