/* SPDX-License-Identifier: Apache-2.0 */
/* live.c - send UDP frames out of an interface as fast as one core can, and count the answers.
 *
 *	live --netns NAME --dev IF --dst-mac MAC --src IP --dst IP --port P [--ports N]
 *	     [--seconds S] [--ethertype N]
 *
 * Prints one JSON object: frames sent, answers, seconds. The interface gets the
 * counting program for the time of the run. Sends nowhere but out of IF. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "live.skel.h"

#define FRAME	 64
#define BATCH	 64
#define PER_CALL (1u << 20)

struct options {
	const char *netns, *dev, *dst_mac, *src, *dst;
	unsigned port, ports, ethertype;
	double seconds;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"netns", 1, 0, 'n'},	  {"dev", 1, 0, 'd'},
		{"dst-mac", 1, 0, 'm'},	  {"src", 1, 0, 's'},
		{"dst", 1, 0, 'D'},	  {"port", 1, 0, 'p'},
		{"ports", 1, 0, 'P'},	  {"seconds", 1, 0, 't'},
		{"ethertype", 1, 0, 'e'}, {0},
	};
	int c;

	*o = (struct options){.seconds = 0.5, .ethertype = ETH_P_IP, .ports = 1};
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'n':
			o->netns = optarg;
			break;
		case 'd':
			o->dev = optarg;
			break;
		case 'm':
			o->dst_mac = optarg;
			break;
		case 's':
			o->src = optarg;
			break;
		case 'D':
			o->dst = optarg;
			break;
		case 'p':
			o->port = atoi(optarg);
			break;
		case 'P':
			o->ports = atoi(optarg);
			break;
		case 't':
			o->seconds = atof(optarg);
			break;
		case 'e':
			o->ethertype = strtoul(optarg, NULL, 0);
			break;
		default:
			exit(2);
		}
	}
	if (!o->netns || !o->dev || !o->dst_mac || !o->src || !o->dst || !o->port)
		error(2, 0, "--netns, --dev, --dst-mac, --src, --dst and --port are needed");
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

static __u16 checksum(const void *p, size_t len)
{
	const __u16 *w = p;
	__u32 sum = 0;

	for (; len; len -= 2)
		sum += *w++;
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static void build(const struct options *o, unsigned char *frame)
{
	struct ethhdr *eth = (void *)frame;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);
	struct ifreq req = {0};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	memset(frame, 0, FRAME);
	strncpy(req.ifr_name, o->dev, IFNAMSIZ - 1);
	if (ioctl(fd, SIOCGIFHWADDR, &req))
		error(1, errno, "%s", o->dev);
	close(fd);
	memcpy(eth->h_source, req.ifr_hwaddr.sa_data, 6);
	if (sscanf(o->dst_mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &eth->h_dest[0], &eth->h_dest[1], &eth->h_dest[2],
		   &eth->h_dest[3], &eth->h_dest[4], &eth->h_dest[5]) != 6)
		error(2, 0, "--dst-mac '%s' is not a MAC address", o->dst_mac);
	eth->h_proto = htons(o->ethertype);
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = IPPROTO_UDP;
	ip->tot_len = htons(FRAME - sizeof(*eth));
	if (inet_pton(AF_INET, o->src, &ip->saddr) != 1 || inet_pton(AF_INET, o->dst, &ip->daddr) != 1)
		error(2, 0, "--src and --dst are IPv4 addresses");
	ip->check = checksum(ip, sizeof(*ip));
	udp->source = htons(40000);
	udp->dest = htons(o->port);
	udp->len = htons(FRAME - sizeof(*eth) - sizeof(*ip));
}

int main(int argc, char **argv)
{
	struct options o;
	unsigned char frame[FRAME];
	struct xdp_md ctx = {.data_end = FRAME};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = FRAME, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = PER_CALL, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .batch_size = BATCH);
	struct live_bpf *s;
	double start, end;

	parse(argc, argv, &o);
	enter(o.netns);
	build(&o, frame);
	ctx.ingress_ifindex = if_nametoindex(o.dev);
	s = live_bpf__open();
	if (!s)
		error(1, errno, "live.bpf.o");
	memcpy((void *)s->rodata->template, frame, FRAME);
	s->rodata->first_port = o.port;
	s->rodata->ports = o.ports;
	inet_pton(AF_INET, o.dst, (void *)&s->rodata->answer_ip);
	if (live_bpf__load(s))
		error(1, errno, "loading");
	if (bpf_xdp_attach(ctx.ingress_ifindex, bpf_program__fd(s->progs.sink), XDP_FLAGS_DRV_MODE, NULL))
		error(1, errno, "attaching the counter to %s", o.dev);
	start = now();
	do {
		if (bpf_prog_test_run_opts(bpf_program__fd(s->progs.source), &run)) {
			int e = errno;

			bpf_xdp_detach(ctx.ingress_ifindex, XDP_FLAGS_DRV_MODE, NULL);
			error(1, e, "sending live frames");
		}
		end = now();
	} while (end - start < o.seconds);
	/* What is under way arrives while the last batch is worked off; a moment more for stragglers. */
	usleep(2000);
	printf("{\"sent\": %llu, \"answered\": %llu, \"other\": %llu, \"seconds\": %.6f}\n",
	       (unsigned long long)s->bss->sent, (unsigned long long)s->bss->answered,
	       (unsigned long long)s->bss->other, end - start);
	bpf_xdp_detach(ctx.ingress_ifindex, XDP_FLAGS_DRV_MODE, NULL);
	live_bpf__destroy(s);
	return 0;
}
