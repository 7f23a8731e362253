/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h - what has to change so that what is deployed becomes what is wanted. Plain structs in and
 * out; nothing here touches the kernel. */
#ifndef KF_PLAN_H
#define KF_PLAN_H

#include <stddef.h>

#include "conf.h"

/* A function as it runs, or as it should. The pointers stay the caller's. */
struct plan_function {
	const struct function_conf *conf; /* effective: manifest, file and arguments laid over another */
	const char *digest;		  /* of the object that runs, or of the object file */
	unsigned hooks;			  /* bit per enum kf_hook; 0: not known, counts for all */
};

enum plan_kind {
	PLAN_REMOVE,
	PLAN_DEPLOY,
	PLAN_REPLACE, /* another object, other settings or data: a new revision */
	PLAN_UPDATE,  /* triggers, order, limits, names of files: no program is loaded */
	PLAN_KEEP,
};

struct plan_step {
	enum plan_kind kind;
	const char *name;
	const struct plan_function *now;    /* NULL: DEPLOY */
	const struct plan_function *wanted; /* NULL: REMOVE */
};

struct plan {
	struct plan_step *step; /* removals first, then as WANTED is ordered */
	size_t n;
	size_t n_changes; /* steps that are not KEEP */
};

int plan_make(struct plan *p, const struct plan_function *now, size_t n_now, const struct plan_function *wanted,
	      size_t n_wanted);
void plan_free(struct plan *p);

/* What one function alone cannot tell: names, and the limits of an interface and of a chain. */
int plan_check(const struct plan_function *wanted, size_t n, const char *where);

/* A step as a line: "+ deploy dns (udp/53)", "~ update dns: limit 1000/s -> 2000/s", "- remove old".
 * malloc'ed; NULL without memory. */
char *plan_step_text(const struct plan_step *s);

#endif
