/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - see stats.h. */
#include "stats.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

void stats_add(struct kf_account *to, const struct kf_account *a)
{
	__u64 *t = (__u64 *)to;
	const __u64 *f = (const __u64 *)a;

	/* All its members are 64-bit counters. */
	for (size_t i = 0; i < sizeof(*a) / sizeof(*t); i++)
		t[i] += f[i];
}

int stats_read(const struct state *s, enum kf_hook hook, __u32 id, struct kf_account *sum)
{
	int cpus = libbpf_num_possible_cpus(), rc = 0;
	struct kf_account *all;

	memset(sum, 0, sizeof(*sum));
	if (!s->gate[hook].open)
		return -ENOENT;
	if (cpus < 0)
		return cpus;
	all = calloc(cpus, sizeof(*all));
	if (!all)
		return -ENOMEM;
	if (bpf_map_lookup_elem(s->gate[hook].accounts, &id, all))
		rc = fail(-errno, "cannot read the counters: %s", strerror(errno));
	for (int i = 0; i < cpus && !rc; i++)
		stats_add(sum, &all[i]);
	free(all);
	return rc;
}

unsigned long long stats_samples(const struct kf_account *a)
{
	unsigned long long n = 0;

	for (unsigned b = 0; b < KF_HIST; b++)
		n += a->hist[b];
	return n;
}

unsigned long long stats_percentile(const struct kf_account *a, double percent)
{
	unsigned long long n = stats_samples(a), seen = 0;

	if (!n)
		return 0;
	for (unsigned b = 0; b < KF_HIST; b++) {
		seen += a->hist[b];
		if (seen >= n * percent / 100)
			return 1ull << (b + 1);
	}
	return 1ull << KF_HIST;
}

const char *stats_verdict_name(enum kf_hook hook, unsigned index)
{
	static const char *const xdp[KF_VERDICTS] = {"ABORTED", "DROP",	    "PASS",
						     "TX",	"REDIRECT", [KF_VERDICT_OTHER] = "INVALID"};
	static const char *const tc[KF_VERDICTS] = {"UNSPEC", "OK",	"RECLASSIFY", "SHOT", "PIPE", "STOLEN",
						    "QUEUED", "REPEAT", "REDIRECT",   "TRAP", NULL,   "INVALID"};

	return index < KF_VERDICTS ? (hook == KF_XDP ? xdp : tc)[index] : NULL;
}
