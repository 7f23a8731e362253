// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* xdp-dispatcher.bpf.c - a dispatcher object for libxdp, protocol version 2: libxdp fills in `conf`, loads
 * xdp_dispatcher and replaces prog0 to prog9 with the attached programs.
 *
 * Newer kernels let a program replace a function only if both or neither change packet data, as the
 * verifier sees it, and a tail call counts as a change. So the stubs here call a helper that counts
 * too. Everything that libxdp finds by its name keeps it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include <xdp/prog_dispatcher.h>

/* Constant for the verifier, which thereby drops the slots that are not in use; not for the compiler. */
static const volatile struct xdp_dispatcher_config conf = {};

/* Runs only while no program has taken its place: then the next slot is to go on. */
static __always_inline int stub(struct xdp_md *ctx)
{
	volatile int verdict = XDP_DISPATCHER_RETVAL;

	if (!ctx)
		return XDP_ABORTED;
	if (verdict != XDP_DISPATCHER_RETVAL) /* never; but the verifier counts the call before it knows */
		bpf_xdp_adjust_tail(ctx, 0);
	return verdict;
}

#define SLOT(name)                                                                                                     \
	__attribute__((noinline)) int name(struct xdp_md *ctx)                                                         \
	{                                                                                                              \
		return stub(ctx);                                                                                      \
	}

SLOT(prog0)
SLOT(prog1)
SLOT(prog2)
SLOT(prog3)
SLOT(prog4)
SLOT(prog5)
SLOT(prog6)
SLOT(prog7)
SLOT(prog8)
SLOT(prog9)
SLOT(compat_test)

/* Call slot N if it is in use; a verdict that is not among its chain call actions is the answer. */
#define CALL(n)                                                                                                        \
	if (used <= n)                                                                                                 \
		return XDP_PASS;                                                                                       \
	verdict = prog##n(ctx);                                                                                        \
	if (!(1u << verdict & conf.chain_call_actions[n]))                                                             \
		return verdict;

SEC("xdp")
int xdp_dispatcher(struct xdp_md *ctx)
{
	unsigned used = conf.num_progs_enabled;
	int verdict;

	CALL(0)
	CALL(1)
	CALL(2)
	CALL(3)
	CALL(4)
	CALL(5)
	CALL(6)
	CALL(7)
	CALL(8)
	CALL(9)
	if (used <= MAX_DISPATCHER_ACTIONS) /* always: compat_test is there for libxdp to replace on trial */
		return XDP_PASS;
	return compat_test(ctx);
}

SEC("xdp")
int xdp_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
__uint(dispatcher_version, XDP_DISPATCHER_VERSION) SEC(XDP_METADATA_SECTION);
