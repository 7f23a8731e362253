/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* flood.h - the frame that flood.c and flood.bpf.c agree on: Ethernet 14, IPv4 20, UDP 8, payload 22.
 * The payload's bytes 0 to 3 and the revision in byte 4 as objects/revision.bpf.c writes it; byte 6 on
 * the mark. */
#ifndef FLOOD_H
#define FLOOD_H

#include <linux/types.h>

#define FLOOD_WORDS	  8
#define FLOOD_REVISION_AT 46 /* byte */
#define FLOOD_MARK_AT	  6  /* word: bytes 48 to 55 */
#define FLOOD_MARK	  0x6b662d666c6f6f64ull

struct flood_frame {
	union {
		__u64 word[FLOOD_WORDS];
		__u8 byte[8 * FLOOD_WORDS];
	};
};

#endif
