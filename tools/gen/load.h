/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - the programs in the kernel and their tables, as run.c works with them. */
#ifndef GEN_LOAD_H
#define GEN_LOAD_H

#include "run.h"

#include "gen.skel.h"

/* How an open loop at a rate is kept. */
struct pace {
	bool single;	/* each request in a call of its own, asleep in between */
	unsigned batch; /* else: runs of the program from one sending to the next */
};

struct loaded {
	struct gen_bpf *skel;
	int link_fd; /* the attachment goes with this process, whatever ends it */
	struct gen_slot *slots;
	struct gen_figures *figures; /* a row for each CPU */
	size_t n_figures;
	struct pace pace;
};

int load_open(struct loaded *o, const struct load *l);
void load_close(struct loaded *o);

#endif
