/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_kernel.c - the kernel, our rights in it, and what is installed beside the binary. */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "caps.h"
#include "doctor.h"
#include "function.h"
#include "hook.h"
#include "util.h"

#define VERSION(a, b)  ((a) << 8 | (b))
#define VERSION_NEEDED VERSION(5, 14) /* SO_NETNS_COOKIE, by which state is kept apart */
#define VERSION_TESTED VERSION(6, 1)

static void version(struct checks *c)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	if (uname(&u) || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return check_note(c, "kernel", "it does not tell its version");
	if (VERSION(major, minor) < VERSION_NEEDED) {
		check_wrong(c, "kernel", "Linux %s is too old: 5.14 is the least", u.release);
		check_remedy(c, "boot a newer kernel");
	} else if (VERSION(major, minor) < VERSION_TESTED) {
		check_note(c, "kernel", "Linux %s; kfaas-net is tested with 6.1 and newer", u.release);
	} else {
		check_ok(c, "kernel", "Linux %s", u.release);
	}
}

static void rights(struct checks *c)
{
	bool all = true;

	for (const struct capability *cap = caps_needed; cap->name; cap++) {
		if (caps_have(cap))
			continue;
		all = false;
		check_note(c, "rights", "missing capability %s (to %s)", cap->name, cap->what_for);
		check_remedy(c, "run as root, or with sudo");
	}
	if (all)
		check_ok(c, "rights", "all capabilities that kfaas-net needs");
}

/* Asked by loading: the switch in /proc/sys is not there in every network namespace. */
static void jit(struct checks *c)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "probe", "GPL", pass, 2, NULL);

	if (fd < 0) {
		check_wrong(c, "XDP", "the kernel refuses to load an XDP program that does nothing: %s",
			    strerror(errno));
		return;
	}
	if (bpf_obj_get_info_by_fd(fd, &info, &len)) {
		check_note(c, "JIT", "the kernel does not tell whether programs are compiled: %s", strerror(errno));
	} else if (info.jited_prog_len) {
		check_ok(c, "JIT", "programs are compiled to machine code");
	} else {
		check_wrong(c, "JIT", "programs are interpreted, which is many times slower");
		check_remedy(c, "`sysctl net.core.bpf_jit_enable=1`");
	}
	close(fd);
}

static void btf(struct checks *c)
{
	if (!access("/sys/kernel/btf/vmlinux", R_OK))
		return check_ok(c, "BTF", "the kernel describes its types");
	check_note(c, "BTF",
		   "the kernel does not describe its types (/sys/kernel/btf/vmlinux): functions that read its "
		   "structures cannot be loaded");
	check_remedy(c, "a kernel with CONFIG_DEBUG_INFO_BTF, as distributions build it");
}

static void multiprog(struct checks *c)
{
	const struct hook_probe *ext = hook_probe_ext();

	if (!ext->rc)
		return check_ok(c, "libxdp multiprog", "gates run beside other XDP programs, in libxdp's dispatcher");
	check_note(c, "libxdp multiprog",
		   "this kernel refuses to %s (%s), which the dispatcher needs: a gate is attached alone, not beside "
		   "other XDP programs",
		   ext->step, strerror(-ext->rc));
}

static void tc(struct checks *c)
{
	const struct hook_probe *tcx = hook_probe_tcx();

	if (tcx->rc)
		check_ok(c, "TC", "through the clsact qdisc (it refuses to %s: %s; TCX is new in 6.6)", tcx->step,
			 strerror(-tcx->rc));
	else
		check_ok(c, "TC", "through TCX links");
}

void doctor_kernel(struct checks *c)
{
	version(c);
	rights(c);
	btf(c);
	if (!doctor_may_look(c, "JIT, libxdp multiprog, TC"))
		return;
	jit(c);
	multiprog(c);
	tc(c);
}

/* --- Installation --- */

static void functions(struct checks *c)
{
	char *names = function_names(), path[PATH_MAX];

	if (!names || !*names) {
		check_wrong(c, "functions",
			    "none found in $KFAAS_FUNCTIONS, %s/lib/kfaas-net/functions or beside the binary", PREFIX);
		check_remedy(c, "`make install`, or point KFAAS_FUNCTIONS to a folder with .bpf.o files");
	} else {
		char first[NAME_MAX];

		path_join(first, sizeof(first), "%.*s", (int)strcspn(names, ","), names);
		if (!function_path_find(first, ".bpf.o", path, sizeof(path)))
			*strrchr(path, '/') = 0;
		else
			path_join(path, sizeof(path), "the function path");
		check_ok(c, "functions", "in %s: %s", path, names);
	}
	free(names);
}

static void dispatcher(struct checks *c)
{
	char path[PATH_MAX];

	if (!function_path_find("xdp-dispatcher", ".o", path, sizeof(path)))
		return check_ok(c, "dispatcher object", "%s, for kernels that refuse a gate under libxdp's own", path);
	check_note(
		c, "dispatcher object",
		"xdp-dispatcher.o is not beside the functions: 6.12 and newer may refuse the gate under libxdp's own");
	check_remedy(c, "`make install` puts it there");
}

void doctor_install(struct checks *c)
{
	functions(c);
	dispatcher(c);
}
