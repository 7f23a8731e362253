/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* act.h - what the gate's tests and the functions they deploy agree on. */
#ifndef KF_TEST_ACT_H
#define KF_TEST_ACT_H

#include <linux/types.h>

#define ACTS	  16 /* functions, a to p */
#define TRACE_MAX 31

enum act_op {
	ACT_NONE,
	ACT_WRITE, /* the letter into byte ARG of the packet */
	ACT_HEAD,  /* move the packet's start by ARG bytes: negative is outwards */
	ACT_TAIL,  /* move its end by ARG bytes: positive is outwards */
	ACT_SPIN,  /* be at it for ARG ns */
};

/* What a function does. */
struct act {
	__s32 verdict;
	__u32 op;
	__s32 arg;
	__s32 rc; /* written by the function: its helper's answer */
};

/* Which functions ran, in order, the packet's length that each saw, and how much of it directly. */
struct trace {
	__u32 n;
	__u32 len[TRACE_MAX + 1];
	__u32 linear[TRACE_MAX + 1];
	char who[TRACE_MAX + 1];
};

#endif
