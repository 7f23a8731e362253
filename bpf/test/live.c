// SPDX-License-Identifier: Apache-2.0
/* live.c - socket buffers whose headers lie beyond the linear part. Test runs cannot make such on all kernels, so the
 * TC gates are attached to a veth here, and frames of more than a page go out of it and, from its peer, into it. */
#include "rig.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <string.h>
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
	size_t linear; /* bytes */
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
	 {TCP(80), V6, .ext_first = 60, .ext = "0600010400000000", .bytes = 3000},
	 54,
	 "b"},
	{"IPv6, no match but the ethertype", {.proto = IPPROTO_GRE, V6, .bytes = 3000}, 14, "d"},
};

static bool send_frame(int sock, unsigned ifindex, const void *frame, size_t linear)
{
	struct virtio_net_hdr h = {.hdr_len = linear};
	struct iovec v[2] = {{&h, sizeof(h)}, {(void *)frame, FRAME}};
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)ifindex, .sll_halen = 6};
	struct msghdr m = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = v, .msg_iovlen = 2};

	return sendmsg(sock, &m, 0) == (ssize_t)sizeof(h) + FRAME;
}

static void await(uint64_t functions_run)
{
	struct timespec nap = {.tv_nsec = 1000000};

	for (uint64_t start = rig_now(); trace->n < functions_run && rig_now() - start < 5000000000ull;)
		nanosleep(&nap, NULL);
}

static void test_direction(struct gate *g, int sock, unsigned from)
{
	static uint8_t frame[TEST_FRAME + FRAME];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool ok;

		memset(frame, 0, sizeof(frame));
		rig_frame(g, &rows[i].in, frame);
		rig_install(g, table, ARRAY_LEN(table));
		memset(trace, 0, sizeof(*trace));
		ok = send_frame(sock, from, frame, rows[i].linear);
		await(1);
		ok &= !strcmp(trace->who, rows[i].want) && trace->len[0] == FRAME && trace->linear[0] == PULLED &&
		      rig_account(g, rows[i].want[0] - 'a').bytes == FRAME;
		if (!ok)
			test_note("ran '%s', want '%s'; %u bytes, %u linear", trace->who, rows[i].want, trace->len[0],
				  trace->linear[0]);
		test_ok(ok, "%s, live: %s", g->name, rows[i].name);
	}
}

void test_live(void)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)wire, .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	int sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1, rc;

	rig_sysctl("ipv6/conf/wire0/disable_ipv6", "1"); /* no frames but ours */
	rig_sysctl("ipv6/conf/wire1/disable_ipv6", "1");
	rig_command("ip link set wire0 up mtu 9000; ip link set wire1 up mtu 9000");
	rc = bpf_tc_hook_create(&hook);
	if (setsockopt(sock, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)))
		rc = -1;
	for (struct gate *g = &gates[KF_TC_INGRESS]; g < gates + KF_HOOKS && !rc; g++) {
		LIBBPF_OPTS(bpf_tc_opts, filter, .prog_fd = bpf_program__fd(g->prog));
		bool in = g->hook == KF_TC_INGRESS;

		hook.attach_point = in ? BPF_TC_INGRESS : BPF_TC_EGRESS;
		rc = bpf_tc_attach(&hook, &filter);
		if (!rc)
			test_direction(g, sock, in ? if_nametoindex("wire1") : wire);
		filter.flags = filter.prog_fd = filter.prog_id = 0;
		if (!rc)
			rc = bpf_tc_detach(&hook, &filter);
	}
	test_ok(!rc, "live: attached to a veth, and detached");
	close(sock);
}
