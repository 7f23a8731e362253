/* SPDX-License-Identifier: Apache-2.0 */
/* http-client.c - an HTTP client that runs in the kernel: a closed loop over N TCP connections, each with one request
 * under way, and every answer checked.
 *
 *	http-client --netns NAME --dev IF --from IP --to IP --to-mac MAC --path PATH --expect TEXT
 *		    [--connections N] [--seconds S] [--timeout MS] [--close] [--latency]
 *
 * With --close the server is asked to close a connection after its one answer. An answer is right if its checksums and
 * numbers are, its status is 200, it comes in one segment and ends with an empty line and TEXT. Prints one JSON object,
 * with percentiles of up to a million round trips if it is told --latency. Sends nowhere but out of IF, which it takes
 * for the time of the run. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http-client.h"
#include "http-client.skel.h"
#include "http-frame.h"

#define TICK_US 1000
#define TICK_MS 5 /* most that a tick counts for, however late it comes */
#define BATCH	64

struct options {
	const char *netns, *dev, *from, *to, *to_mac, *path, *expect;
	unsigned connections, timeout;
	double seconds;
	int close, latency;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* CPU time used up on all CPUs, by anybody: user, nice, system, irq, softirq. */
static double cpu_seconds(void)
{
	unsigned long long user, nice, system, irq, softirq;
	FILE *f = fopen("/proc/stat", "r");

	if (!f || fscanf(f, "cpu %llu %llu %llu %*u %*u %llu %llu", &user, &nice, &system, &irq, &softirq) != 5)
		error(1, 0, "cannot read /proc/stat");
	fclose(f);
	return (double)(user + nice + system + irq + softirq) / sysconf(_SC_CLK_TCK);
}

static void parse(int argc, char **argv, struct options *o)
{
	const struct option longs[] = {
		{"netns", 1, 0, 'n'},
		{"dev", 1, 0, 'd'},
		{"from", 1, 0, 'f'},
		{"to", 1, 0, 't'},
		{"to-mac", 1, 0, 'm'},
		{"path", 1, 0, 'p'},
		{"expect", 1, 0, 'e'},
		{"connections", 1, 0, 'c'},
		{"seconds", 1, 0, 's'},
		{"timeout", 1, 0, 'T'},
		{"close", 0, &o->close, 1},
		{"latency", 0, &o->latency, 1},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'n':
			o->netns = optarg;
			break;
		case 'd':
			o->dev = optarg;
			break;
		case 'f':
			o->from = optarg;
			break;
		case 't':
			o->to = optarg;
			break;
		case 'm':
			o->to_mac = optarg;
			break;
		case 'p':
			o->path = optarg;
			break;
		case 'e':
			o->expect = optarg;
			break;
		case 'c':
			o->connections = atoi(optarg);
			break;
		case 's':
			o->seconds = atof(optarg);
			break;
		case 'T':
			o->timeout = atoi(optarg);
			break;
		case 0:
			break;
		default:
			exit(2);
		}
	}
	if (!o->netns || !o->dev || !o->from || !o->to || !o->to_mac || !o->path || !o->expect)
		error(2, 0, "--netns, --dev, --from, --to, --to-mac, --path and --expect are needed");
	if (!o->connections || o->connections > CLIENT_CONNECTIONS || o->connections & (o->connections - 1))
		error(2, 0, "--connections is a power of two up to %d", CLIENT_CONNECTIONS);
}

static void enter(const char *netns)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		error(1, errno, "%s", path);
	close(fd);
}

static struct frame_ends ends(const struct options *o)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct frame_ends e;
	unsigned char *to = e.to_mac;
	struct ifreq req = {0};

	strncpy(req.ifr_name, o->dev, IFNAMSIZ - 1);
	if (ioctl(fd, SIOCGIFHWADDR, &req))
		error(1, errno, "%s", o->dev);
	close(fd);
	memcpy(e.from_mac, req.ifr_hwaddr.sa_data, ETH_ALEN);
	if (sscanf(o->to_mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", to, to + 1, to + 2, to + 3, to + 4, to + 5) != ETH_ALEN)
		error(2, 0, "--to-mac '%s' is not a MAC address", o->to_mac);
	if (inet_pton(AF_INET, o->from, &e.from) != 1 || inet_pton(AF_INET, o->to, &e.to) != 1)
		error(2, 0, "--from and --to are IPv4 addresses");
	return e;
}

/* --- Programs */

/* What the last bytes of an answer are: as much of an empty line and the text as eight bytes take. */
static void expect(struct http_client_bpf *s, const char *text)
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

static struct http_client_bpf *load(const struct options *o)
{
	struct http_client_bpf *s = http_client_bpf__open();
	struct frame_ends e = ends(o);
	char request[256];

	if (!s)
		error(1, errno, "http-client.bpf.o");
	if (snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", o->path, o->to,
		     o->close ? "Connection: close\r\n" : "") >= (int)sizeof(request))
		error(2, 0, "--path takes a short path");
	for (enum client_send kind = 0; kind < SEND_KINDS; kind++)
		frame_build((struct client_frame *)&s->rodata->frames[kind], kind, &e, request);
	s->rodata->connections = o->connections;
	s->rodata->asked = strlen(request);
	s->rodata->port = htons(CLIENT_PORT);
	s->rodata->closing = o->close;
	s->rodata->timing = o->latency;
	if (!o->latency)
		bpf_map__set_max_entries(s->maps.times, 1);
	s->rodata->server = e.to;
	expect(s, o->expect);
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
	struct options o;
	struct http_client_bpf *s;
	struct client_connection *table;
	struct client_figures *figures;
	unsigned ifindex, ms;
	unsigned long long lost;
};

/* Open the first N connections of `begin`, or break them off. */
static void begin(struct client *c, unsigned n)
{
	static const unsigned char frame[64];
	struct xdp_md ctx = {.data_end = sizeof(frame), .ingress_ifindex = c->ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof(frame), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = n, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .batch_size = n < BATCH ? n : BATCH);

	c->s->bss->begin_at = 0;
	if (n && bpf_prog_test_run_opts(bpf_program__fd(c->s->progs.source), &run))
		error(1, errno, "sending live frames");
}

/* Connections on which nothing has gone on for too long are given up, and their rows begun anew. What this thread has
 * to wait for a CPU is nobody's delay, so the clock stands still then. */
static void look(struct client *c)
{
	unsigned n = 0, ms = now() * 1e3, gone = ms - c->ms;

	c->ms = ms;
	ms = c->s->bss->clock += gone < TICK_MS ? gone : TICK_MS;
	for (unsigned row = 0; row < c->o.connections; row++) {
		struct client_connection *at = &c->table[row];

		if (at->state != CLIENT_NEW && (int)(ms - *(volatile __u32 *)&at->since) < (int)c->o.timeout)
			continue;
		c->lost += at->state != CLIENT_NEW;
		c->s->bss->begin[n++] = row;
	}
	begin(c, n);
}

static void end_all(struct client *c)
{
	for (unsigned row = 0; row < c->o.connections; row++)
		c->s->bss->begin[row] = row;
	begin(c, c->o.connections);
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
		error(1, errno, "attaching to %s", c->o.dev);
	cpu = cpu_seconds();
	start = now();
	for (end = start; end - start < c->o.seconds; end = now()) {
		look(c);
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
	if (c->o.latency)
		print_latency(c);
	printf("}\n");
	close(link);
}

int main(int argc, char **argv)
{
	struct client c = {.o = {.connections = 32, .seconds = 1, .timeout = 200}};

	parse(argc, argv, &c.o);
	enter(c.o.netns);
	c.ifindex = if_nametoindex(c.o.dev);
	if (!c.ifindex)
		error(1, errno, "%s", c.o.dev);
	c.s = load(&c.o);
	c.s->bss->clock = c.ms = now() * 1e3;
	c.table = map_table(c.s->maps.table);
	c.figures = map_table(c.s->maps.figures);
	for (unsigned row = 0; row < c.o.connections; row++) {
		c.table[row].seq = now() * 1e6; /* others in each run */
		c.table[row].begun = now() * 1e3;
	}
	run(&c);
	http_client_bpf__destroy(c.s);
	return 0;
}
