/* SPDX-License-Identifier: Apache-2.0 */
/* test_frame.h - what the files of the harness share: where things are in a frame, and what its checksums should be. A
 * function's test includes test.h. */
#ifndef KFAAS_TEST_FRAME_H
#define KFAAS_TEST_FRAME_H

#include "test.h"

static inline void put16(uint8_t *at, unsigned v)
{
	at[0] = v >> 8;
	at[1] = v;
}

static inline unsigned get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

/* One's complement sum of big-endian words, folded, on top of SUM. */
unsigned frame_sum(const uint8_t *b, size_t len, unsigned sum);
/* The same of the pseudo header of IP's PROTO, LEN bytes long. */
unsigned frame_pseudo(const uint8_t *ip, int family, unsigned proto, size_t len);
/* Where PROTO has its checksum, from the L4 header on; -1: nowhere that we know. */
int frame_sum_place(int family, unsigned proto);
/* The checksum that L4, LEN bytes long, should have. */
unsigned frame_l4_sum(const uint8_t *ip, const uint8_t *l4, int family, unsigned proto, size_t len);

struct layout {
	size_t l3, l4, end; /* end: of IP */
	int family;
	unsigned proto;
	bool plain; /* neither options, extension headers nor a fragment */
};
/* False: not a whole IP packet. */
bool frame_layout(const uint8_t *f, size_t len, struct layout *l);
/* Where the frame has L4's checksum; 0: nowhere that we know, or it is cut off. */
size_t frame_check(const struct layout *l);

/* A line of up to 16 bytes from AT on. */
void test_dump(const char *mark, const uint8_t *b, size_t len, size_t at);

#endif
