/* SPDX-License-Identifier: Apache-2.0 */
/* run.h - the load itself: programs loaded and attached, threads that send, figures. */
#ifndef GEN_RUN_H
#define GEN_RUN_H

#include "template.h"

struct load {
	struct request request;
	struct templates templates;
	struct numbers cpus;		/* a thread on each */
	unsigned long long rate;	/* requests a second; 0: as fast as possible */
	unsigned long long count;	/* 0: no limit */
	unsigned long long outstanding; /* 0: open loop */
	unsigned long long sample;	/* time one in so many; 0: none */
	unsigned long long timeout_ms;
	double seconds; /* 0: no limit */
};

struct result {
	struct gen_figures figures; /* of all CPUs */
	unsigned long long sent;
	unsigned long long unsent; /* at a rate: due before the end, and not sent */
	bool link_down;		   /* the interface could not send, for a time at least */
	double seconds;		   /* of sending */
};

/* Send, wait for what is under way, and take everything off again. */
int run(const struct load *l, struct result *out);

#endif
