/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* invoke.h - call the program in a slot and get its verdict back.
 *
 * A tail call made in a subprogram returns to the subprogram's caller. Its
 * index is a constant at every leaf of the tree, so that the kernel patches
 * each into a direct jump: no array access, no retpoline. The kernel takes 1,024
 * of them in a program (bpf_jit_add_poke_descriptor); the few slots above, which
 * are only used when all others are, go the ordinary way. */
#ifndef KF_INVOKE_H
#define KF_INVOKE_H

#include "maps.h"

#define KF_MISSING (-1000) /* no program has this verdict */

/* bpf_tail_call_static for one slot, but that CTX stays in the register that it comes in: libbpf's has it saved on each
 * call, and restored. */
static __always_inline void kf_tail_call(kf_ctx *ctx, const __u32 slot)
{
	register kf_ctx *r1 asm("r1") = ctx;

	asm volatile("r2 = %[map] ll\n\t"
		     "r3 = %[slot]\n\t"
		     "call %[tail_call]"
		     : "+r"(r1)
		     : [map] "i"(&kf_functions), [slot] "i"(slot), [tail_call] "i"(BPF_FUNC_tail_call)
		     : "r0", "r2", "r3", "r4", "r5", "memory");
}

/* Compares, down to a leaf for each slot. A `switch` would do, but a thousand of its compares cannot fail, which the
 * verifier finds, and takes what is behind each out one by one: two thirds of the time that loading a gate took. */
#define KF_LEAF(n)                                                                                                     \
	{                                                                                                              \
		kf_tail_call(ctx, (n));                                                                                \
	}
#define KF_FORK(at, below, from)                                                                                       \
	if (slot < (at))                                                                                               \
	below else from
#define KF_TREE2(n)   KF_FORK((n) + 1, KF_LEAF(n), KF_LEAF((n) + 1))
#define KF_TREE4(n)   KF_FORK((n) + 2, KF_TREE2(n), KF_TREE2((n) + 2))
#define KF_TREE8(n)   KF_FORK((n) + 4, KF_TREE4(n), KF_TREE4((n) + 4))
#define KF_TREE16(n)  KF_FORK((n) + 8, KF_TREE8(n), KF_TREE8((n) + 8))
#define KF_TREE32(n)  KF_FORK((n) + 16, KF_TREE16(n), KF_TREE16((n) + 16))
#define KF_TREE64(n)  KF_FORK((n) + 32, KF_TREE32(n), KF_TREE32((n) + 32))
#define KF_TREE128(n) KF_FORK((n) + 64, KF_TREE64(n), KF_TREE64((n) + 64))
#define KF_TREE256(n) KF_FORK((n) + 128, KF_TREE128(n), KF_TREE128((n) + 128))
#define KF_TREE512(n) KF_FORK((n) + 256, KF_TREE256(n), KF_TREE256((n) + 256))

_Static_assert(KF_FUNCTIONS == 1024, "the trees of kf_invoke");

/* Global (not static), so that the verifier looks at the tree once and not once a call. */
__noinline int kf_invoke(kf_ctx *ctx, __u32 slot)
{
	int missing;

	/* The lower a slot, the fewer compares: they are filled from below, the spare ones last. */
	if (slot < 2) {
		KF_TREE2(0)
	} else if (slot < 4) {
		KF_TREE2(2)
	} else if (slot < 8) {
		KF_TREE4(4)
	} else if (slot < 16) {
		KF_TREE8(8)
	} else if (slot < 32) {
		KF_TREE16(16)
	} else if (slot < 64) {
		KF_TREE32(32)
	} else if (slot < 128) {
		KF_TREE64(64)
	} else if (slot < 256) {
		KF_TREE128(128)
	} else if (slot < 512) {
		KF_TREE256(256)
	} else if (slot < 1024) {
		KF_TREE512(512)
	} else {
		bpf_tail_call(ctx, &kf_functions, slot);
	}
	/* Behind the compiler's back, which else takes it for the only value there is to return. */
	asm volatile("%0 = %1" : "=r"(missing) : "i"(KF_MISSING));
	return missing;
}

#endif
