/* SPDX-License-Identifier: Apache-2.0 */
/* frame.h - a template while it is made: bytes, and where its headers are. */
#ifndef GEN_FRAME_H
#define GEN_FRAME_H

#include "template.h"

#define FRAME_ETHER	 14u
#define FRAME_L4(family) (FRAME_ETHER + ((family) == 4 ? 20u : 40u))

static inline unsigned char *frame_bytes(struct gen_template *t)
{
	return (unsigned char *)t->word;
}

/* Check captured frame number I for R's kind, and make it one of R's requests. */
int frame_captured(struct gen_template *t, const struct request *r, size_t i);
/* What all templates get at the end: addresses, ports, sums; what varies is left out of them. */
void frame_finish(struct gen_template *t, const struct request *r);

#endif
