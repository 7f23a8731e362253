/* SPDX-License-Identifier: Apache-2.0 */
/* send.h - a thread that makes the kernel send, on a CPU of its own, until the stop flag or the load's limit. */
#ifndef GEN_SEND_H
#define GEN_SEND_H

#include <pthread.h>
#include <stdatomic.h>

#include "load.h"

struct worker {
	const struct load *load;
	struct loaded *loaded;
	unsigned index;
	pthread_t thread;
	unsigned long long given_up;
	int rc; /* -errno */
	atomic_bool done;
};

/* For pthread_create. A signal to the thread ends the call into the kernel that is under way. */
void *worker_run(void *worker);

/* Requests that thread INDEX has sent; when it made the first, 0: it has not. */
unsigned long long sent_by(const struct loaded *o, unsigned index);
unsigned long long began_by(const struct loaded *o, unsigned index);

unsigned long long clock_now(void); /* ns, the clock that the programs in the kernel use */
void clock_sleep(unsigned long long ns);

#endif
