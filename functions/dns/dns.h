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

#define DNS_NAME       255  /* bytes of a name on the wire, with the root's zero */
#define DNS_SHORT      64   /* of one that fits into its row of `names` */
#define DNS_LABELS     40   /* taken off a name that does not exist, in search of one that does */
#define DNS_SIZE       1232 /* of an answer, at most: fits IPv6's minimum MTU */
#define DNS_BODY       1215 /* of an answer behind its question: DNS_SIZE less the header and the shortest question */
#define DNS_QUICK_BODY 16   /* of a body that quick.h sends, at least: an address with its name compressed */
#define DNS_SHIFTS     159  /* compression pointers in one body that move with the length of the name asked for */

/* The row for all types that have none of their own: at CNAMEs and delegations, in signed zones everywhere. */
#define DNS_TYPE_FALLBACK 0
#define DNS_TYPE_CNAME	  5
#define DNS_TYPE_OPT	  41
#define DNS_TYPE_DS	  43
#define DNS_TYPE_ANY	  255

#define DNS_QR		   0x8000
#define DNS_RCODE_NXDOMAIN 3
#define DNS_RCODE_REFUSED  5
#define DNS_RCODE_BADVERS  16

/* A hash table of names, which are sorted by their slot: the rows of those in one. Row 0 is none, but says how names
 * are hashed; the slots follow. */
struct dns_slot {
	union {
		__u32 first;
		__u32 mask; /* how many slots there are, a power of two, less one */
	};
	union {
		__u32 end; /* behind the last */
		__u32 seed;
	};
};
#define DNS_RUN 24 /* names in one slot, at most: another seed spreads them otherwise */

/* A name's hash is that of its words of 8 bytes, from the seed on. What the upper half of a word has goes into the
 * lower one, too, after it was multiplied with the seed in it: so names that differ in like characters (r01.h01,
 * r02.h02) do not have the same hash, or not with another seed. */
#define DNS_MIX 0x9e3779b97f4a7c15ULL
static inline __attribute__((always_inline)) __u64 dns_hash(__u64 h, __u64 word)
{
	h = (h ^ word) * DNS_MIX;
	return h ^ h >> 32;
}

/* Its lower half tells the names of a slot apart. */
static inline __attribute__((always_inline)) __u32 dns_slot_of(__u64 h, __u32 mask)
{
	return 1 + ((__u32)(h * DNS_MIX >> 32) & mask);
}

/* A body: LEN bytes of records, and, at the next even offset, the network order offsets in it of the pointers to be
 * shifted. */
struct kfaas_bytes_dns_small {
	KFAAS_BYTES_OF(114);
};

struct kfaas_bytes_dns_large {
	KFAAS_BYTES_OF(1534);
};

/* Flags of an answer: AA, TC and the rcode as in the header, and three that never leave the house: `marks`. */
enum dns_answer_flag {
	DNS_AA = 0x0400,
	DNS_TC = 0x0200,
	DNS_RCODE = 0x000f,
	DNS_PASS = 0x10000,   /* for the server behind */
	DNS_SIGNED = 0x20000, /* with the DO bit: the row for that, whole, or for the server behind */
	DNS_QUICK = 0x40000,  /* quick.h may send it */
};
#define DNS_MARKS 16 /* the lowest bit of these */

/* Row 0: the answer to ANY (RFC 8482). Then one for each zone: what it says of names and types that it does not have.
 * Then those of the names. */
struct dns_answer {
	__u16 type;
	__u8 dnssec; /* 1: for queries with the DO bit, if the row for others has DNS_SIGNED or there is none */
	__u8 marks;
	__u32 large;		      /* 1 + the row of `bodies` that has the body; 0: it is here */
	__be16 flags, qd, an, ns, ar; /* as in the header */
	__u16 len;
	__u16 extra;	    /* bytes of additional records that are left out if they do not fit */
	__u16 sum;	    /* of the LEN bytes, as checksums have it (RFC 1071) */
	__be16 message_sum; /* of the message that answers its own name, but for id, RD and OPT */
	__u8 name_len;	    /* of the name for which it was rendered */
	__u8 shifts;
	struct kfaas_bytes_dns_small body;
};

enum dns_name_flag {
	DNS_NAME_CUT = 1,     /* a delegation */
	DNS_NAME_ALIAS = 2,   /* a CNAME */
	DNS_NAME_WILD = 4,    /* the parent of a wildcard */
	DNS_NAME_EMPTY = 8,   /* without records: there are names below */
	DNS_NAME_SIGNED = 16, /* of a signed zone */
	DNS_NAME_DNAME = 32,  /* what is below is for the server behind */
};

/* Every name that exists in a zone, down to the delegations. Names are in wire form, lower case, with zeros behind. */
struct dns_name {
	__u8 name[DNS_SHORT] KFAAS_FORM("name");
	__u32 hash;
	__u32 large; /* 1 + the row of `names_long` that has the name; 0: it is here */
	__u32 zone;  /* the row of `answers` for what the zone does not have */
	__u32 first; /* of its COUNT rows of `answers`, which are sorted by dns_ask(), as is `own` before them */
	__u16 count;
	__u8 flags;
	__u8 len;	       /* of the name, its last zero included */
	struct dns_answer own; /* QD 0, and DNS_PASS: there is none */
};

struct dns_name_long {
	__u8 name[256] KFAAS_FORM("name");
};

/* MARK: DNS_PASS, DNS_SIGNED or DNS_QUICK. */
static inline __attribute__((always_inline)) int dns_marked(const struct dns_answer *a, __u32 mark)
{
	return a->marks & mark >> DNS_MARKS;
}

/* TYPE is one that records have; the others (0, 41, 128 to 254) ask for something else. */
static inline __attribute__((always_inline)) int dns_is_type(__u16 type)
{
	return type && type != DNS_TYPE_OPT && type - 128U >= 127;
}

static inline __attribute__((always_inline)) __u32 dns_ask(__u16 type, __u16 dnssec)
{
	return (__u32)dnssec << 16 | type;
}

_Static_assert(sizeof(struct dns_slot) == 8, "dns_slot");
_Static_assert(sizeof(struct dns_name) == 228, "dns_name");
_Static_assert(sizeof(struct dns_answer) == 144, "dns_answer");
_Static_assert(sizeof(struct kfaas_bytes_dns_large) == 1536, "dns_large");
_Static_assert((DNS_BODY + 1) / 2 * 2 + 2 * DNS_SHIFTS <= sizeof(((struct kfaas_bytes_dns_large *)0)->bytes),
	       "DNS_SHIFTS");

#endif
