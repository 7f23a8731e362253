/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_stats.c - what the gates counted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "log.h"
#include "out.h"
#include "runtime.h"
#include "stats.h"

/* What was counted before the interval began, by id and hook; NULL without --interval. */
struct earlier {
	double seconds;
	__u64 packets[KF_FUNCTIONS][KF_HOOKS];
};

static double rate_of(const struct earlier *e, __u32 id, enum kf_hook hook, const struct kf_account *a)
{
	return (a->packets - e->packets[id][hook]) / e->seconds;
}

static struct json_object *hook_json(enum kf_hook hook, const struct kf_account *a)
{
	struct json_object *o = json_object_new_object(), *verdicts = json_object_new_object();
	struct json_object *latency = json_object_new_object(), *hist = json_object_new_array();

	json_num(o, "packets", a->packets);
	json_num(o, "bytes", a->bytes);
	for (unsigned v = 0; v < KF_VERDICTS; v++)
		if (stats_verdict_name(hook, v))
			json_num(verdicts, stats_verdict_name(hook, v), a->verdict[v]);
	json_object_object_add(o, "verdicts", verdicts);
	json_num(o, "missing", a->missing);
	json_num(o, "limited", a->limited);
	json_num(o, "fused", a->fused);
	json_num(latency, "samples", stats_samples(a));
	json_num(latency, "p50_ns", stats_percentile(a, 50));
	json_num(latency, "p99_ns", stats_percentile(a, 99));
	for (unsigned b = 0; b < KF_HIST; b++)
		json_object_array_add(hist, json_object_new_uint64(a->hist[b]));
	json_object_object_add(latency, "log2_ns", hist);
	json_object_object_add(o, "latency", latency);
	return o;
}

static struct json_object *function_json(const struct state *s, const struct deployed *d, const struct earlier *e)
{
	struct json_object *o = json_object_new_object(), *hooks = json_object_new_object();
	struct json_object *fuse = json_object_new_object();

	json_str(o, "name", d->conf.name);
	json_num(o, "revision", d->at.revision);
	for (int h = 0; h < KF_HOOKS; h++) {
		struct kf_account a;
		struct json_object *one;

		if (d->head.component >= 0 || !(d->head.hooks & 1u << h) || stats_read(s, h, d->id, &a))
			continue;
		one = hook_json(h, &a);
		if (e)
			json_object_object_add(one, "packets_per_second",
					       json_object_new_double(rate_of(e, d->id, h, &a)));
		json_object_object_add(hooks, hook_name(h), one);
	}
	json_object_object_add(o, "hooks", hooks);
	json_num(fuse, "budget_ns", d->conf.budget_ns);
	json_num(fuse, "mean_ns", s->meters[d->id].mean_ns);
	json_flag(fuse, "blown", s->meters[d->id].blown);
	json_object_object_add(o, "fuse", fuse);
	return o;
}

static void verdicts_text(enum kf_hook hook, const struct kf_account *a, char *buf, size_t size)
{
	buf[0] = 0;
	for (unsigned v = 0; v < KF_VERDICTS; v++) {
		size_t n = strlen(buf);
		char num[16];

		if (a->verdict[v])
			snprintf(buf + n, size - n, "%s%s %s", n ? ", " : "", stats_verdict_name(hook, v),
				 out_short(a->verdict[v], num));
	}
	for (size_t i = 0; i < 3; i++) {
		const unsigned long long count[] = {a->missing, a->limited, a->fused};
		static const char *const what[] = {"missing program", "over limit", "fused"};
		size_t n = strlen(buf);
		char num[16];

		if (count[i])
			snprintf(buf + n, size - n, "%s%s %s", n ? ", " : "", what[i], out_short(count[i], num));
	}
}

static void print_function(struct table *t, const struct state *s, const struct deployed *d, const struct earlier *e)
{
	for (int h = 0; h < KF_HOOKS; h++) {
		struct kf_account a;
		char text[256], num[3][16];

		if (!(d->head.hooks & 1u << h) || d->head.component >= 0 || stats_read(s, h, d->id, &a))
			continue;
		verdicts_text(h, &a, text, sizeof(text));
		table_cell(t, "%s", d->conf.name);
		table_cell(t, "%s", hook_name(h));
		table_cell(t, "%s", out_short(a.packets, num[0]));
		table_cell(t, "%s", out_short(a.bytes, num[0]));
		if (e)
			table_cell(t, "%s/s", out_short(rate_of(e, d->id, h, &a), num[0]));
		if (stats_samples(&a)) {
			table_cell(t, "<%s", out_time(stats_percentile(&a, 50), num[1]));
			table_cell(t, "<%s", out_time(stats_percentile(&a, 99), num[2]));
		} else {
			table_cell(t, "-");
			table_cell(t, "-");
		}
		table_cell(t, "%s%s", text, s->meters[d->id].blown ? "  FUSE BLOWN: `kfaas-net reset` re-arms it" : "");
	}
}

static void count_interval(const struct state *s, const struct world *w, struct earlier *e, unsigned long long seconds)
{
	struct timespec left = {.tv_sec = seconds}, start, end;

	for (size_t i = 0; i < w->n; i++)
		for (int h = 0; h < KF_HOOKS; h++) {
			struct kf_account a;

			if (!stats_read(s, h, w->fn[i].id, &a))
				e->packets[w->fn[i].id][h] = a.packets;
		}
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (nanosleep(&left, &left) && errno == EINTR)
		;
	clock_gettime(CLOCK_MONOTONIC, &end);
	e->seconds = end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9;
}

static int show(const struct state *s, const struct world *w, const char *name, const struct earlier *e)
{
	static const char *const heads[] = {"NAME", "HOOK", "PACKETS", "BYTES", "P50", "P99", "VERDICTS"};
	static const char *const rated[] = {"NAME", "HOOK", "PACKETS", "BYTES", "RATE", "P50", "P99", "VERDICTS"};
	struct json_object *o = NULL, *list = NULL;
	struct table *t = NULL;

	if (out_json) {
		o = json_object_new_object();
		list = json_object_new_array();
		json_str(o, "interface", s->ifname);
		json_num(o, "fib_refused", s->control->fib_refused);
	} else {
		t = e ? table_new(8, rated) : table_new(7, heads);
	}
	for (size_t i = 0; i < w->n; i++) {
		if (name && strcmp(w->fn[i].conf.name, name))
			continue;
		if (list)
			json_object_array_add(list, function_json(s, &w->fn[i], e));
		else
			print_function(t, s, &w->fn[i], e);
	}
	if (o) {
		json_object_object_add(o, "functions", list);
		out_object(o);
	} else {
		table_print(t);
	}
	if (s->control->fib_refused)
		warning("%s: the kernel did not say %llu time%s whether an address is its own, such packets were "
			"passed "
			"on: `kfaas-net doctor %s`",
			s->ifname, s->control->fib_refused, s->control->fib_refused == 1 ? "" : "s", s->ifname);
	return 0;
}

int cmd_stats(int argc, char **argv)
{
	unsigned long long interval = 0;
	const struct args_option options[] = {
		{.name = "interval",
		 .letter = 'i',
		 .number = &interval,
		 .min = 1,
		 .max = 3600,
		 .value = "SECONDS",
		 .help = "count for so long, and print the rate"},
		{0},
	};
	const struct args_spec spec = {
		.command = "stats",
		.words = "IFACE [NAME]",
		.min = 1,
		.max = 2,
		.options = options,
		.about = "Counters since a function was deployed, from the gates. P50 and P99 are the upper edges\n"
			 "of log2 buckets, from samples (interface setting `sample`)."};
	struct earlier *earlier = NULL;
	struct deployed *only;
	struct state s;
	struct world w;
	int rc = command_start(&spec, &argc, argv, NEEDS_BPF | NEEDS_SWEEP | TELLS_JSON);

	if (rc)
		return rc;
	rc = world_open(&s, &w, argv[0], STATE_READ);
	if (rc)
		return rc;
	if (argc > 1)
		rc = world_get(&s, &w, argv[1], &only);
	if (!rc && interval) {
		earlier = calloc(1, sizeof(*earlier));
		rc = earlier ? 0 : -ENOMEM;
	}
	if (earlier) {
		state_unlock(&s); /* others may change what we only look at */
		count_interval(&s, &w, earlier, interval);
	}
	if (!rc)
		rc = show(&s, &w, argc > 1 ? argv[1] : NULL, earlier);
	free(earlier);
	world_close(&s, &w);
	return rc;
}
