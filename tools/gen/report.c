// SPDX-License-Identifier: Apache-2.0
/* report.c - see report.h. */
#include "report.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <math.h>

#include "../../loader/log.h"

static const struct {
	const char *key, *text;
} wrongs[GEN_WRONGS] = {
	[GEN_WRONG_LENGTH] = {"length", "too short or of contradicting lengths"},
	[GEN_WRONG_TOKEN] = {"unknown", "to no request of ours"},
	[GEN_WRONG_ADDRESS] = {"address", "to another address or port than the request's"},
	[GEN_WRONG_IP_SUM] = {"ip_checksum", "with a wrong IP checksum"},
	[GEN_WRONG_SUM] = {"checksum", "with a wrong UDP, TCP or ICMP checksum"},
	[GEN_WRONG_CONTENT] = {"content", "with wrong content"},
};

static const struct {
	const char *key, *text;
	double part;
} parts[] = {{"p50_ns", "p50", 0.5}, {"p90_ns", "p90", 0.9}, {"p99_ns", "p99", 0.99}, {"p999_ns", "p99.9", 0.999}};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static unsigned long long samples(const struct gen_times *t)
{
	unsigned long long n = 0;

	for (size_t i = 0; i < GEN_BUCKETS; i++)
		n += t->bucket[i];
	return n;
}

/* The largest value that falls into bucket I. */
static unsigned long long edge(unsigned i)
{
	unsigned shift = i >> GEN_HIST_BITS ? (i >> GEN_HIST_BITS) - 1 : 0;

	return ((i - (shift << GEN_HIST_BITS) + 1ull) << shift) - 1;
}

unsigned long long report_percentile(const struct gen_times *t, double part)
{
	unsigned long long want = ceil(samples(t) * part), seen = 0;

	for (unsigned i = 0; want && i < GEN_BUCKETS; i++) {
		seen += t->bucket[i];
		if (seen >= want)
			return edge(i) < t->max ? edge(i) : t->max;
	}
	return 0;
}

static unsigned long long lost(const struct result *r)
{
	return r->sent - r->figures.closed;
}

static double per_second(const struct result *r, unsigned long long n)
{
	return r->seconds > 0 ? n / r->seconds : 0;
}

static void print_wrong(const struct gen_figures *f, FILE *out)
{
	for (int i = 0; i < GEN_WRONGS; i++)
		if (f->wrong[i])
			fprintf(out, "wrong       %" PRIu64 " %s\n", (uint64_t)f->wrong[i], wrongs[i].text);
}

static void print_times(const char *what, const struct gen_times *t, FILE *out)
{
	unsigned long long n = samples(t);

	if (!n)
		return;
	fprintf(out, "%-11s", what);
	for (size_t i = 0; i < PARTS; i++)
		fprintf(out, " %s %.2f us,", parts[i].text, report_percentile(t, parts[i].part) / 1e3);
	fprintf(out, " max %.2f us (%llu samples)\n", t->max / 1e3, n);
}

void report_text(const struct load *l, const struct result *r, FILE *out)
{
	const struct gen_figures *f = &r->figures;

	fprintf(out, "sent        %llu in %.3f s: %.0f/s", r->sent, r->seconds, per_second(r, r->sent));
	if (l->rate)
		fprintf(out, " of %llu/s asked for", l->rate);
	fputc('\n', out);
	if (r->unsent)
		fprintf(out, "unsent      %llu: this machine cannot keep up with the rate\n", r->unsent);
	print_times("behind", &f->behind, out);
	if (l->request.kind == GEN_RAW)
		return;
	fprintf(out, "answered    %" PRIu64 ": %.0f/s\n", (uint64_t)f->answered, per_second(r, f->answered));
	print_wrong(f, out);
	fprintf(out, "lost        %llu\n", lost(r));
	if (f->duplicates)
		fprintf(out, "duplicates  %" PRIu64 "\n", (uint64_t)f->duplicates);
	if (f->late)
		fprintf(out, "late        %" PRIu64 "\n", (uint64_t)f->late);
	if (f->offloaded)
		fprintf(out, "unfinished  %" PRIu64 " with a checksum that was left to hardware\n",
			(uint64_t)f->offloaded);
	print_times("latency", &f->latency, out);
}

/* --- JSON */

static void add_int(struct json_object *o, const char *key, unsigned long long value)
{
	json_object_object_add(o, key, json_object_new_uint64(value));
}

static void add_or_null(struct json_object *o, const char *key, unsigned long long value)
{
	json_object_object_add(o, key, value ? json_object_new_uint64(value) : NULL);
}

static void add_load(struct json_object *o, const struct load *l)
{
	const struct target *t = &l->request.target;
	struct json_object *cpus = json_object_new_array();
	char server[INET6_ADDRSTRLEN] = "";

	json_object_object_add(o, "interface", json_object_new_string(t->ifname));
	json_object_object_add(o, "kind", json_object_new_string(kinds[l->request.kind].name));
	if (t->family)
		inet_ntop(t->family == 4 ? AF_INET : AF_INET6, &t->server, server, sizeof(server));
	json_object_object_add(o, "to", l->request.kind == GEN_RAW ? NULL : json_object_new_string(server));
	for (size_t i = 0; i < l->cpus.n; i++)
		json_object_array_add(cpus, json_object_new_int(l->cpus.list[i]));
	json_object_object_add(o, "cpus", cpus);
	add_or_null(o, "rate", l->rate);
	add_or_null(o, "outstanding", l->outstanding);
}

static void add_times(struct json_object *o, const char *key, const struct gen_times *t)
{
	struct json_object *times = json_object_new_object();

	add_int(times, "samples", samples(t));
	for (size_t i = 0; i < PARTS; i++)
		add_int(times, parts[i].key, report_percentile(t, parts[i].part));
	add_int(times, "max_ns", t->max);
	json_object_object_add(o, key, times);
}

int report_json(const struct load *l, const struct result *r, FILE *out)
{
	struct json_object *o = json_object_new_object(), *wrong = json_object_new_object();

	if (!o || !wrong)
		return fail_memory();
	add_load(o, l);
	json_object_object_add(o, "seconds", json_object_new_double(r->seconds));
	add_int(o, "sent", r->sent);
	add_int(o, "unsent", r->unsent);
	json_object_object_add(o, "link_down", json_object_new_boolean(r->link_down));
	add_int(o, "answered", r->figures.answered);
	for (int i = 0; i < GEN_WRONGS; i++)
		add_int(wrong, wrongs[i].key, r->figures.wrong[i]);
	json_object_object_add(o, "wrong", wrong);
	add_int(o, "lost", l->request.kind == GEN_RAW ? 0 : lost(r));
	add_int(o, "duplicates", r->figures.duplicates);
	add_int(o, "late", r->figures.late);
	add_int(o, "unfinished_checksums", r->figures.offloaded);
	json_object_object_add(o, "sent_per_second", json_object_new_double(per_second(r, r->sent)));
	json_object_object_add(o, "answered_per_second", json_object_new_double(per_second(r, r->figures.answered)));
	add_times(o, "latency", &r->figures.latency);
	if (l->rate)
		add_times(o, "behind", &r->figures.behind);
	else
		json_object_object_add(o, "behind", NULL);
	fprintf(out, "%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED));
	json_object_put(o);
	return 0;
}
