/* SPDX-License-Identifier: Apache-2.0 */
/* judge.h - builds queries and judges answers for the tests, without any code of what it tests. */
#ifndef DNS_JUDGE_H
#define DNS_JUDGE_H

#include "../test.h"

/* What is left zero is a plain query of class IN, from port 40000 over IPv4. */
struct ask {
	const char *name; /* labels with dots between; "" is the root */
	uint16_t type, class, flags;
	const char *opt; /* hex behind the question; counts as one additional record */
	const char *raw; /* hex instead of all this: the payload */
	struct packet frame;
};

/* The payload of A in BYTES (at least 600); its length. */
size_t ask_payload(uint8_t *bytes, const struct ask *a);
/* The frame; FRAME: TEST_FRAME bytes. */
size_t ask_frame(uint8_t *frame, const struct ask *a);

/* The UDP payload of a frame with a plain IP header. */
const uint8_t *judge_payload(const uint8_t *frame, size_t *len);
/* NULL if OUT is a sound answer to IN; else what is not. For test_judge. */
const char *judge_answer(const uint8_t *in, size_t in_len, const uint8_t *out, size_t out_len);

#endif
