// SPDX-License-Identifier: Apache-2.0
/* live.c - socket buffers whose headers lie beyond the linear part: test runs cannot make such on all kernels, so the TC
 * gates are attached to a tap device here, and frames of more than a page go in and out of it for real. */
#include "rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FRAME  6000 /* more than a page: below, the kernel makes one linear piece of it */
#define PULLED 256  /* what the gate makes linear */

static const struct function table[] = {{"udp/53"}, {"tcp/80"}, {"udp"}, {"ip6"}};

static const struct {
	const char *name;
	struct packet in;
	size_t linear; /* bytes, on the way in */
	const char *want;
} rows[] = {
	{"IPv4, Ethernet header linear", {UDP(53), .bytes = 3000}, 14, "a"},
	{"IPv4, cut within its header", {UDP(53), .bytes = 3000}, 20, "a"},
	{"IPv4, cut before the ports", {UDP(53), .bytes = 3000}, 34, "a"},
	{"IPv4, cut within the ports", {UDP(53), .bytes = 3000}, 36, "a"},
	{"IPv4 with options", {TCP(80), .options = "9404000001010101", .bytes = 3000}, 38, "b"},
	{"IPv4, another port", {UDP(54), .bytes = 3000}, 14, "c"},
	{"IPv6, Ethernet header linear", {UDP(53), V6, .bytes = 3000}, 14, "a"},
	{"IPv6, cut before the ports", {UDP(53), V6, .bytes = 3000}, 54, "a"},
	{"IPv6, cut before its extension header",
	 {TCP(80), V6, .ext_first = 60, .ext = "0600010400000000", .bytes = 3000}, 54, "b"},
	{"IPv6, no match but the ethertype", {.proto = IPPROTO_GRE, V6, .bytes = 3000}, 14, "d"},
};

static int tap_open(void)
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	strcpy(r.ifr_name, "tap0");
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &r)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool tap_write(int tap, const void *frame, size_t linear)
{
	struct virtio_net_hdr h = {.hdr_len = linear};
	struct iovec v[2] = {{&h, sizeof(h)}, {(void *)frame, FRAME}};

	return writev(tap, v, 2) == (ssize_t)sizeof(h) + FRAME;
}

static bool packet_send(int sock, unsigned ifindex, const void *frame)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)ifindex, .sll_halen = 6};

	return sendto(sock, frame, FRAME, 0, (struct sockaddr *)&to, sizeof(to)) == FRAME;
}

static void await(uint64_t functions_run)
{
	struct timespec nap = {.tv_nsec = 1000000};

	for (uint64_t start = rig_now(); trace->n < functions_run && rig_now() - start < 5000000000ull;)
		nanosleep(&nap, NULL);
}

static void test_direction(struct gate *g, int tap, int sock, unsigned ifindex)
{
	static uint8_t frame[TEST_FRAME + FRAME];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool in = g->hook == KF_TC_INGRESS, ok;

		memset(frame, 0, sizeof(frame));
		rig_frame(g, &rows[i].in, frame);
		rig_install(g, table, ARRAY_LEN(table));
		memset(trace, 0, sizeof(*trace));
		ok = in ? tap_write(tap, frame, rows[i].linear) : packet_send(sock, ifindex, frame);
		await(1);
		ok &= !strcmp(trace->who, rows[i].want) && trace->len[0] == FRAME && trace->linear[0] == PULLED;
		if (!ok)
			test_note("ran '%s', want '%s'; %u bytes, %u linear", trace->who, rows[i].want, trace->len[0],
				  trace->linear[0]);
		test_ok(ok, "%s, live: %s", g->name, rows[i].name);
	}
}

void test_live(void)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	int tap = tap_open(), sock, rc;

	if (tap < 0) {
		test_ok(true, "live frames # SKIP the kernel has no tap devices (%s)", strerror(errno));
		return;
	}
	rig_sysctl("ipv6/conf/tap0/disable_ipv6", "1"); /* no frames but ours */
	rig_command("ip link set tap0 up mtu 9000");
	hook.ifindex = if_nametoindex("tap0");
	rc = bpf_tc_hook_create(&hook);
	sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP));
	for (struct gate *g = &gates[KF_TC_INGRESS]; g < gates + KF_HOOKS && !rc; g++) {
		LIBBPF_OPTS(bpf_tc_opts, filter, .prog_fd = bpf_program__fd(g->prog));

		hook.attach_point = g->hook == KF_TC_INGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS;
		rc = bpf_tc_attach(&hook, &filter);
		if (!rc)
			test_direction(g, tap, sock, hook.ifindex);
	}
	test_ok(!rc && sock >= 0, "live: the gates are attached%s%s", rc ? ": " : "", rc ? strerror(-rc) : "");
	close(sock);
	close(tap);
}
