/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tally-wide.bpf.c - tally with a larger map: another layout. */
#define TALLY_ENTRIES 2
#include "tally.bpf.c"
