/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* mark-two.bpf.c - mark from another object file: what replaces it. */
#define MARK_TEXT "two"
#include "mark.bpf.c"
