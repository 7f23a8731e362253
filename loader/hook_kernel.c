// SPDX-License-Identifier: Apache-2.0
/* hook_kernel.c - what this kernel can attach, found out by doing it with programs that do nothing. */
#include <bpf/btf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "hook_internal.h"

#define TCX_INGRESS	  46 /* enum bpf_attach_type; newer than the headers */
#define FEATURE_XDP_BASIC 1u /* native XDP: pass, drop, abort, TX */

static const struct bpf_insn pass[] = {
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
	{.code = BPF_JMP | BPF_EXIT},
};

/* The type of `int probe(struct xdp_md *ctx)`, loaded into the kernel; FUNC gets the function's id. */
static int load_types(int *func)
{
	struct btf *btf = btf__new_empty();
	int word, ctx, proto, fd = -1;

	if (!btf)
		return -ENOMEM;
	word = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	ctx = btf__add_struct(btf, "xdp_md", 4);
	btf__add_field(btf, "data", word, 0, 0);
	ctx = btf__add_ptr(btf, ctx);
	proto = btf__add_func_proto(btf, word);
	btf__add_func_param(btf, "ctx", ctx);
	*func = btf__add_func(btf, "probe", BTF_FUNC_GLOBAL, proto);
	if (*func > 0 && !btf__load_into_kernel(btf)) {
		fd = dup(btf__fd(btf)); /* the program and we keep the types, not BTF */
	}
	fd = fd < 0 ? -errno : fd;
	btf__free(btf);
	return fd;
}

static int load_probe(enum bpf_prog_type type, int btf_fd, int func, int target_fd)
{
	struct bpf_func_info info = {.insn_off = 0, .type_id = (__u32)func};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_btf_fd = (__u32)btf_fd, .func_info = &info, .func_info_cnt = 1,
		    .func_info_rec_size = sizeof(info));
	int fd;

	if (target_fd >= 0) {
		opts.attach_prog_fd = target_fd;
		opts.attach_btf_id = (__u32)func;
	}
	fd = bpf_prog_load(type, "probe", "GPL", pass, 2, &opts);
	return fd < 0 ? -errno : fd;
}

static struct hook_probe probe_ext(void)
{
	int types, target = -1, ext = -1, link = -1, func = 0;
	struct hook_probe found = {};

	types = load_types(&func);
	if (types < 0)
		return (struct hook_probe){types, "load BTF"};
	target = load_probe(BPF_PROG_TYPE_XDP, types, func, -1);
	if (target < 0) {
		found = (struct hook_probe){target, "load an XDP program"};
		goto out;
	}
	ext = load_probe(BPF_PROG_TYPE_EXT, types, func, target);
	if (ext < 0) {
		found = (struct hook_probe){ext, "load a program of type BPF_PROG_TYPE_EXT"};
		goto out;
	}
	link = bpf_raw_tracepoint_open(NULL, ext);
	if (link < 0)
		found = (struct hook_probe){-errno, "attach a program of type BPF_PROG_TYPE_EXT"};
out:
	if (link >= 0)
		close(link);
	if (ext >= 0)
		close(ext);
	if (target >= 0)
		close(target);
	close(types);
	return found;
}

const struct hook_probe *hook_probe_ext(void)
{
	static struct hook_probe found;

	if (!found.step) {
		found = probe_ext();
		if (!found.rc)
			found.step = "";
	}
	return &found;
}

const struct hook_probe *hook_probe_tcx(void)
{
	static struct hook_probe found;
	__u32 count = 0;

	/* Asking for the programs of a hook that the kernel does not know is refused. */
	if (!found.step) {
		found.step = "";
		if (bpf_prog_query(1, (enum bpf_attach_type)TCX_INGRESS, 0, NULL, NULL, &count) && errno != ENODEV)
			found = (struct hook_probe){-errno, "query TCX programs"};
	}
	return &found;
}

int hook_probe_native(int ifindex)
{
	__u64 features = 0;
	int rc = hook_netdev_features(ifindex, &features);

	return rc ? rc : (features & FEATURE_XDP_BASIC) != 0;
}
