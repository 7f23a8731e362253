/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* dns.h - the rows that kfaas-dns-rows renders and the function looks up: keys, values, limits. */
#ifndef DNS_H
#define DNS_H

#ifndef KFAAS_H /* user space */
#include <linux/types.h>
#define KFAAS_FORM(form)
#define KFAAS_BYTES_OF(size)                                                                                           \
	__u16 len;                                                                                                     \
	__u8 bytes[size]
#endif

#define DNS_NAME   255	/* bytes of a name on the wire, with the root's zero */
#define DNS_SHORT  62	/* of one that is looked up in `owners` and `answers`; longer ones have maps of their own */
#define DNS_LABELS 40	/* taken off a name that does not exist, in search of one that does */
#define DNS_SIZE   1232 /* of an answer, at most: fits IPv6's minimum MTU */
#define DNS_BODY   1215 /* of an answer behind its question: DNS_SIZE less the header and the shortest question */
#define DNS_SHIFTS 159	/* compression pointers in one body that move with the length of the name asked for */

/* The row for all types that have none of their own: at CNAMEs and delegations, in signed zones everywhere. */
#define DNS_TYPE_FALLBACK 0
#define DNS_TYPE_CNAME	  5
#define DNS_TYPE_DS	  43
#define DNS_TYPE_ANY	  255

#define DNS_RCODE_NXDOMAIN 3
#define DNS_RCODE_REFUSED  5
#define DNS_RCODE_BADVERS  16

/* Names are in wire form, lower case, with zeros behind. */
struct dns_key {
	__u16 type;
	__u8 name[62] KFAAS_FORM("name");
};

struct dns_key_long {
	__u16 type;
	__u8 name[258] KFAAS_FORM("name");
};

struct dns_name {
	__u8 name[64] KFAAS_FORM("name");
};

struct dns_name_long {
	__u8 name[256] KFAAS_FORM("name");
};

enum dns_owner_flag {
	DNS_OWNER_CUT = 1,     /* a delegation */
	DNS_OWNER_ALIAS = 2,   /* a CNAME */
	DNS_OWNER_WILD = 4,    /* the parent of a wildcard */
	DNS_OWNER_EMPTY = 8,   /* without records: there are names below */
	DNS_OWNER_SIGNED = 16, /* of a signed zone */
	DNS_OWNER_DNAME = 32,  /* what is below is for the server behind */
};

/* Every name that exists in a zone, down to the delegations. */
struct dns_owner {
	__u32 zone; /* in `zones` */
	__u32 flags;
};

/* A body: LEN bytes of records, and, at the next even offset, the network order offsets in it of the pointers to be
 * shifted. */
struct kfaas_bytes_dns_small {
	KFAAS_BYTES_OF(116);
};

struct kfaas_bytes_dns_large {
	KFAAS_BYTES_OF(1534);
};

/* Flags of an answer: AA, TC and the rcode as in the header, and two that never leave the house. */
enum dns_answer_flag {
	DNS_AA = 0x0400,
	DNS_TC = 0x0200,
	DNS_RCODE = 0x000f,
	DNS_PASS = 0x4000,   /* for the server behind */
	DNS_SIGNED = 0x8000, /* with the DO bit: from `answers_signed`, whole, or for the server behind */
};

struct dns_answer {
	__u32 large; /* 1 + the row of `bodies` that has the body; 0: it is here */
	__u16 len;
	__u16 flags;
	__u16 an, ns, ar;
	__u16 extra;   /* bytes of additional records that are left out if they do not fit */
	__u8 name_len; /* of the name for which it was rendered */
	__u8 shifts;
	struct kfaas_bytes_dns_small body;
};

_Static_assert(sizeof(struct dns_key) == 64, "dns_key");
_Static_assert(sizeof(struct dns_key_long) == 260, "dns_key_long");
/* With the kernel's 56 bytes for an element of a hash, a row of `answers` takes one of its blocks of 256 bytes. */
_Static_assert(sizeof(struct dns_answer) == 136, "dns_answer");
_Static_assert(sizeof(struct kfaas_bytes_dns_large) == 1536, "dns_large");
_Static_assert((DNS_BODY + 1) / 2 * 2 + 2 * DNS_SHIFTS <= sizeof(((struct kfaas_bytes_dns_large *)0)->bytes),
	       "DNS_SHIFTS");

#endif
