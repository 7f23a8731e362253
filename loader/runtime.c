/* SPDX-License-Identifier: Apache-2.0 */
/* runtime.c - carry out changes in order, undo them, and put in order what was left over. */
#include "runtime.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "link.h"
#include "log.h"
#include "runtime_internal.h"
#include "scope.h"
#include "util.h"

void change_free(struct change *c)
{
	function_conf_free(&c->conf);
	function_free(&c->function);
	free(c->where);
	free(c->text);
}

void runtime_target(const struct state *s, enum kf_hook hook, struct hook_target *t)
{
	*t = (struct hook_target){.hook = hook, .ifindex = s->ifindex, .owner_map = state_map_id(s->control_fd)};
	snprintf(t->ifname, sizeof(t->ifname), "%s", s->ifname);
	path_join(t->pin_dir, sizeof(t->pin_dir), "%s", s->dir);
}

int runtime_gate(const struct state *s, enum kf_hook hook, struct hook_state *out)
{
	struct hook_target t;

	runtime_target(s, hook, &t);
	return hook_find(&t, t.owner_map, out);
}

/* --- Cleaning --- */

static bool has_record(const struct kf_index *x, __u32 record)
{
	return record && (x->record == record || x->previous == record);
}

/* Is PROG a component that is in force? */
static bool component_known(void *arg, __u32 prog)
{
	const struct state *s = arg;
	const struct kf_index *now = s->index + state_gen(s) * KF_FUNCTIONS;
	struct kf_head head;

	for (__u32 id = 0; id < KF_FUNCTIONS; id++)
		if (now[id].record && !state_record_read(s, now[id].record, &head, sizeof(head), NULL) &&
		    head.component >= 0 && head.prog_id[KF_XDP] == prog)
			return true;
	return false;
}

/* Killed between attaching a component and writing its id down: then it is found by what the record knows. */
static int detach_component(struct state *s, const struct kf_head *head)
{
	struct hook_stray stray = {
		.run_prio = head->component,
		.name = head->prog_name,
		.since = head->loaded_at,
		.known = component_known,
		.arg = s,
	};
	struct hook_state found;
	struct hook_target t;
	int rc;

	runtime_target(s, KF_XDP, &t);
	if (head->prog_id[KF_XDP])
		return hook_detach(&t, head->prog_id[KF_XDP]);
	rc = hook_find_stray(&t, &stray, &found);
	if (rc)
		return rc;
	return found.attached ? hook_detach(&t, found.prog_id) : hook_clean(&t);
}

static int release_record(struct state *s, __u32 record)
{
	struct kf_head head;
	int rc = 0;

	if (!state_record_read(s, record, &head, sizeof(head), NULL) && head.component >= 0)
		rc = detach_component(s, &head);
	if (!rc)
		state_record_delete(s, record);
	return rc;
}

static void release_revision(struct state *s, __u32 id, const struct kf_index *now, __u16 revision)
{
	bool kept = now->record && (now->revision == revision || (now->previous && now->previous_revision == revision));

	if (revision && !kept)
		state_revision_remove(s, id, revision);
}

/* Components of a revision that is only kept for rollback must not run: the record stays, the
 * program goes. */
static int release_component(struct state *s, const struct kf_index *now)
{
	struct kf_head head;
	int rc;

	if (!now->previous || state_record_read(s, now->previous, &head, sizeof(head), NULL) || head.component < 0 ||
	    !head.prog_id[KF_XDP])
		return 0;
	rc = detach_component(s, &head);
	if (rc)
		return rc;
	head.prog_id[KF_XDP] = 0;
	return state_record_write(s, now->previous, &head, sizeof(head), NULL);
}

/* What a function no longer refers to: records, with the components they name, and pinned programs. */
static int release_function(struct state *s, __u32 id, const struct kf_index *now, const struct kf_index *other)
{
	__u32 records[] = {other->record, other->previous};
	int rc = 0;

	for (int i = 0; i < 2 && !rc; i++)
		if (records[i] && !has_record(now, records[i]))
			rc = release_record(s, records[i]);
	if (rc)
		return rc;
	release_revision(s, id, now, other->revision);
	release_revision(s, id, now, other->previous_revision);
	return release_component(s, now);
}

static void release_slots(struct state *s, const struct kf_index *now, const struct kf_index *other)
{
	char used[KF_SLOTS] = {0};

	for (__u32 id = 0; id < KF_FUNCTIONS; id++)
		if (now[id].record)
			used[now[id].slot] = 1;
	for (__u32 id = 0; id < KF_FUNCTIONS; id++) {
		__u32 slot = other[id].slot;

		if (!other[id].record || slot >= KF_SLOTS || used[slot])
			continue;
		for (int h = 0; h < KF_HOOKS; h++)
			if (s->gate[h].open)
				bpf_map_delete_elem(s->gate[h].functions, &slot);
	}
}

/* A TC gate that no function in force uses. */
static int release_gates(struct state *s, const struct kf_index *now, tell_fn *tell)
{
	unsigned used = 1u << KF_XDP;

	for (__u32 id = 0; id < KF_FUNCTIONS; id++) {
		struct kf_head head;

		if (now[id].record && !state_record_read(s, now[id].record, &head, sizeof(head), NULL))
			used |= head.hooks;
	}
	for (int h = KF_TC_INGRESS; h < KF_HOOKS; h++) {
		char dir[PATH_MAX];
		struct hook_target t;
		struct hook_state st;
		int rc;

		if (used & 1u << h)
			continue;
		state_gate_dir(s, h, dir, sizeof(dir));
		if (access(dir, F_OK)) /* not "is it open": a killed command may have left half of it */
			continue;
		runtime_target(s, h, &t);
		rc = runtime_gate(s, h, &st);
		if (!rc && st.attached) {
			rc = hook_detach(&t, st.prog_id);
			if (!rc)
				tell("%s: gate detached from %s", s->ifname, hook_name(h));
		}
		if (rc)
			return rc;
		hook_clean(&t);
		state_gate_remove(s, h);
	}
	return 0;
}

static int clean(struct state *s, tell_fn *tell)
{
	__u32 gen = state_gen(s);
	struct kf_index *now = s->index + gen * KF_FUNCTIONS, *other = s->index + !gen * KF_FUNCTIONS;
	struct kf_generation *g = &s->control->g[gen], *o = &s->control->g[!gen];
	int rc;

	if (!s->control->dirty)
		return 0;
	rc = state_grace();
	if (rc)
		return rc;
	for (int h = 0; h < KF_HOOKS; h++)
		state_gate_open(s, h, false);
	release_slots(s, now, other);
	for (__u32 id = 0; id < KF_FUNCTIONS; id++) {
		if (!other[id].record)
			continue;
		rc = release_function(s, id, &now[id], &other[id]);
		if (rc)
			return rc;
	}
	if (o->iface_record && o->iface_record != g->iface_record)
		state_record_delete(s, o->iface_record);
	rc = release_gates(s, now, tell);
	if (rc)
		return rc;
	memcpy(other, now, KF_FUNCTIONS * sizeof(*now));
	o->iface_record = g->iface_record;
	__atomic_store_n(&s->control->dirty, 0, __ATOMIC_SEQ_CST);
	return 0;
}

int runtime_clean(struct state *s)
{
	return clean(s, say);
}

/* --- Changing --- */

static int write_records(struct tx *t)
{
	int rc = 0;

	if (t->fresh_iface)
		rc = state_record_write(t->s, t->iface_record, &t->iface, sizeof(t->iface), NULL);
	for (__u32 id = 0; id < KF_FUNCTIONS && !rc; id++) {
		struct target *to = &t->to[id];
		char *text;

		if (!to->used || !to->fresh_record)
			continue;
		text = function_conf_record(&to->conf);
		if (!text)
			return -ENOMEM;
		to->head.text_len = strlen(text);
		rc = state_record_write(t->s, to->at.record, &to->head, sizeof(to->head), text);
		free(text);
	}
	return rc;
}

/* The half not in force becomes the journal of what is about to be made. */
static void write_journal(struct tx *t)
{
	__u32 gen = !state_gen(t->s);
	struct kf_index *index = t->s->index + gen * KF_FUNCTIONS;

	__atomic_store_n(&t->s->control->dirty, 1, __ATOMIC_SEQ_CST);
	for (__u32 id = 0; id < KF_FUNCTIONS; id++)
		index[id] = t->to[id].used ? t->to[id].at : (struct kf_index){0};
	t->s->control->g[gen].iface_record = t->iface_record;
}

/* Frames to these are for this host. */
static int write_macs(struct state *s)
{
	uint64_t macs[KF_MACS];
	int n = link_macs(s->ifindex, macs, KF_MACS);

	if (n < 0)
		return fail(n, "%s: the kernel does not tell its MAC addresses: %s; try again", s->ifname,
			    strerror(-n));
	if (n > (int)KF_MACS)
		warning("%s: more than %u MAC addresses lead to this host: frames to some go past functions of scope "
			"local; use `to PREFIX` or scope = any",
			s->ifname, KF_MACS);
	memcpy(s->control->g[!state_gen(s)].mac, macs, sizeof(macs));
	return 0;
}

int runtime_macs(const struct state *s)
{
	uint64_t now[KF_MACS];
	int n = link_macs(s->ifindex, now, KF_MACS);

	return n < 0 ? n : !memcmp(now, s->control->g[state_gen(s)].mac, sizeof(now));
}

/* A new revision starts with its fuse in. */
static void rearm(struct tx *t)
{
	for (__u32 id = 0; id < KF_FUNCTIONS; id++)
		if (t->to[id].used && (t->to[id].load || t->to[id].reuse_pins)) {
			struct kf_meter *m = &t->s->meters[id];

			m->mean_ns = m->over = m->blown = 0;
		}
}

static int prepare(struct tx *t)
{
	int rc = tx_plan(t);

	if (rc)
		return rc;
	write_journal(t);
	rc = state_gate_open(t->s, KF_XDP, true);
	if (!rc)
		rc = write_records(t);
	if (!rc)
		rc = tx_load(t);
	if (!rc)
		rc = tx_attach(t);
	if (!rc)
		rc = tx_tables(t);
	return rc;
}

int runtime_change(struct state *s, const struct kf_iface_head *iface, struct change *c, size_t n)
{
	struct world w;
	struct tx t = {.s = s, .world = &w, .changes = c, .n_changes = n};
	int rc = world_read(s, &w);

	if (rc)
		return rc;
	t.iface = iface ? *iface : w.iface;
	t.iface_record = s->control->g[state_gen(s)].iface_record;
	t.fresh_iface = iface && (!w.up || memcmp(iface, &w.iface, sizeof(*iface)));
	if (t.fresh_iface)
		t.iface_record = state_new_record(s);
	rc = prepare(&t);
	if (!rc)
		rc = write_macs(s);
	if (!rc) {
		state_flip(s);
		rearm(&t);
		tx_report(&t);
	}
	tx_free(&t);
	world_free(&w);
	if (rc) {
		clean(s, detail); /* what it takes off was never in force */
		return rc;
	}
	rc = runtime_clean(s);
	if (rc) {
		warning("%s: what this change replaced is not cleared away: %s; the next command tries again",
			s->ifname, *fail_text() ? fail_text() : strerror(-rc));
		fail_clear();
	}
	return 0;
}

/* --- Up and down --- */

int runtime_open(struct state *s, const char *word, enum state_how how)
{
	int rc = state_open(s, word, how);

	if (rc || how == STATE_READ)
		return rc;
	rc = runtime_clean(s);
	if (rc)
		state_close(s);
	return rc;
}

int runtime_leave_netns(void)
{
	char **names = NULL;
	size_t n = 0;
	int rc, lock = state_netns_lock();

	if (lock < 0)
		return lock == -ENOENT ? 0 : lock;
	rc = state_list(&names, &n);
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	if (!rc && !n) {
		scope_down();
		state_netns_remove();
	}
	close(lock);
	return rc;
}

int runtime_down(struct state *s)
{
	int rc, first = 0;

	/* What a killed command was about to make is in the half that is cleared next. */
	if (s->ifindex)
		first = runtime_clean(s);
	if (first)
		return first;
	/* Everything ends at once; then it is taken apart. */
	s->control->dirty = 1;
	memset(s->index + !state_gen(s) * KF_FUNCTIONS, 0, KF_FUNCTIONS * sizeof(*s->index));
	memset(&s->control->g[!state_gen(s)], 0, sizeof(s->control->g[0]));
	state_flip(s);
	if (s->ifindex)
		first = runtime_clean(s);
	for (int h = 0; h < KF_HOOKS && s->ifindex; h++) {
		struct hook_target t;
		struct hook_state st;

		runtime_target(s, h, &t);
		rc = hook_find(&t, t.owner_map, &st);
		if (!rc && st.attached)
			rc = hook_detach(&t, st.prog_id);
		if (!rc)
			rc = hook_clean(&t);
		first = first ? first : rc;
	}
	if (first)
		return first;
	rc = state_remove(s);
	return rc ? rc : runtime_leave_netns();
}
