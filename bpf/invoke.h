/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* invoke.h - call the program in a slot and get its verdict back.
 *
 * A tail call made in a subprogram returns to the subprogram's caller. Its
 * index is a constant in every case of the switch, so that the kernel patches
 * each into a direct jump: no array access, no retpoline. The kernel takes 1,024
 * of them in a program (bpf_jit_add_poke_descriptor); the few slots above, which
 * are only used when all others are, go the ordinary way. */
#ifndef KF_INVOKE_H
#define KF_INVOKE_H

#include "maps.h"

#define KF_MISSING (-1000) /* no program has this verdict */

/* The empty asm keeps clang from merging the cases into one variable index. */
#define KF_CASE(n)                                                                                                     \
	case (n):                                                                                                      \
		asm volatile("" ::: "memory");                                                                         \
		bpf_tail_call_static(ctx, &kf_functions, (n));                                                         \
		break;
#define KF_CASE8(n)                                                                                                    \
	KF_CASE((n) + 0)                                                                                               \
	KF_CASE((n) + 1)                                                                                               \
	KF_CASE((n) + 2) KF_CASE((n) + 3) KF_CASE((n) + 4) KF_CASE((n) + 5) KF_CASE((n) + 6) KF_CASE((n) + 7)
#define KF_CASE64(n)                                                                                                   \
	KF_CASE8((n) + 0)                                                                                              \
	KF_CASE8((n) + 8)                                                                                              \
	KF_CASE8((n) + 16)                                                                                             \
	KF_CASE8((n) + 24) KF_CASE8((n) + 32) KF_CASE8((n) + 40) KF_CASE8((n) + 48) KF_CASE8((n) + 56)
#define KF_CASE512(n)                                                                                                  \
	KF_CASE64((n) + 0)                                                                                             \
	KF_CASE64((n) + 64)                                                                                            \
	KF_CASE64((n) + 128)                                                                                           \
	KF_CASE64((n) + 192) KF_CASE64((n) + 256) KF_CASE64((n) + 320) KF_CASE64((n) + 384) KF_CASE64((n) + 448)

_Static_assert(KF_FUNCTIONS == 512 + 512, "the switch below");

/* Global (not static), so that the verifier looks at the switch once and not once a call. */
__noinline int kf_invoke(kf_ctx *ctx, __u32 slot)
{
	int missing;

	switch (slot) {
		KF_CASE512(0)
		KF_CASE512(512)
	default:
		bpf_tail_call(ctx, &kf_functions, slot);
	}
	/* Behind the compiler's back, which else takes it for the only value there is to return. */
	asm volatile("%0 = %1" : "=r"(missing) : "i"(KF_MISSING));
	return missing;
}

#endif
