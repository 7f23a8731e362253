/* SPDX-License-Identifier: Apache-2.0 */
/* trigger.h - which packets invoke a function: text into a plain struct and back.
 *
 *   any                         every frame
 *   arp | ip | ip6 | ether/0x88cc      an ethertype (decimal or hex)
 *   icmp | icmp6 | udp | tcp | sctp | proto/47      an IP protocol
 *   udp/53 | tcp/8000-8999      a local port, or a range
 *   ... to 192.0.2.0/24 | ... to 2001:db8::1      any of the IP ones (not any, arp, ether/N),
 *                               only for these local addresses */
#ifndef KF_TRIGGER_H
#define KF_TRIGGER_H

#include <stdbool.h>
#include <stddef.h>

enum trigger_kind { TRIGGER_ANY, TRIGGER_ETHER, TRIGGER_PROTO, TRIGGER_PORT };

struct trigger {
	unsigned char kind;
	unsigned char proto;   /* PROTO, PORT: IP protocol number */
	unsigned short lo, hi; /* PORT: inclusive, host order; ETHER: the type in both */
	bool has_prefix;
	unsigned char prefixlen; /* of the IPv4-mapped IPv6 address: an IPv4 /24 is 120 */
	unsigned char addr[16];	 /* network order, bits beyond the prefix zero */
};

/* Parse one trigger; WHERE prefixes the error. Host bits set in a prefix are an error that
 * suggests the right prefix. */
int trigger_parse(struct trigger *t, const char *text, const char *where);
/* Canonical words, parsed back to the same struct. Returns BUF. */
char *trigger_print(const struct trigger *t, char *buf, size_t size);
#define TRIGGER_TEXT_MAX 80
int trigger_compare(const struct trigger *a, const struct trigger *b); /* total order, as memcmp */

#endif
