/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - what an authoritative server answers (RFC 1034 4.3.2, without recursion and DNSSEC). */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include "message.h"

/* Write what ZONE says of TYPE at NAME, which exists, into M; returns the flags of enum dns_answer_flag. */
unsigned answer_node(struct message *m, const struct zone *zone, const struct node *node, uint16_t type);
/* What it says of names that do not exist, and of types that a name does not have: M for its apex. */
unsigned answer_nothing(struct message *m, const struct zone *zone);

/* Where NODE's CNAME leads to, at last, in its zone; NULL: out of it, to a delegation, or to nothing that exists. */
const struct node *answer_target(const struct zone *zone, const struct node *node);

#endif
