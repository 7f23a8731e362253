/* SPDX-License-Identifier: Apache-2.0 */
/* runtime.h - an interface as a whole: what is deployed on it, and changing that. The only owner
 * of order and rollback.
 *
 * A change is prepared beside what runs (new programs in free slots, tables and
 * index in the generation that is not in force), put in force by one store,
 * and then what is no longer referred to is released. Undoing a failed change
 * and cleaning up after a killed one are the same act, runtime_clean: release
 * what the half not in force names and the half in force does not. */
#ifndef KF_RUNTIME_H
#define KF_RUNTIME_H

#include "conf.h"
#include "function.h"
#include "hook.h"
#include "state.h"

struct deployed {
	__u32 id;
	struct kf_index at;
	struct kf_head head;
	struct function_conf conf;
};

/* What the generation in force says. */
struct world {
	bool up; /* the interface record exists */
	struct kf_iface_head iface;
	struct deployed *fn; /* in the order of ids */
	size_t n;
};

enum change_kind { CHANGE_DEPLOY, CHANGE_REPLACE, CHANGE_UPDATE, CHANGE_REMOVE, CHANGE_ROLLBACK };

struct change {
	enum change_kind kind;
	struct function_conf conf; /* DEPLOY, REPLACE, UPDATE: effective; else only the name */
	struct function function;  /* DEPLOY, REPLACE: found (not opened) */
	bool keep_data;		   /* REPLACE */
	char *where;		   /* for errors: the config file and the section that asks for it; or NULL */
	char *text;		   /* in words, for who reports what was done; or NULL */
};

int world_read(const struct state *s, struct world *w);
void world_free(struct world *w);
struct deployed *world_find(const struct world *w, const char *name);
/* How commands begin: open what the user calls WORD (to read: with its gates' maps) and read what is deployed; not
 * up is an error. On an error nothing stays open, else world_close both. */
int world_open(struct state *s, struct world *w, const char *word, enum state_how how);
void world_close(struct state *s, struct world *w);
/* world_find, with the error of a command that was given the name. */
int world_get(const struct state *s, const struct world *w, const char *name, struct deployed **d);

void change_free(struct change *c);

/* Carry out all of C or nothing, with IFACE (NULL: as it is) for the interface's settings. Says which gates
 * came and went, once it is done; what C did is the caller's to say. */
int runtime_change(struct state *s, const struct kf_iface_head *iface, struct change *c, size_t n);

/* 1: the gates know the MAC addresses that lead here as they are now; 0: not any more; -errno. */
int runtime_macs(const struct state *s);

/* Before each command: interfaces renamed, deleted or made anew since the last one, `up`s that were
 * killed, namespaces that are gone. Says what it found and puts it in order. */
int runtime_sweep(void);
/* state_open, and what a killed command left is cleaned away. */
int runtime_open(struct state *s, const char *word, enum state_how how);
int runtime_clean(struct state *s);

/* Detach and remove everything of ours on this interface. */
int runtime_down(struct state *s);
/* What `up` switched on for the whole namespace ends with its last interface. */
int runtime_leave_netns(void);

/* A target for hook_*. */
void runtime_target(const struct state *s, enum kf_hook hook, struct hook_target *t);
/* Is HOOK's gate attached, and how. */
int runtime_gate(const struct state *s, enum kf_hook hook, struct hook_state *out);

#endif
