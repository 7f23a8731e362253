/* SPDX-License-Identifier: Apache-2.0 */
/* runtime_internal.h - a change under way, between the files of the runtime module. */
#ifndef KF_RUNTIME_INTERNAL_H
#define KF_RUNTIME_INTERNAL_H

#include "runtime.h"

/* What will be deployed under an id. */
struct target {
	bool used;
	bool fresh_id;	   /* the id was free: its accounts start from zero */
	bool fresh_record; /* write the record */
	bool load;	   /* load change->function into a new slot, or share the slot of one like it */
	bool reuse_pins;   /* rollback: programs of the revision before go into a new slot */
	struct kf_index at;
	struct kf_head head;
	struct function_conf conf; /* a copy */
	struct change *change;	   /* what made it so, or NULL */
	struct kf_index old;	   /* in force now */
	__u32 old_prog[KF_HOOKS];  /* program ids in force now */
};

struct tx {
	struct state *s;
	const struct world *world;
	struct kf_iface_head iface;
	bool fresh_iface;
	__u32 iface_record;
	struct target *to; /* [KF_FUNCTIONS] */
	struct change *changes;
	size_t n_changes;
	struct hook_state attached[KF_HOOKS]; /* the gates that were not before */
};

/* tx_plan.c: changes into targets; nothing is touched. */
int tx_plan(struct tx *t);
void tx_free(struct tx *t);
/* tx_tables.c: fill the generation that is not in force. */
int tx_tables(struct tx *t);
/* tx_load.c: new programs into the kernel, pinned, in their slots; attach what is missing. */
int tx_load(struct tx *t);
int tx_attach(struct tx *t);
/* What the two did, in words. */
void tx_report(const struct tx *t);
void tx_name_revision(const struct target *t, char *buf, size_t size);

#endif
