/* SPDX-License-Identifier: Apache-2.0 */
/* http-client.c - an HTTP client that runs in the kernel: a closed loop over N TCP connections, each with one request
 * under way, and every answer checked.
 *
 *	http-client IFACE --from IP --to IP --to-mac MAC --path PATH --expect TEXT [OPTION...]
 *
 * With --close the server is asked to close a connection after its one answer; with --pause a connection rests before
 * its next request. An answer is right if its checksums and numbers are, its status is 200, it comes in one segment and
 * ends with an empty line and TEXT. Prints one JSON object, with percentiles of up to a million round trips with
 * --latency. Sends nowhere but out of IF, which it takes for the time of the run. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <error.h>
#include <linux/if_link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../../loader/args.h"
#include "../../loader/log.h"
#include "../../loader/netns.h"
#include "../gen/target.h"
#include "http-client.h"
#include "http-client.skel.h"
#include "http-frame.h"

#define TICK_US 1000
#define TICK_MS 5 /* most that a tick counts for, however late it comes */
#define BATCH	64
/* Looks at a connection between two ticks, if there are pauses: some 50 ms. What begins anew is a pause, too. */
#define PACED (1 << 19)

static const char *netns, *from, *to, *to_mac, *path, *text, *seconds = "1";
static unsigned long long connections = 32, timeout_ms = 200, pause_us;
static bool closing, latency;

static const struct args_option options[] = {
	{"netns", .string = &netns, .value = "NAME", .help = "in this network namespace"},
	{"from", .string = &from, .value = "ADDRESS", .help = "the client's, IPv4"},
	{"to", .string = &to, .value = "ADDRESS", .help = "the server's"},
	{"to-mac", .string = &to_mac, .value = "MAC", .help = "its MAC address (neighbour table)"},
	{"path", .string = &path, .value = "PATH", .help = "what to ask for"},
	{"expect", .string = &text, .value = "TEXT", .help = "what the answer has to be"},
	{"connections", .number = &connections, .min = 1, .max = CLIENT_CONNECTIONS, .value = "N",
	 .help = "a power of two (32)"},
	{"seconds", .string = &seconds, .value = "S", .help = "how long (1)"},
	{"timeout", .number = &timeout_ms, .min = 1, .max = 60000, .value = "MS",
	 .help = "a request is lost after (200)"},
	{"pause", .number = &pause_us, .min = 0, .max = 1000000, .value = "US",
	 .help = "between an answer and the connection's next request (0)"},
	{"close", .flag = &closing, .help = "ask the server to close a connection after each answer"},
	{"latency", .flag = &latency, .help = "time round trips"},
	{0},
};

static const struct args_spec spec = {.program = "http-client",
				      .words = "IFACE",
				      .min = 1,
				      .max = 1,
				      .options = options,
				      .about = "Asks an HTTP server in a closed loop, and checks the answers."};

/* What is wrong, in a line. */
static void end(int rc)
{
	error(fail_is_input() ? 2 : 1, 0, "%s", *fail_text() ? fail_text() : strerror(-rc));
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* CPU time used up on all CPUs, by anybody: user, nice, system, irq, softirq. Asked here and not by the benchmark, as
 * it is for kfaas-gen: so what loading the programs costs is not in it, and need not be measured and taken off. */
static double cpu_seconds(void)
{
	unsigned long long user, nice, system, irq, softirq;
	FILE *f = fopen("/proc/stat", "r");

	if (!f || fscanf(f, "cpu %llu %llu %llu %*u %*u %llu %llu", &user, &nice, &system, &irq, &softirq) != 5)
		error(1, 0, "cannot read /proc/stat");
	fclose(f);
	return (double)(user + nice + system + irq + softirq) / sysconf(_SC_CLK_TCK);
}

static int parse(int argc, char **argv, double *length)
{
	int rc = args_parse(&spec, &argc, argv);
	char *rest;

	if (rc)
		return rc;
	*length = strtod(seconds, &rest);
	if (*rest || !(*length > 0))
		return fail_input("--seconds '%s': a number of more than 0", seconds);
	if (!from || !to || !path || !text)
		return fail_input("--from, --to, --path and --expect are needed");
	if (connections & (connections - 1))
		return fail_input("--connections %llu: a power of two", connections);
	return closing && pause_us ? fail_input("--pause is for connections that are kept, not with --close") : 0;
}

static int find_ends(const char *ifname, struct target *t, struct frame_ends *e)
{
	int rc;

	if (inet_pton(AF_INET, from, &e->from) != 1 || inet_pton(AF_INET, to, &e->to) != 1)
		return fail_input("--from and --to are IPv4 addresses");
	rc = target_open(t, ifname);
	if (!rc)
		rc = target_mac(t, to_mac);
	memcpy(e->from_mac, t->own_mac, sizeof(e->from_mac));
	memcpy(e->to_mac, t->mac, sizeof(e->to_mac));
	return rc;
}

/* --- Programs */

/* What the last bytes of an answer are: as much of an empty line and the text as eight bytes take. */
static void expect(struct http_client_bpf *s)
{
	char end[64];
	size_t len;
	__u64 tail = 0, mask = 0;

	len = snprintf(end, sizeof(end), "\r\n\r\n%s", text);
	if (len >= sizeof(end))
		error(2, 0, "--expect takes a short text");
	len = len < sizeof(tail) ? len : sizeof(tail);
	memcpy((char *)&tail + sizeof(tail) - len, end + strlen(end) - len, len);
	memset((char *)&mask + sizeof(mask) - len, 255, len);
	s->rodata->tail = tail;
	s->rodata->tail_mask = mask;
}

static struct http_client_bpf *load(const struct frame_ends *e)
{
	struct http_client_bpf *s = http_client_bpf__open();
	char request[256];

	if (!s)
		error(1, errno, "http-client.bpf.o");
	if (snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, to,
		     closing ? "Connection: close\r\n" : "") >= (int)sizeof(request))
		error(2, 0, "--path takes a short path");
	for (enum client_send kind = 0; kind < SEND_KINDS; kind++)
		frame_build((struct client_frame *)&s->rodata->frames[kind], kind, e, request);
	s->rodata->connections = connections;
	s->rodata->asked = strlen(request);
	s->rodata->port = htons(CLIENT_PORT);
	s->rodata->closing = closing;
	s->rodata->timing = latency;
	s->rodata->pause = pause_us * 1000;
	if (!latency)
		bpf_map__set_max_entries(s->maps.times, 1);
	s->rodata->server = e->to;
	expect(s);
	if (http_client_bpf__load(s))
		error(1, errno, "loading");
	return s;
}

static void *map_table(const struct bpf_map *map)
{
	void *at = mmap(NULL, (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map), PROT_READ | PROT_WRITE,
			MAP_SHARED, bpf_map__fd(map), 0);

	if (at == MAP_FAILED)
		error(1, errno, "mmap");
	return at;
}

/* --- The run */

struct client {
	struct http_client_bpf *s;
	struct client_connection *table;
	struct client_figures *figures;
	const char *ifname;
	int ifindex;
	unsigned ms;
	double seconds;
	unsigned long long lost;
};

/* Run a program N times, each with a frame that the kernel sends if it says so. */
static void inject(const struct client *c, const struct bpf_program *prog, unsigned n, unsigned batch)
{
	static const unsigned char frame[64];
	struct xdp_md ctx = {.data_end = sizeof(frame), .ingress_ifindex = c->ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof(frame), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = n, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = batch);

	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &run))
		error(1, errno, "sending live frames");
}

/* Open the first N connections of `begin`, or break them off. */
static void begin(struct client *c, unsigned n)
{
	c->s->bss->begin_at = 0;
	if (n)
		inject(c, c->s->progs.source, n, n < BATCH ? n : BATCH);
}

/* Connections on which nothing has gone on for too long are given up, and their rows begun anew. What this thread has
 * to wait for a CPU is nobody's delay, so the clock stands still then. */
static void look(struct client *c)
{
	unsigned n = 0, ms = now() * 1e3, gone = ms - c->ms;

	c->ms = ms;
	ms = c->s->bss->clock += gone < TICK_MS ? gone : TICK_MS;
	for (unsigned row = 0; row < connections; row++) {
		struct client_connection *at = &c->table[row];

		if (at->state == CLIENT_REST)
			continue;
		if (at->state != CLIENT_NEW && (int)(ms - *(volatile __u32 *)&at->since) < (int)timeout_ms)
			continue;
		c->lost += at->state != CLIENT_NEW;
		c->s->bss->begin[n++] = row;
	}
	begin(c, n);
}

static void end_all(struct client *c)
{
	for (unsigned row = 0; row < connections; row++)
		c->s->bss->begin[row] = row;
	begin(c, connections);
}

static struct client_figures total(const struct client *c)
{
	struct client_figures all = {0};

	for (unsigned cpu = 0; cpu < CLIENT_CPUS; cpu++)
		for (size_t i = 0; i < sizeof(all) / sizeof(__u64); i++)
			((__u64 *)&all)[i] += ((volatile __u64 *)&c->figures[cpu])[i];
	return all;
}

static int compare(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* As kfaas-gen has them. */
static void print_latency(const struct client *c)
{
	__u64 n = c->s->bss->timed < CLIENT_TIMES ? c->s->bss->timed : CLIENT_TIMES, *ns = map_table(c->s->maps.times);

	qsort(ns, n, sizeof(*ns), compare);
	printf(", \"latency\": {\"samples\": %llu", (unsigned long long)n);
	if (n)
		printf(", \"p50_ns\": %llu, \"p99_ns\": %llu, \"p999_ns\": %llu, \"max_ns\": %llu",
		       (unsigned long long)ns[n / 2], (unsigned long long)ns[n * 99 / 100],
		       (unsigned long long)ns[n * 999 / 1000], (unsigned long long)ns[n - 1]);
	printf("}");
}

static void run(struct client *c)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	struct client_figures all;
	double start, end, cpu;
	int link;

	link = bpf_link_create(bpf_program__fd(c->s->progs.sink), c->ifindex, BPF_XDP, &opts);
	if (link < 0)
		error(1, errno, "attaching to %s", c->ifname);
	cpu = cpu_seconds();
	start = now();
	for (end = start; end - start < c->seconds; end = now()) {
		look(c);
		if (pause_us)
			inject(c, c->s->progs.pacer, PACED, 1);
		else
			usleep(TICK_US);
	}
	c->s->bss->stop = 1;
	usleep(2000); /* what is under way arrives */
	cpu = cpu_seconds() - cpu;
	all = total(c);
	end_all(c);
	printf("{\"sent\": %llu, \"answered\": %llu, \"wrong\": %llu, \"lost\": %llu, \"resets\": %llu, "
	       "\"repeated\": %llu, \"connections\": %llu, \"seconds\": %.6f, \"cpu\": %.2f",
	       all.sent, all.answered, all.wrong, c->lost, all.resets, all.repeated, all.connections, end - start, cpu);
	if (latency)
		print_latency(c);
	printf("}\n");
	close(link);
}

int main(int argc, char **argv)
{
	struct client c = {0};
	struct frame_ends ends;
	struct target target = {.family = 4};
	int rc = parse(argc - 1, argv + 1, &c.seconds);

	if (!rc && netns)
		rc = netns_enter(netns);
	if (!rc)
		rc = find_ends(argv[1], &target, &ends);
	if (rc)
		end(rc);
	c.ifname = target.ifname;
	c.ifindex = target.ifindex;
	c.s = load(&ends);
	c.s->bss->clock = c.ms = now() * 1e3;
	c.table = map_table(c.s->maps.table);
	c.figures = map_table(c.s->maps.figures);
	for (unsigned row = 0; row < connections; row++) {
		c.table[row].seq = now() * 1e6; /* others in each run */
		c.table[row].begun = now() * 1e3;
	}
	run(&c);
	http_client_bpf__destroy(c.s);
	return 0;
}
