/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - what an authoritative server answers (RFC 1034 4.3.2 without recursion, RFC 4035 3.1 by exact name). */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include "message.h"

/* Write what ZONE says of TYPE at NODE into M; returns the flags of enum dns_answer_flag. CNAMEs are followed into all
 * ZONES. If M is with DNSSEC, DNS_PASS says that a signature or proof is not at hand. */
unsigned answer_node(struct message *m, const struct zones *zones, const struct zone *zone, const struct node *node,
		     uint16_t type);
/* What it says of names that do not exist, and of types that a name does not have: M for its apex. */
unsigned answer_nothing(struct message *m, const struct zone *zone);

/* Where NODE's CNAME leads to, at last; NULL: out of the zones, to a delegation, or to nothing that exists. */
const struct node *answer_target(const struct zones *zones, const struct node *node);

#endif
