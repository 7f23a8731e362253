// SPDX-License-Identifier: Apache-2.0
/* hook_xdp_error.c - why an XDP program cannot be attached, in a line with the remedy: what is seen before
 * anything is changed, and what the kernel answers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <net/if.h>

#include "hook_xdp.h"
#include "log.h"

/* ---- what is refused before anything is changed */

/* The words that take off what is attached now. A program attached by a link goes with the link only. */
static const char *take_off(const struct hook_target *t, const struct xdp_now *now, char *buf, size_t size)
{
	struct bpf_link_info info;
	__u32 id = 0, len, link = 0;
	int fd;

	while (!link && !bpf_link_get_next_id(id, &id)) {
		fd = bpf_link_get_fd_by_id(id);
		if (fd < 0)
			continue;
		len = sizeof(info);
		memset(&info, 0, sizeof(info));
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == BPF_LINK_TYPE_XDP &&
		    info.prog_id == now->main_id)
			link = id;
		close(fd);
	}
	if (link)
		snprintf(buf, size, "bpftool link detach id %u", link);
	else
		snprintf(buf, size, "ip link set dev %s %s off", t->ifname,
			 now->mode == XDP_MODE_SKB ? "xdpgeneric" : "xdp");
	return buf;
}

static int refuse_foreign(const struct hook_target *t, const struct xdp_now *now)
{
	const struct hook_probe *ext = hook_probe_ext();
	char off[64];

	take_off(t, now, off, sizeof(off));
	if (ext->rc)
		return fail(
			-EBUSY,
			"%s: XDP program %s (id %u) is attached already, and beside it no other can run: this kernel "
			"refuses to %s (%s); remove it with `%s`",
			t->ifname, now->name, now->main_id, ext->step, strerror(-ext->rc), off);
	return fail(
		-EBUSY,
		"%s: XDP program %s (id %u) is attached without libxdp's dispatcher, so no other can run beside it; "
		"remove it with `%s`, or attach it with `xdp-loader load` instead",
		t->ifname, now->name, now->main_id, off);
}

static int refuse_attached(const struct hook_target *t, const struct hook_attach *a, const struct xdp_now *now)
{
	char off[64];

	if (!now->version)
		return refuse_foreign(t, now);
	if (now->version != XDP_DISPATCHER_VERSION)
		return fail(-EPROTO,
			    "%s: the XDP dispatcher attached there (id %u) speaks version %u and the installed libxdp "
			    "version %u; use the libxdp that made it, or `%s`",
			    t->ifname, now->main_id, now->version, XDP_DISPATCHER_VERSION,
			    take_off(t, now, off, sizeof(off)));
	if (xdp_multiprog__program_count(now->mp) >= MAX_DISPATCHER_ACTIONS)
		return fail(-E2BIG,
			    "%s: its XDP dispatcher has %d programs already, and takes no more; remove one "
			    "(`xdp-loader status %s` lists them)",
			    t->ifname, MAX_DISPATCHER_ACTIONS, t->ifname);
	if ((a->require & REQUIRE_FRAGS) && !xdp_multiprog__xdp_frags_support(now->mp))
		return fail(
			-EBUSY,
			"%s: require frags cannot be had: an XDP program that runs there does not take frames of "
			"several buffers, and all in a dispatcher must; remove it (`xdp-loader status %s` lists them)",
			t->ifname, t->ifname);
	if (a->mode == MODE_GENERIC && now->mode != XDP_MODE_SKB)
		return fail(-EBUSY,
			    "%s: mode generic cannot be had: other XDP programs run there in native mode; use "
			    "mode native or auto, or remove them with `xdp-loader unload %s --all`",
			    t->ifname, t->ifname);
	if ((a->mode == MODE_NATIVE || a->require & REQUIRE_NATIVE) && now->mode != XDP_MODE_NATIVE)
		return fail(-EBUSY,
			    "%s: native mode cannot be had: other XDP programs run there in generic mode; use "
			    "mode generic or auto, or remove them with `xdp-loader unload %s --all`",
			    t->ifname, t->ifname);
	return 0;
}

/* Would the driver take a program to run on the device itself? Asked with one that only passes. */
static int refuse_offload(const struct hook_target *t, const struct xdp_now *now)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_ifindex = t->ifindex);
	int fd;

	if (now->hw_id)
		return fail(-EBUSY,
			    "%s: an XDP program (id %u) is offloaded to the device already; remove it with "
			    "`ip link set dev %s xdpoffload off`",
			    t->ifname, now->hw_id, t->ifname);
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "probe", "GPL", pass, 2, &opts);
	if (fd < 0)
		return fail(-EOPNOTSUPP,
			    "%s: mode offload cannot be had: the device takes no XDP program (%s); use mode "
			    "native or generic",
			    t->ifname, strerror(errno));
	close(fd);
	return 0;
}

int xdp_refuse(const struct hook_target *t, const struct hook_attach *a, const struct xdp_now *now)
{
	const struct hook_probe *ext;

	if ((a->require & REQUIRE_NATIVE) && a->mode == MODE_GENERIC)
		return fail_input("%s: mode generic and require native exclude each other", t->ifname);
	if (a->mode == MODE_OFFLOAD)
		return refuse_offload(t, now);
	if (a->require & (REQUIRE_MULTIPROG | REQUIRE_FRAGS)) {
		ext = hook_probe_ext();
		if (ext->rc)
			return fail(-EOPNOTSUPP,
				    "%s: require %s cannot be had: libxdp's dispatcher needs to %s, and this kernel "
				    "refuses (%s); drop the requirement to attach alone",
				    t->ifname, a->require & REQUIRE_MULTIPROG ? "multiprog" : "frags", ext->step,
				    strerror(-ext->rc));
	}
	return now->main_id ? refuse_attached(t, a, now) : 0;
}

/* ---- what the kernel refused */

static int device_mtu(const char *ifname)
{
	struct ifreq req = {};
	int fd, rc;

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", ifname);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	rc = ioctl(fd, SIOCGIFMTU, &req);
	close(fd);
	return rc ? 0 : req.ifr_mtu;
}

bool xdp_words_name_mtu(void)
{
	return strcasestr(hook_words(), "mtu") || strcasestr(hook_words(), "frags") ||
	       strcasestr(hook_words(), "frame size");
}

int xdp_explain(const struct hook_target *t, const struct hook_attach *a, enum xdp_attach_mode mode, int rc)
{
	const char *w = hook_words();

	if (mode == XDP_MODE_NATIVE && (rc == -ERANGE || xdp_words_name_mtu()))
		return fail(-ERANGE,
			    "%s: its MTU (%d), or its peer's, is too large for native XDP%s%s; lower it (a frame "
			    "must fit one page: up to 3,500 is safe), or use --mode generic%s",
			    t->ifname, device_mtu(t->ifname), *w ? ": the kernel says: " : "", w,
			    a->require & REQUIRE_FRAGS || hook_probe_ext()->rc ? "" : " or --require frags");
	if (mode == XDP_MODE_NATIVE && rc == -EOPNOTSUPP)
		return fail(rc, "%s: its driver does not run XDP natively%s%s; use mode auto or generic", t->ifname,
			    *w ? ": the kernel says: " : "", w);
	if (hook_words_data_change() && !xdp_own_there())
		return fail(rc,
			    "%s: this kernel refuses %s under libxdp's dispatcher (\"Extension program changes packet "
			    "data, while original does not\"), and our xdp-dispatcher.o is not in %s; install it there",
			    t->ifname, a->prog_name, xdp_object_dir() ? xdp_object_dir() : "(no folder)");
	if (*log_verifier_line())
		return fail(rc, "%s: the kernel refused program %s: %s; the verifier's whole log: -v", t->ifname,
			    a->prog_name, log_verifier_line());
	if (rc == -EPERM)
		return fail(rc,
			    "%s: the kernel refused to load or attach %s: %s; be root, or have CAP_BPF, CAP_NET_ADMIN "
			    "and CAP_PERFMON",
			    t->ifname, a->prog_name, strerror(-rc));
	return fail(rc, "%s: cannot attach %s as XDP program: %s%s%s; libxdp's messages: -v", t->ifname, a->prog_name,
		    strerror(-rc), *w ? ": " : "", w);
}
