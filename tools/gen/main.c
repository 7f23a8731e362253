// SPDX-License-Identifier: Apache-2.0
/* main.c - kfaas-gen: words into a load, run, report. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "../../loader/args.h"
#include "../../loader/log.h"
#include "../../loader/netns.h"
#include "report.h"

#define SOURCE_PORTS "10000-11020" /* 1,021, a prime: ids and ports together repeat late */

static const char *to, *to_mac, *from, *port, *source_port, *size, *frames, *rate, *seconds, *cpus, *netns, *names_file;
static unsigned long long count, outstanding, sample = 64, timeout_ms = 1000;
static struct args_list names, types;
static bool json;

static const struct args_option options[] = {
	{"to", .string = &to, .value = "ADDRESS", .help = "whom to ask"},
	{"to-mac", .string = &to_mac, .value = "MAC", .help = "its MAC address, or the router's (neighbour table)"},
	{"port", .string = &port, .value = "LIST", .help = "destination ports (of the kind)"},
	{"from", .string = &from, .value = "LIST", .help = "source addresses, ranges, prefixes (the interface's)"},
	{"source-port", .string = &source_port, .value = "LIST", .help = "source ports (" SOURCE_PORTS ")"},
	{"size", .string = &size, .value = "LIST", .help = "echo, ping: bytes of payload, from 16 on (22)"},
	{"name", .list = &names, .value = "NAME", .help = "dns: name to ask for; may be there many times"},
	{"names", .string = &names_file, .value = "FILE",
	 .help = "dns: names to ask for, one a line, with a type if you like"},
	{"type", .list = &types, .value = "TYPE", .help = "dns: type to ask for (A); may be there many times"},
	{"frames", .string = &frames, .value = "SOURCE", .help = "requests out of a capture file, or hex digits"},
	{"rate", .string = &rate, .value = "N/s", .help = "requests a second (as many as possible)"},
	{"outstanding", .number = &outstanding, .min = 1, .max = 32768, .value = "N",
	 .help = "closed loop: so many under way"},
	{"count", .number = &count, .min = 1, .value = "N", .help = "end after so many requests"},
	{"seconds", .string = &seconds, .value = "S", .help = "end after so long (1, if there is no --count)"},
	{"timeout", .number = &timeout_ms, .min = 1, .max = 60000, .value = "MS",
	 .help = "a request without an answer is lost after (1000)"},
	{"sample", .number = &sample, .max = 65536, .value = "N",
	 .help = "time one request in N, a power of two (64); 0: none"},
	{"cpus", .string = &cpus, .value = "LIST", .help = "a thread on each of these (one, where it starts)"},
	{"netns", 'n', .string = &netns, .value = "NAME", .help = "in this network namespace"},
	{"json", .flag = &json, .help = "figures as JSON"},
	{0},
};

static const struct args_spec spec = {.program = "kfaas-gen",
				      .words = "IFACE KIND",
				      .min = 2,
				      .max = 2,
				      .options = options,
				      .about = "Sends requests (KIND: echo, ping, dns, ntp, syn, raw) out of IFACE, by "
					       "XDP live frames, and checks the answers."};

/* Options that the kind has no use for are mistakes. */
static int check_options(enum gen_kind kind)
{
	static const char no_use[] = "%s is of no use to the kind %s%s";
	const char *name = kinds[kind].name, *with = frames ? " with --frames" : "";

	if (size && ((kind != GEN_ECHO && kind != GEN_PING) || frames))
		return fail_input(no_use, "--size", name, with);
	if ((names.n || names_file || types.n) && (kind != GEN_DNS || frames))
		return fail_input(no_use, names.n ? "--name" : names_file ? "--names" : "--type", name, with);
	if ((port || source_port) && !kinds[kind].port)
		return fail_input(no_use, port ? "--port" : "--source-port", name, "");
	if (kind == GEN_RAW && (to || to_mac || from || outstanding))
		return fail_input(no_use,
				  to	   ? "--to"
				  : to_mac ? "--to-mac"
				  : from   ? "--from"
					   : "--outstanding",
				  name, "");
	return 0;
}

static int parse_types(struct numbers *out)
{
	out->list = calloc(types.n + 1, sizeof(*out->list));
	if (!out->list)
		return fail_memory();
	for (; out->n < types.n; out->n++)
		if (dns_type(types.item[out->n], &out->list[out->n]))
			return fail_input("--type '%s': a type as A or AAAA, or its number", types.item[out->n]);
	return 0;
}

static int parse_queries(struct request *r)
{
	int rc = parse_types(&r->types);

	for (size_t i = 0; i < names.n && !rc; i++)
		rc = queries_add(&r->queries, names.item[i], &r->types, "--name");
	return rc || !names_file ? rc : queries_read(&r->queries, names_file, &r->types);
}

/* Each CPU has one thread. */
static int parse_cpus(struct numbers *out)
{
	bool seen[GEN_CPUS] = {0};
	char here[16];
	int rc;

	snprintf(here, sizeof(here), "%d", sched_getcpu());
	rc = numbers_parse(out, "cpus", cpus ? cpus : here, 0, GEN_CPUS - 1);
	for (size_t i = 0; i < out->n && !rc; i++) {
		if (seen[out->list[i]])
			rc = fail_input("--cpus '%s': CPU %u is there twice: leave one out", cpus, out->list[i]);
		seen[out->list[i]] = true;
	}
	if (!rc && out->n > GEN_THREADS)
		rc = fail_input("--cpus: %d at most", GEN_THREADS);
	return rc;
}

static int parse_numbers(struct load *l)
{
	struct request *r = &l->request;
	int rc = parse_cpus(&l->cpus);

	if (!rc && sample & (sample - 1))
		rc = fail_input("--sample %llu: a power of two, or 0", sample);
	if (!rc && rate)
		rc = rate_parse("rate", rate, &l->rate);
	if (!rc && rate && outstanding)
		rc = fail_input("--rate and --outstanding exclude each other: open or closed loop");
	if (!rc && seconds)
		rc = seconds_parse("seconds", seconds, &l->seconds);
	if (!rc && size)
		rc = numbers_parse(&r->sizes, "size", size, GEN_PAYLOAD, GEN_FRAME_MAX - 62);
	if (!rc && kinds[r->kind].port && (port || !frames)) {
		char text[16];

		snprintf(text, sizeof(text), "%u", kinds[r->kind].port);
		rc = numbers_parse(&r->ports, "port", port ? port : text, 1, 65535);
	}
	if (!rc && kinds[r->kind].port && (source_port || !frames))
		rc = numbers_parse(&r->source_ports, "source-port", source_port ? source_port : SOURCE_PORTS, 1, 65535);
	return rc;
}

static int parse_target(struct load *l, const char *ifname)
{
	struct request *r = &l->request;
	struct target *t = &r->target;
	int rc = 0;

	if (netns)
		rc = netns_enter(netns);
	if (!rc)
		rc = target_open(t, ifname);
	if (rc || r->kind == GEN_RAW)
		return rc;
	if (!to)
		return fail_input("--to is missing: whom to ask");
	if (address_parse(to, &t->server, &t->family))
		return fail_input("--to '%s': an IPv4 or IPv6 address", to);
	rc = target_mac(t, to_mac);
	if (!rc && from)
		rc = addresses_parse(&r->from, "from", from);
	if (!rc && from && r->from.family != t->family)
		return fail_input("--from and --to: one is IPv4, the other IPv6");
	if (!rc && !from && !frames) {
		r->from = (struct addresses){calloc(1, sizeof(struct gen_address)), 1, t->family};
		rc = r->from.list ? target_source(t, r->from.list) : -ENOMEM;
	}
	return rc;
}

static int load_parse(struct load *l, char **word)
{
	int kind = kind_find(word[1]), rc;

	if (kind < 0)
		return fail_input("unknown kind '%s': echo, ping, dns, ntp, syn or raw", word[1]);
	*l = (struct load){.request = {.kind = kind, .ping_id = 0x676b},
			   .count = count,
			   .outstanding = outstanding,
			   .sample = sample,
			   .timeout_ms = timeout_ms};
	if (!seconds && !count)
		l->seconds = 1;
	rc = check_options(kind);
	if (!rc)
		rc = parse_numbers(l);
	if (!rc)
		rc = parse_queries(&l->request);
	if (!rc && frames)
		rc = packets_read(&l->request.frames, "--frames", frames);
	if (!rc)
		rc = parse_target(l, word[0]);
	return rc ? rc : templates_make(&l->templates, &l->request);
}

static void load_free(struct load *l)
{
	templates_free(&l->templates);
	addresses_free(&l->request.from);
	numbers_free(&l->request.source_ports);
	numbers_free(&l->request.ports);
	numbers_free(&l->request.sizes);
	numbers_free(&l->request.types);
	queries_free(&l->request.queries);
	packets_free(&l->request.frames);
	numbers_free(&l->cpus);
}

/* What was printed may not have come out. The exit status, and why. */
static int end(int rc)
{
	if (fflush(stdout) && !rc)
		rc = fail(-errno, "cannot write the output: %s", strerror(errno));
	if (!rc)
		return 0;
	fprintf(stderr, "kfaas-gen: %s\n", *fail_text() ? fail_text() : strerror(-rc));
	return fail_is_input() ? 2 : 1;
}

int main(int argc, char **argv)
{
	static struct result result;
	struct load load = {0};
	int rc, n = argc - 1;

	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			args_help(&spec, stdout);
			return end(0);
		}
	log_capture_libraries();
	rc = args_parse(&spec, &n, argv + 1);
	if (!rc)
		rc = load_parse(&load, argv + 1);
	if (!rc)
		rc = run(&load, &result);
	if (!rc && result.link_down)
		warning("%s was down or without a carrier for a time: what was sent then never left",
			load.request.target.ifname);
	if (!rc && json)
		rc = report_json(&load, &result, stdout);
	else if (!rc)
		report_text(&load, &result, stdout);
	load_free(&load);
	args_list_free(&names);
	args_list_free(&types);
	return end(rc);
}
