/* SPDX-License-Identifier: Apache-2.0 */
/* flood.c - UDP requests at full rate from one end of a veth pair, and a count of the answers by the
 * revision they carry.
 *
 * flood IF DESTINATION_MAC SOURCE DESTINATION PORT     (addresses: IPv4)
 *
 * Requests are frames that the kernel runs through an XDP program and sends from IF (live frames of
 * BPF_PROG_TEST_RUN). Prints "flowing" when the first answer is there; SIGTERM ends it: what is
 * under way is waited for, then a line of JSON tells the counts. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "flood.h"
#include "flood.skel.h"

#define RUN_FRAMES   (1 << 16)
#define SILENCE_SECS 20 /* no answer for so long: give up */

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int fail(const char *what)
{
	fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
	return 1;
}

static __u16 ip_checksum(const __u8 *header)
{
	__u32 sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += header[i] << 8 | header[i + 1];
	sum = (sum >> 16) + (sum & 0xffff);
	return ~((sum >> 16) + sum);
}

static int parse_mac(const char *text, __u8 *mac)
{
	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]) != 6;
}

static int own_mac(const char *ifname, __u8 *mac)
{
	struct ifreq req = {0};
	int rc, fd = socket(AF_INET, SOCK_DGRAM, 0);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", ifname);
	rc = ioctl(fd, SIOCGIFHWADDR, &req);
	memcpy(mac, req.ifr_hwaddr.sa_data, 6);
	close(fd);
	return rc;
}

static int make_request(char **argv, struct flood_frame *f)
{
	__u8 *b = f->byte;
	int port = atoi(argv[5]);
	__u16 check;

	if (parse_mac(argv[2], b) || own_mac(argv[1], b + 6))
		return -1;
	memcpy(b + 12, (__u8[]){8, 0, 0x45, 0, 0, 50, 0, 0, 0x40, 0, 64, 17}, 12);
	if (!inet_pton(AF_INET, argv[3], b + 26) || !inet_pton(AF_INET, argv[4], b + 30))
		return -1;
	check = ip_checksum(b + 14);
	memcpy(b + 24, (__u8[]){check >> 8, check}, 2);
	/* From port 9999, without a checksum. */
	memcpy(b + 34, (__u8[]){9999 >> 8, 9999 & 0xff, port >> 8, port, 0, 30, 0, 0}, 8);
	f->word[FLOOD_MARK_AT] = FLOOD_MARK;
	return 0;
}

/* One CPU makes requests, runs the function and takes the answers: no ring fills up meanwhile. */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static int run(struct flood_bpf *o, int ifindex)
{
	struct flood_frame f = {0};
	struct xdp_md ctx = {.data_end = sizeof(f), .ingress_ifindex = ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = &f, .data_size_in = sizeof(f), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = RUN_FRAMES, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	double heard = now();
	__u64 before = 0;
	bool flowing = false;

	while (!stop) {
		if (bpf_prog_test_run_opts(bpf_program__fd(o->progs.generate), &opts) && errno != EINTR)
			return fail("cannot send live frames");
		if (o->bss->answered != before) {
			before = o->bss->answered;
			heard = now();
		} else if (now() - heard > SILENCE_SECS) {
			fprintf(stderr, "flood: no answer for %d s; sent %llu, answered %llu, unanswered %llu\n",
				SILENCE_SECS, o->bss->sent, o->bss->answered, o->bss->unanswered);
			return 1;
		}
		if (!flowing && before) {
			puts("flowing");
			fflush(stdout);
			flowing = true;
		}
	}
	for (heard = now(); o->bss->sent > o->bss->answered + o->bss->unanswered && now() - heard < 1;)
		usleep(1000);
	return 0;
}

static void report(const struct flood_bpf *o, double seconds)
{
	const char *between = "";

	printf("{\"sent\": %llu, \"answered\": %llu, \"unanswered\": %llu, \"changes\": %llu, \"seconds\": %.3f, "
	       "\"revisions\": {",
	       o->bss->sent, o->bss->answered, o->bss->unanswered, o->bss->changes, seconds);
	for (int i = 0; i < 256; i++)
		if (o->bss->by_revision[i]) {
			printf("%s\"%d\": %llu", between, i, o->bss->by_revision[i]);
			between = ", ";
		}
	puts("}}");
}

int main(int argc, char **argv)
{
	struct flood_frame frame = {0};
	struct flood_bpf *o;
	int ifindex, rc;
	double start;

	if (argc != 6 || make_request(argv, &frame)) {
		fprintf(stderr, "usage: flood IF DESTINATION_MAC SOURCE DESTINATION PORT\n");
		return 2;
	}
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_signal}, NULL);
	sigaction(SIGINT, &(struct sigaction){.sa_handler = on_signal}, NULL);
	stay_on_one_cpu();
	ifindex = if_nametoindex(argv[1]);
	o = flood_bpf__open();
	if (!o)
		return fail("cannot open the programs");
	memcpy((void *)&o->rodata->request, &frame, sizeof(frame));
	if (flood_bpf__load(o))
		return fail("cannot load the programs");
	if (bpf_xdp_attach(ifindex, bpf_program__fd(o->progs.take), XDP_FLAGS_DRV_MODE, NULL))
		return fail("cannot attach to the interface");
	start = now();
	rc = run(o, ifindex);
	report(o, now() - start);
	flood_bpf__destroy(o);
	return rc;
}
