/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* kfaas.h - all that a function's author includes: manifest, settings, packet view, replies, checksums, log.
 *
 * A function is an XDP or TC program, or one per hook, in one object file. A whole one:
 *
 *	#include <kfaas.h>
 *
 *	KFAAS_LICENSE("Dual BSD/GPL");
 *	KFAAS_MANIFEST("on = udp/1717\n"
 *		       "limit = 100000/s\n");
 *	KFAAS_SETTING(__u32, number, 42);
 *
 *	SEC("xdp")
 *	int answer(struct xdp_md *ctx)
 *	{
 *		struct kfaas_packet p;
 *		__be32 *payload;
 *
 *		if (!kfaas_parse(ctx, &p) || !kfaas_udp_any(&p) || !kfaas_payload(&p, 0, sizeof(*payload)) ||
 *		    !kfaas_resize_udp(ctx, &p, sizeof(*payload)))
 *			return XDP_PASS;
 *		payload = kfaas_payload(&p, 0, sizeof(*payload));
 *		if (!payload)
 *			return XDP_DROP;
 *		*payload = bpf_htonl(number);
 *		return kfaas_reply_udp(ctx, &p);
 *	}
 *
 * Compile: clang -O2 -g -target bpf -mcpu=v3 -c quote.bpf.c -o quote.bpf.o (-g: the loader needs BTF).
 *
 * Rules of the house:
 * - What is not clearly for you, and all that is damaged, goes on to the kernel: return XDP_PASS (TC: TC_ACT_UNSPEC).
 *   Decide before you write; a packet that was changed must be answered or dropped.
 * - Which port, protocol and address invoke you is the trigger's business (`on`), so do not test it again. A port or
 *   protocol trigger lets in only packets for the host's own addresses unless the config says otherwise.
 * - Never trust an incoming TCP or UDP checksum: a sender on this host, or in a guest, may have left it to hardware
 *   that the packet never met. The replies below compute theirs afresh.
 * - Whoever can forge a source address decides where your answer goes: keep it no longer than the question, do not
 *   answer ports below 1024 unless the protocol asks for it, and do not answer what may itself be an answer. If any
 *   datagram is a question to you, kfaas_udp_any() sees to the latter two.
 */
#ifndef KFAAS_H
#define KFAAS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/icmpv6.h>
#include <linux/udp.h>
#include <linux/tcp.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

/* --- Manifest, license, settings ----------------------------------------------------------------------------------
 *
 * The manifest says how the function wants to be deployed: the keys of a [function NAME] section of the config file,
 * one a line (on, prio, scope, continue, limit, on-limit, budget, on-fuse, set.NAME, data.MAP). The config file and
 * the command line override it. It is stored as text, without a terminating zero, in the ELF section `.kfaas`. */
#define KFAAS_MANIFEST(text)                                                                                           \
	static const char kfaas_manifest[sizeof(text) - 1] __attribute__((section(".kfaas"), used)) = text

/* Without a license that the kernel takes for GPL-compatible some helpers are refused. */
#define KFAAS_LICENSE(name) char kfaas_license[] SEC("license") = name

/* A setting is a number, bool, enum, or array of char (text) that `set.NAME = VALUE` gives another value before the
 * function is loaded. It costs nothing to read: the kernel sees a constant and drops the code it rules out. */
#define KFAAS_SETTING(type, name, value) const volatile type name = value

/* --- Data ---------------------------------------------------------------------------------------------------------
 *
 * A function's maps are its data: `kfaas-net data` reads and writes them, `data.MAP = FILE` fills one before the
 * function is put in force. Keys and values are typed by BTF; a row is the fields of the key, then those of the value,
 * in order, structs taken apart. What a number or a row of bytes means is said by one of these types, or by
 * KFAAS_FORM on a member: `__u8 digest[32] KFAAS_FORM("hex");`. Without it, integers are decimal, enums their names,
 * arrays of char text, other arrays elements with commas; __be16, __be32 and __be64 are big-endian numbers, structs
 * in_addr and in6_addr addresses. Padding of a key counts as part of it: zero it.
 *
 *	form	of			as text
 *	ip4	__be32			192.0.2.1
 *	ip6	16 bytes		2001:db8::1
 *	ip	16 bytes		either; IPv4 is mapped (::ffff:a.b.c.d)
 *	mac	6 bytes			02:00:00:00:00:01
 *	be	16, 32, 64 bits		a big-endian number
 *	port	16 bits			the same, big-endian
 *	name	array of bytes		a DNS name: www.example.org. (RFC 1035 5.1), on the wire form, zeros behind
 *	hex	array of bytes		6869, zeros behind; "-" for none
 *	bytes	struct kfaas_bytes_*	6869, with its length before; "-" for none
 *	prefix	struct with prefixlen	192.0.2.0/24: the key of an LPM trie
 */
#define KFAAS_FORM(form) __attribute__((btf_decl_tag("kfaas:" form)))
typedef __be32 kfaas_ip4 KFAAS_FORM("ip4");
typedef struct in6_addr kfaas_ip6 KFAAS_FORM("ip6");
typedef struct in6_addr kfaas_ip KFAAS_FORM("ip");
typedef __u8 kfaas_mac[6] KFAAS_FORM("mac");
typedef __be16 kfaas_be16 KFAAS_FORM("be");
typedef __be32 kfaas_be32 KFAAS_FORM("be");
typedef __be64 kfaas_be64 KFAAS_FORM("be");
typedef __be16 kfaas_port KFAAS_FORM("port");
typedef struct {
	__u32 prefixlen;
	__be32 addr;
} kfaas_prefix4 KFAAS_FORM("prefix");
typedef struct {
	__u32 prefixlen;
	struct in6_addr addr;
} kfaas_prefix6 KFAAS_FORM("prefix");
/* Up to SIZE bytes, LEN of them in use: `struct kfaas_bytes_body { KFAAS_BYTES_OF(1400) };` as type of a member. */
#define KFAAS_BYTES_OF(size)                                                                                           \
	__u16 len;                                                                                                     \
	__u8 bytes[size] KFAAS_FORM("bytes")

/* A map that `data load` replaces as a whole, with one store: MAP is a type, the definition of the map that holds the
 * rows. (The loader makes it larger than max_entries says where the rows need it; an array needs the flag
 * BPF_F_INNER_MAP for that.) kfaas_data(&name) is the one in force, or NULL; ask once a packet, and use it for that
 * packet only.
 *
 *	struct hosts {
 *		__uint(type, BPF_MAP_TYPE_HASH);
 *		__uint(max_entries, 1024);
 *		__uint(map_flags, BPF_F_NO_PREALLOC);
 *		__type(key, kfaas_ip4);
 *		__type(value, __u32);
 *	};
 *	KFAAS_REPLACEABLE(struct hosts, hosts);
 */
#define KFAAS_REPLACEABLE(map, name)                                                                                   \
	map name##_0 SEC(".maps");                                                                                     \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                                                              \
		__uint(max_entries, 1);                                                                                \
		__type(key, __u32);                                                                                    \
		__array(values, map);                                                                                  \
	} name SEC(".maps") = {.values = {[0] = &name##_0}}

static __always_inline void *kfaas_data(void *replaceable)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(replaceable, &zero);
}

/* What the stack of 512 bytes has no room for: a scratch struct for each CPU, with what the packet before left in it.
 * kfaas_scratch(&name) is there, but the verifier wants to see it compared with NULL. */
#define KFAAS_SCRATCH(scratch, name)                                                                                   \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                                               \
		__uint(max_entries, 1);                                                                                \
		__type(key, __u32);                                                                                    \
		__type(value, scratch);                                                                                \
	} name SEC(".maps")
#define kfaas_scratch(map) ((typeof((map)->value))kfaas_data(map))

/* --- The packet view ----------------------------------------------------------------------------------------------
 *
 *	struct kfaas_packet p;
 *	if (!kfaas_parse(ctx, &p))
 *		return XDP_PASS;
 *
 * parses Ethernet, up to two VLAN tags, and IPv4 or IPv6 with options and extension headers, of a struct xdp_md or a
 * struct __sk_buff. True: all of it is sound, and the frame is as long as the IP header says. (ARP and other
 * ethertypes are sound; family is 0.) False: cut short or damaged; family is 0, ether tells how far it came.
 *
 * Pointers into the frame are good until a helper changes its size or moves it (bpf_xdp_adjust_*, bpf_skb_change_*,
 * bpf_skb_pull_data ...); then parse again. The verifier wants every access proven: use the accessors below, which
 * give NULL instead of a pointer that is not safe, or compare with p.end yourself. */
enum kfaas_fragment {
	KFAAS_WHOLE,	      /* not a fragment */
	KFAAS_FRAGMENT_FIRST, /* has the L4 header, but not all of the payload */
	KFAAS_FRAGMENT_LATER, /* l4 points to payload */
};

struct kfaas_packet {
	void *data;	/* the Ethernet header */
	void *end;	/* behind the last readable byte; on TC a scattered packet goes on beyond it */
	void *l3;	/* behind Ethernet and its tags */
	void *l4;	/* behind IPv4's options or IPv6's extension headers */
	__u32 len;	/* bytes of the frame */
	__u32 l4_len;	/* bytes from l4 on, as the IP header says: without Ethernet's padding */
	__u32 ether;	/* ethertype behind the tags, host order */
	__u32 vlans;	/* tags: 0, 1, 2 */
	__u32 vlan;	/* VLAN id of the outermost tag */
	__u32 family;	/* 4, 6; 0: not IP */
	__u32 proto;	/* IP protocol */
	__u32 fragment; /* enum kfaas_fragment */
	__u32 options;	/* 1: IPv4 options or IPv6 extension headers are between l3 and l4 */
	__u32 cut;	/* 1: a header goes on beyond `end` */
	__u32 hops;	/* the hop limit that an answer gets */
};

#define KFAAS_TTL	 64  /* that hop limit, unless kfaas_lower_hops() makes it less */
#define KFAAS_EXTENSIONS 8   /* IPv6 extension headers followed; a longer row counts as damaged */
#define KFAAS_TC_HEADERS 256 /* bytes made readable on TC, if a header was not */

#define kfaas_parse(ctx, p)                                                                                            \
	_Generic((ctx), struct xdp_md * : kfaas_parse_xdp, struct __sk_buff * : kfaas_parse_skb)(ctx, p)

/* Words of a frame, whatever else it holds (a plain __u32 may not alias a header's fields in C). */
typedef __u16 __attribute__((may_alias)) kfaas_u16;
typedef __u32 __attribute__((may_alias)) kfaas_u32;
typedef __u64 __attribute__((may_alias)) kfaas_u64;

struct kfaas_tag {
	__be16 tci;
	__be16 type;
};

static __always_inline bool kfaas_has(struct kfaas_packet *p, void *at, __u32 bytes)
{
	p->cut = at + bytes > p->end;
	return !p->cut;
}

static __always_inline __u32 kfaas_l3_offset(const struct kfaas_packet *p)
{
	return sizeof(struct ethhdr) + p->vlans * sizeof(struct kfaas_tag);
}

static __always_inline bool kfaas_parse_ip(struct kfaas_packet *p, __u32 room)
{
	struct iphdr *ip = p->l3;
	__u32 first, total, header = sizeof(*ip);

	if (!kfaas_has(p, ip, sizeof(*ip)))
		return false;
	first = *(__u8 *)ip; /* version and header length */
	if (__builtin_expect(first != 0x45, 0)) {
		header = (first & 15) * 4;
		if (first >> 4 != 4 || header < sizeof(*ip))
			return false;
		p->options = header > sizeof(*ip);
	}
	total = bpf_ntohs(ip->tot_len);
	if (total < header || total > room)
		return false;
	if (ip->frag_off & bpf_htons(0x3fff))
		p->fragment = ip->frag_off & bpf_htons(0x1fff) ? KFAAS_FRAGMENT_LATER : KFAAS_FRAGMENT_FIRST;
	p->l4 = p->l3 + header;
	p->l4_len = total - header;
	p->proto = ip->protocol;
	p->family = 4;
	return true;
}

/* Hop-by-hop and destination options, routing, fragment, authentication: what the kernel takes for extensions, too. */
#define KFAAS_BIT(n)	  (1ULL << (n))
#define KFAAS_EXTENSION	  (KFAAS_BIT(0) | KFAAS_BIT(43) | KFAAS_BIT(44) | KFAAS_BIT(51) | KFAAS_BIT(60))
#define KFAAS_NEXT(n, is) ((is) >> (n)&1)

/* Arithmetic instead of branches, so that the verifier walks the loop once and not once for every row of headers. */
static __always_inline bool kfaas_parse_ip6(struct kfaas_packet *p, __u32 room)
{
	struct ipv6hdr *ip6 = p->l3;
	__u8 *at = (__u8 *)(ip6 + 1);
	__u32 left, next, fragment = 0;

	if (!kfaas_has(p, ip6, sizeof(*ip6)))
		return false;
	left = bpf_ntohs(ip6->payload_len);
	if (*(__u8 *)ip6 >> 4 != 6 || left + sizeof(*ip6) > room)
		return false;
	next = ip6->nexthdr;
	for (int i = 0; next < 64 && KFAAS_NEXT(next, KFAAS_EXTENSION) && !(fragment & 0xfff8); i++) {
		__u32 is_fragment = KFAAS_NEXT(next, KFAAS_BIT(IPPROTO_FRAGMENT));
		__u32 is_ah = KFAAS_NEXT(next, KFAAS_BIT(IPPROTO_AH));
		__u32 size;

		barrier_var(is_fragment);
		barrier_var(is_ah);
		if (i == KFAAS_EXTENSIONS || !kfaas_has(p, at, 8))
			return false;
		size = ((at[1] & (is_fragment - 1)) << (3 - is_ah)) + 8;
		barrier_var(size);
		size &= 0xfff; /* nothing new to us; the verifier wants a bound */
		if (size > left)
			return false;
		fragment |= bpf_ntohs(*(kfaas_u16 *)(at + 2)) & 0xfff9 & -is_fragment;
		next = at[0];
		left -= size;
		at += size;
		p->options = 1;
	}
	if (fragment)
		p->fragment = fragment & 0xfff8 ? KFAAS_FRAGMENT_LATER : KFAAS_FRAGMENT_FIRST;
	p->l4 = at;
	p->l4_len = left;
	p->proto = next;
	p->family = 6;
	return true;
}

static __always_inline bool kfaas_is_tag(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/* From data, end, len, vlans and vlan to all the rest; TAGS: how many the frame may have. */
static __always_inline bool kfaas_parse_frame(struct kfaas_packet *p, __u32 tags)
{
	struct kfaas_tag *tag = p->data + sizeof(struct ethhdr);
	__u32 used = sizeof(struct ethhdr);
	__be16 type;

	if (!kfaas_has(p, p->data, sizeof(struct ethhdr)))
		return false;
	type = ((kfaas_u16 *)tag)[-1]; /* h_proto; struct ethhdr is packed, so clang would read it by bytes */
	if (tags > 0 && kfaas_is_tag(type)) {
		if (!kfaas_has(p, tag, sizeof(*tag)))
			return false;
		if (!p->vlans++)
			p->vlan = bpf_ntohs(tag->tci) & 0xfff;
		type = tag++->type;
		used += sizeof(*tag);
		if (tags > 1 && kfaas_is_tag(type)) {
			if (!kfaas_has(p, tag, sizeof(*tag)))
				return false;
			p->vlans++;
			type = tag++->type;
			used += sizeof(*tag);
		}
	}
	p->l3 = tag;
	p->ether = bpf_ntohs(type);
	if (type == bpf_htons(ETH_P_IP))
		return kfaas_parse_ip(p, p->len - used);
	if (type == bpf_htons(ETH_P_IPV6))
		return kfaas_parse_ip6(p, p->len - used);
	return true;
}

static __always_inline bool kfaas_parse_xdp(struct xdp_md *ctx, struct kfaas_packet *p)
{
	*p = (struct kfaas_packet){
		.data = (void *)(long)ctx->data, .end = (void *)(long)ctx->data_end, .hops = KFAAS_TTL};
	p->len = p->end - p->data;
	return kfaas_parse_frame(p, 2);
}

/* On TC the outermost tag is beside the frame, not in it. */
static __always_inline bool kfaas_parse_skb(struct __sk_buff *skb, struct kfaas_packet *p)
{
	bool sound = false;

	for (int i = 0; i < 2; i++) {
		*p = (struct kfaas_packet){
			.data = (void *)(long)skb->data, .end = (void *)(long)skb->data_end, .hops = KFAAS_TTL};
		p->len = skb->len;
		if (skb->vlan_present) {
			p->vlans = 1;
			p->vlan = skb->vlan_tci & 0xfff;
		}
		sound = kfaas_parse_frame(p, 2 - p->vlans);
		if (!p->cut || p->end - p->data >= p->len || i)
			break;
		if (bpf_skb_pull_data(skb, p->len < KFAAS_TC_HEADERS ? p->len : KFAAS_TC_HEADERS))
			break;
	}
	return sound;
}

/* A header, or NULL if this is another protocol, a fragment, or cut short. UDP's is given only if its length is IP's.
 */
static __always_inline void *kfaas_l4(const struct kfaas_packet *p, __u32 proto, __u32 size)
{
	if (p->proto != proto || p->fragment || p->l4_len < size || p->l4 + size > p->end)
		return NULL;
	return p->l4;
}

static __always_inline struct udphdr *kfaas_udp(const struct kfaas_packet *p)
{
	struct udphdr *udp = kfaas_l4(p, IPPROTO_UDP, sizeof(*udp));

	return udp && bpf_ntohs(udp->len) == p->l4_len ? udp : NULL;
}

static __always_inline struct tcphdr *kfaas_tcp(const struct kfaas_packet *p)
{
	return kfaas_l4(p, IPPROTO_TCP, sizeof(struct tcphdr));
}

/* ICMP and ICMPv6 alike; id and sequence are those of echo. (<linux/icmp.h> does not compile for BPF.) */
struct kfaas_icmp {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be16 id;
	__be16 sequence;
};
#define KFAAS_ICMP_ECHO	      8
#define KFAAS_ICMP_ECHO_REPLY 0

static __always_inline struct kfaas_icmp *kfaas_icmp(const struct kfaas_packet *p)
{
	return kfaas_l4(p, p->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, sizeof(struct kfaas_icmp));
}

/* BYTES of a UDP datagram's payload from OFFSET on, or NULL. Both may vary, up to a bound the verifier can see. */
static __always_inline void *kfaas_payload(const struct kfaas_packet *p, __u32 offset, __u32 bytes)
{
	void *at = p->l4 + sizeof(struct udphdr) + offset;

	if (p->proto != IPPROTO_UDP || p->fragment || sizeof(struct udphdr) + offset + bytes > p->l4_len ||
	    at + bytes > p->end)
		return NULL;
	return at;
}

/* --- Checksums ----------------------------------------------------------------------------------------------------
 * Sums are 64 bits wide, of 16-bit words in network order, not yet folded: add sums and words as you like. */
#define KFAAS_SUM_MAX  4095 /* bytes in one sum; native XDP takes no longer frames, generic may */
#define KFAAS_SUM_NONE (~0ULL)

static __always_inline __u32 kfaas_fold(__u64 sum)
{
	sum = (sum >> 32) + (__u32)sum;
	sum = (sum >> 16) + (sum & 0xffff);
	return (sum >> 16) + (sum & 0xffff);
}

/* Add SIZE bytes at FROM, unless the frame ends before. Of each 8 bytes, `all` takes the whole and `high` the upper
 * half, so no carry is lost: the lower halves are all - (high << 32). Plain loads, because a call of the kernel's
 * bpf_csum_diff() costs as much as some 200 bytes of them. */
#define KFAAS_SUM_WORDS(from, size, end)                                                                               \
	if ((from) + (size) > (end))                                                                                   \
		return KFAAS_SUM_NONE;                                                                                 \
	_Pragma("unroll") for (int k = 0; k < (size) / 8; k++)                                                         \
	{                                                                                                              \
		word = ((kfaas_u64 *)(from))[k];                                                                       \
		all += word;                                                                                           \
		high += word >> 32;                                                                                    \
	}

/* The sum of blocks of 128 bytes. A global subprogram: the verifier walks its loop once, whoever calls it. */
__weak __u64 kfaas_sum_blocks(struct xdp_md *ctx, __u32 from, __u32 blocks)
{
	void *at = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 all = 0, high = 0, word;

	if (from > KFAAS_SUM_MAX)
		return KFAAS_SUM_NONE;
	barrier_var(from);
	at += from & KFAAS_SUM_MAX; /* nothing new to us; the verifier wants a bound */
	for (__u32 i = 0; i < KFAAS_SUM_MAX / 128 && i < blocks; i++) {
		barrier_var(at); /* or clang counts in terms of `end`, and the verifier does not follow */
		KFAAS_SUM_WORDS(at, 128, end)
		at += 128;
	}
	return all - (high << 32) + high;
}

/* The sum of LEN bytes at AT, or KFAAS_SUM_NONE: the frame ends before, or LEN is over KFAAS_SUM_MAX. Four bytes of the
 * frame must precede AT (all headers above Ethernet have that). What the blocks of 128 leave is a block for each
 * smaller power of two, at an offset that follows from LEN alone, so that the verifier's paths meet again; the last
 * bytes are the upper part of a word that ends with them. */
static __always_inline __u64 kfaas_sum(struct xdp_md *ctx, const struct kfaas_packet *p, void *at, __u32 len)
{
	__u64 all = 0, high = 0, blocks = 0, word;
	void *block;

	if (len > KFAAS_SUM_MAX)
		return KFAAS_SUM_NONE;
	if (__builtin_expect(len >= 128, 0)) {
		blocks = kfaas_sum_blocks(ctx, at - p->data, len / 128);
		if (blocks == KFAAS_SUM_NONE)
			return KFAAS_SUM_NONE;
	}
	if (!__builtin_constant_p(len)) {
		barrier_var(len);
		len &= KFAAS_SUM_MAX; /* (as above) */
	}
	if (len & 64) {
		block = at + (len & (KFAAS_SUM_MAX & ~127));
		KFAAS_SUM_WORDS(block, 64, p->end)
	}
	if (len & 32) {
		block = at + (len & (KFAAS_SUM_MAX & ~63));
		KFAAS_SUM_WORDS(block, 32, p->end)
	}
	if (len & 16) {
		block = at + (len & (KFAAS_SUM_MAX & ~31));
		KFAAS_SUM_WORDS(block, 16, p->end)
	}
	if (len & 8) {
		block = at + (len & (KFAAS_SUM_MAX & ~15));
		KFAAS_SUM_WORDS(block, 8, p->end)
	}
	all = blocks + all - (high << 32) + high;
	if (len & 4) {
		block = at + (len & (KFAAS_SUM_MAX & ~7));
		if (block + 4 > p->end)
			return KFAAS_SUM_NONE;
		all += *(kfaas_u32 *)block;
	}
	block = at + len;
	if (block > p->end)
		return KFAAS_SUM_NONE;
	word = ((kfaas_u32 *)block)[-1];
	return all + (word >> (32 - 8 * (len & 3)));
}

/* Add what UDP, TCP and ICMPv6 checksum beside the packet: addresses, protocol, length. */
static __always_inline __u64 kfaas_pseudo(const struct kfaas_packet *p)
{
	__u64 sum = bpf_htons(p->proto) + bpf_htons(p->l4_len);
	kfaas_u32 *address = p->l3 + offsetof(struct iphdr, saddr);

	if (p->family == 4)
		return sum + address[0] + address[1];
	address = p->l3 + offsetof(struct ipv6hdr, saddr);
#pragma unroll
	for (int i = 0; i < 8; i++)
		sum += address[i];
	return sum;
}

/* --- Answers (XDP) ------------------------------------------------------------------------------------------------
 * An answer is the packet turned round: MAC and IP addresses swapped, VLAN tags, traffic class and IPv4's id and
 * DF kept, hop limit 64 (kfaas_lower_hops(): less). Only packets that kfaas_answerable() are turned. */

static __always_inline __u32 kfaas_ip_sum(const struct kfaas_packet *p)
{
	kfaas_u32 *w = p->l3;

	return kfaas_fold((__u64)w[0] + w[1] + w[2] + w[3] + w[4]);
}

/* From one host to another, whole, without options or extension headers (what those ask for, the kernel knows), not
 * from or to a multicast, broadcast, unspecified or loopback address, nor from the address it is sent to (a router
 * would bring the answer back as the next question), IPv4 header checksum right. */
static __always_inline bool kfaas_answerable(const struct kfaas_packet *p)
{
	struct ethhdr *eth = p->data;

	if (p->fragment || p->options || (eth->h_dest[0] | eth->h_source[0]) & 1)
		return false;
	if (p->family == 4) {
		struct iphdr *ip = p->l3;
		__u8 from = *(__u8 *)&ip->saddr, to = *(__u8 *)&ip->daddr;

		return (__u8)(from - 1) < 223 && (__u8)(to - 1) < 223 && from != 127 && to != 127 &&
		       ip->saddr != ip->daddr && kfaas_ip_sum(p) == 0xffff;
	}
	if (p->family == 6) {
		struct ipv6hdr *ip6 = p->l3;
		kfaas_u64 *from = (void *)&ip6->saddr, *to = (void *)&ip6->daddr;

		/* ::/64 holds the unspecified and the loopback address and mapped IPv4, and nothing that is routed */
		return ip6->saddr.in6_u.u6_addr8[0] != 0xff && ip6->daddr.in6_u.u6_addr8[0] != 0xff && from[0] &&
		       to[0] && (from[0] != to[0] || from[1] != to[1]);
	}
	return false;
}

/* For a function whose answers another could take for questions: what it sends leaves with a hop limit less than what
 * came, so that even two of a kind, once set on each other, fall silent. False: no hop is left. To be asked again after
 * each kfaas_parse(), which sets the hop limit to KFAAS_TTL. */
static __always_inline bool kfaas_lower_hops(struct kfaas_packet *p)
{
	__u32 came = 0;

	if (p->family == 4)
		came = ((struct iphdr *)p->l3)->ttl;
	else if (p->family == 6)
		came = ((struct ipv6hdr *)p->l3)->hop_limit;
	p->hops = came > KFAAS_TTL ? KFAAS_TTL : came - 1;
	return came > 1;
}

/* For a function that answers datagrams whatever they say: the hop limit is lowered (kfaas_lower_hops()). False: it is
 * no sound UDP datagram, no hop is left, or it comes from where small services and functions like this one are, a port
 * below 1024 or the one it is sent to. */
static __always_inline bool kfaas_udp_any(struct kfaas_packet *p)
{
	struct udphdr *udp = kfaas_udp(p);

	return udp && bpf_ntohs(udp->source) >= 1024 && udp->source != udp->dest && kfaas_lower_hops(p);
}

static __always_inline void kfaas_turn(const struct kfaas_packet *p)
{
	kfaas_u16 *mac = p->data;
	__u32 to = *(kfaas_u32 *)mac, from = *(kfaas_u32 *)(mac + 3);
	__u16 to_rest = mac[2], from_rest = mac[5];

	*(kfaas_u32 *)mac = from;
	mac[2] = from_rest;
	*(kfaas_u32 *)(mac + 3) = to;
	mac[5] = to_rest;
	if (p->family == 4) {
		struct iphdr *ip = p->l3;
		__be32 source = ip->saddr;
		__u32 sum = (__u16)~ip->check + (0xffff ^ bpf_htons(ip->ttl << 8)) + bpf_htons(p->hops << 8);

		ip->saddr = ip->daddr;
		ip->daddr = source;
		ip->ttl = p->hops;
		ip->check = ~kfaas_fold(sum);
	} else {
		struct ipv6hdr *ip6 = p->l3;
		kfaas_u32 *address = (void *)&ip6->saddr;

#pragma unroll
		for (int i = 0; i < 4; i++) {
			__u32 word = address[i];

			address[i] = address[i + 4];
			address[i + 4] = word;
		}
		ip6->hop_limit = p->hops;
	}
}

/* The field for a folded sum; zero would say that there is none. */
static __always_inline __u16 kfaas_udp_check(__u32 sum)
{
	return sum == 0xffff ? sum : ~sum;
}

static __always_inline void kfaas_turn_udp(const struct kfaas_packet *p, struct udphdr *udp, __u32 sum)
{
	kfaas_u32 *ports = (void *)udp;

	kfaas_turn(p);
	*ports = *ports << 16 | *ports >> 16;
	udp->check = kfaas_udp_check(sum);
}

/* The checksum was right (kfaas_answerable()), so it is enough to add what changes (RFC 1624). */
static __always_inline void kfaas_ip_resized(const struct kfaas_packet *p, __u32 len)
{
	struct iphdr *ip = p->l3;
	__be16 was = ip->tot_len;

	ip->tot_len = bpf_htons(len);
	ip->check = ~kfaas_fold((__u16)~ip->check + (__u16)~was + ip->tot_len);
}

/* The frame is as long as L4_LEN bytes above IP make it: say so in P and in the IP header. L3: the IP header's offset.
 */
static __always_inline bool kfaas_resized(struct kfaas_packet *p, void *data, void *end, __u32 l3, __u32 l4_len)
{
	__u32 header = p->family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);

	p->data = data;
	p->end = end;
	p->len = l3 + header + l4_len;
	p->l3 = p->data + l3;
	p->l4 = p->l3 + header;
	p->l4_len = l4_len;
	if (p->l4 > p->end)
		return false;
	if (p->family == 4)
		kfaas_ip_resized(p, header + l4_len);
	else
		((struct ipv6hdr *)p->l3)->payload_len = bpf_htons(l4_len);
	return true;
}

/* Make room for L4_LEN bytes above IP, longer or shorter: the frame, and the lengths in P and in the IP header, so that
 * nothing has to be parsed again; pointers of your own into the frame are stale. What stays is all up to the end of the
 * IP header, and KEEP bytes above it (as far as there are so many, old and new); the rest is whatever was there. False:
 * the packet is not one to answer, or cannot grow so far; it is untouched. On XDP that is the driver's room behind the
 * frame, or else the room in front of it, some 200 bytes, to where then what stays is moved. On TC there is some up to
 * the MTU. */
#define kfaas_resize(ctx, p, l4_len, keep)                                                                             \
	_Generic((ctx), struct xdp_md * : kfaas_resize_xdp, struct __sk_buff * : kfaas_resize_skb)(ctx, p, l4_len, keep)

static __always_inline __u32 kfaas_l4_offset(const struct kfaas_packet *p, __u32 l3)
{
	return l3 + (p->family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));
}

/* Make the frame longer by BYTES at its front, and move its first LEN bytes (at least 8) there. Drivers keep 256 bytes
 * free in front; some, as veth since Linux 6.3, next to nothing behind. A global subprogram, as kfaas_sum_blocks(). */
__weak int kfaas_grow_front(struct xdp_md *ctx, __u32 bytes, __u32 len)
{
	void *to, *from, *end, *last_to, *last_from;
	__u32 last = len - sizeof(__u64);
	__u64 word;

	if (bytes > 256 || len < sizeof(word) || len > KFAAS_SUM_MAX || bpf_xdp_adjust_head(ctx, -(int)bytes))
		return false;
	to = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	from = to + bytes;
	barrier_var(last);
	last &= KFAAS_SUM_MAX; /* as in kfaas_sum_blocks() */
	last_to = to + last;
	last_from = from + last;
	barrier_var(last_from); /* here and below: or clang counts otherwise, and the verifier does not follow */
	if (last_from + sizeof(word) > end) /* never, as below */
		return false;
	word = *(kfaas_u64 *)last_from; /* before anything is written over it */
	for (__u32 i = sizeof(word); i < KFAAS_SUM_MAX && i < len; i += sizeof(word)) {
		barrier_var(to);
		barrier_var(from);
		if (to + sizeof(word) > end || from + sizeof(word) > end)
			return false;
		*(kfaas_u64 *)to = *(kfaas_u64 *)from;
		to += sizeof(word);
		from += sizeof(word);
	}
	barrier_var(last_to);
	if (last_to + sizeof(word) > end)
		return false;
	*(kfaas_u64 *)last_to = word;
	return true;
}

static __always_inline bool kfaas_resize_xdp(struct xdp_md *ctx, struct kfaas_packet *p, __u32 l4_len, __u32 keep)
{
	__u32 l3 = kfaas_l3_offset(p), l4 = kfaas_l4_offset(p, l3), grow = l4 + l4_len - p->len;

	if (!kfaas_answerable(p) || l4_len > KFAAS_SUM_MAX)
		return false;
	if (keep > p->l4_len)
		keep = p->l4_len;
	if (bpf_xdp_adjust_tail(ctx, grow) && !kfaas_grow_front(ctx, grow, l4 + keep))
		return false;
	return kfaas_resized(p, (void *)(long)ctx->data, (void *)(long)ctx->data_end, l3, l4_len);
}

static __always_inline bool kfaas_resize_skb(struct __sk_buff *skb, struct kfaas_packet *p, __u32 l4_len, __u32 keep)
{
	__u32 l3 = kfaas_l3_offset(p) - (skb->vlan_present ? sizeof(struct kfaas_tag) : 0);

	(void)keep; /* all of it stays */
	if (!kfaas_answerable(p) || l4_len > KFAAS_SUM_MAX ||
	    bpf_skb_change_tail(skb, kfaas_l4_offset(p, l3) + l4_len, 0))
		return false;
	return kfaas_resized(p, (void *)(long)skb->data, (void *)(long)skb->data_end, l3, l4_len);
}

/* Make room for a payload of BYTES; what fits of the one that it had stays. True: write the payload, then
 * kfaas_reply_udp(). */
static __always_inline bool kfaas_resize_udp(struct xdp_md *ctx, struct kfaas_packet *p, __u32 bytes)
{
	struct udphdr *udp;

	if (!kfaas_udp(p) || bytes > KFAAS_SUM_MAX || !kfaas_resize(ctx, p, sizeof(*udp) + bytes, p->l4_len))
		return false;
	udp = p->l4;
	if ((void *)(udp + 1) > p->end)
		return false;
	udp->len = bpf_htons(p->l4_len);
	return true;
}

/* Send a datagram back whose payload has the sum PAYLOAD. UDP is its header, whose length is already that of P: this
 * asks nothing, and is for after kfaas_resize(). */
static __always_inline int kfaas_send_udp(const struct kfaas_packet *p, struct udphdr *udp, __u64 payload)
{
	kfaas_turn_udp(p, udp, kfaas_fold(payload + *(kfaas_u32 *)udp + bpf_htons(p->l4_len) + kfaas_pseudo(p)));
	return XDP_TX;
}

/* Send a datagram back whose payload has the sum PAYLOAD. */
static __always_inline int kfaas_reply_udp_sum(const struct kfaas_packet *p, __u64 payload)
{
	struct udphdr *udp = kfaas_udp(p);

	if (!udp || !p->family || p->options || payload == KFAAS_SUM_NONE)
		return XDP_DROP;
	return kfaas_send_udp(p, udp, payload);
}

/* Send a datagram back with the payload it now has. If you write the payload without kfaas_resize_udp(), ask
 * kfaas_answerable() before. */
static __always_inline int kfaas_reply_udp(struct xdp_md *ctx, const struct kfaas_packet *p)
{
	if (p->l4_len < sizeof(struct udphdr))
		return XDP_DROP;
	return kfaas_reply_udp_sum(p,
				   kfaas_sum(ctx, p, p->l4 + sizeof(struct udphdr), p->l4_len - sizeof(struct udphdr)));
}

/* The folded sum over a datagram and its pseudo header, or KFAAS_SUM_NONE if it arrived damaged: its checksum has to be
 * right, absent (IPv4 only), or what a sender leaves to be finished by hardware, the sum of the pseudo header. */
static __always_inline __u64 kfaas_udp_sum(struct xdp_md *ctx, const struct kfaas_packet *p, const struct udphdr *udp)
{
	__u64 pseudo, sum = kfaas_sum(ctx, p, p->l4, p->l4_len);
	__u32 came = udp->check, right;

	if (sum == KFAAS_SUM_NONE)
		return KFAAS_SUM_NONE;
	pseudo = kfaas_pseudo(p);
	right = kfaas_fold(sum - came + pseudo);
	if (came != kfaas_udp_check(right) && came != kfaas_fold(pseudo) && (came || p->family != 4))
		return KFAAS_SUM_NONE;
	return right;
}

/* Ask before you write, if a damaged question must not get an answer that looks sound. */
static __always_inline bool kfaas_udp_intact(struct xdp_md *ctx, const struct kfaas_packet *p)
{
	struct udphdr *udp = kfaas_udp(p);

	return udp && kfaas_udp_sum(ctx, p, udp) != KFAAS_SUM_NONE;
}

/* Send a datagram back as it is, unless it arrived damaged. */
static __always_inline int kfaas_return_udp(struct xdp_md *ctx, const struct kfaas_packet *p)
{
	struct udphdr *udp = kfaas_udp(p);
	__u64 sum;

	if (!udp || !kfaas_answerable(p))
		return XDP_PASS;
	sum = kfaas_udp_sum(ctx, p, udp);
	if (sum == KFAAS_SUM_NONE)
		return XDP_PASS;
	kfaas_turn_udp(p, udp, sum);
	return XDP_TX;
}

/* Answer an ICMP or ICMPv6 echo request. Its checksum is made and tested by software everywhere, so a wrong one is
 * wrong. Anything else: XDP_PASS. */
static __always_inline int kfaas_reply_ping(struct xdp_md *ctx, const struct kfaas_packet *p)
{
	struct kfaas_icmp *icmp = kfaas_icmp(p);
	__u32 request = p->family == 4 ? KFAAS_ICMP_ECHO : ICMPV6_ECHO_REQUEST;
	__u32 reply = p->family == 4 ? KFAAS_ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY;
	__u64 sum;

	if (!icmp || icmp->type != request || icmp->code || !kfaas_answerable(p))
		return XDP_PASS;
	sum = kfaas_sum(ctx, p, p->l4, p->l4_len);
	if (sum == KFAAS_SUM_NONE)
		return XDP_PASS;
	if (p->family == 6)
		sum += kfaas_pseudo(p);
	if (kfaas_fold(sum) != 0xffff)
		return XDP_PASS;
	sum += bpf_htons(reply << 8);
	sum -= *(kfaas_u32 *)icmp; /* type, code and checksum of the request */
	icmp->type = reply;
	icmp->checksum = ~kfaas_fold(sum);
	kfaas_turn(p);
	return XDP_TX;
}

/* --- Log ----------------------------------------------------------------------------------------------------------
 *
 *	KFAAS_LOG_MAP(1 << 16);		at the top: the ring buffer's size, a power of two, at least a page
 *	kfaas_log(KFAAS_NOTICE, "refused %pI4, port %u", &ip->saddr, port);
 *	kfaas_log_bytes(KFAAS_DEBUG, payload, 16);
 *
 * A function without KFAAS_LOG_MAP has no map to pay for. Formats are those of bpf_snprintf(): %d %u %x %llu %s %pI4
 * %pI6 and so on, at most 12. When nobody reads and the ring is full, records are lost, never packets. A record costs
 * some 100 ns: log what is rare, or one in many. */
enum kfaas_level { KFAAS_ERROR, KFAAS_WARNING, KFAAS_NOTICE, KFAAS_DEBUG };
enum kfaas_record_kind { KFAAS_TEXT, KFAAS_BYTES };

#define KFAAS_RECORD_BYTES 112
struct kfaas_record {
	__u64 time; /* CLOCK_MONOTONIC, ns */
	__u32 cpu;
	__u8 level; /* enum kfaas_level */
	__u8 kind;  /* enum kfaas_record_kind */
	__u16 len;  /* of bytes, in use; text has no terminating zero in it */
	__u8 bytes[KFAAS_RECORD_BYTES];
};
_Static_assert(sizeof(struct kfaas_record) == 128, "kfaas_record");

#define KFAAS_LOG_MAP(size)                                                                                            \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                                                                    \
		__uint(max_entries, size);                                                                             \
	} kfaas_log SEC(".maps")

static __always_inline void kfaas_record_submit(struct kfaas_record *r, __u32 level, __u32 kind, __u32 len)
{
	r->time = bpf_ktime_get_ns();
	r->cpu = bpf_get_smp_processor_id();
	r->level = level;
	r->kind = kind;
	r->len = len < KFAAS_RECORD_BYTES ? len : KFAAS_RECORD_BYTES;
	bpf_ringbuf_submit(r, 0);
}

#define kfaas_log(level, format, args...)                                                                              \
	do {                                                                                                           \
		struct kfaas_record *record_ = bpf_ringbuf_reserve(&kfaas_log, sizeof(*record_), 0);                   \
		if (record_)                                                                                           \
			kfaas_record_submit(record_, level, KFAAS_TEXT,                                                \
					    BPF_SNPRINTF((char *)record_->bytes, KFAAS_RECORD_BYTES, format, ##args) - \
						    1);                                                                \
	} while (0)

#define kfaas_log_bytes(level, from, size)                                                                             \
	do {                                                                                                           \
		struct kfaas_record *record_;                                                                          \
		_Static_assert((size) <= KFAAS_RECORD_BYTES, "kfaas_log_bytes: too many");                             \
		record_ = bpf_ringbuf_reserve(&kfaas_log, sizeof(*record_), 0);                                        \
		if (record_) {                                                                                         \
			__builtin_memcpy(record_->bytes, from, size);                                                  \
			kfaas_record_submit(record_, level, KFAAS_BYTES, size);                                        \
		}                                                                                                      \
	} while (0)

#endif
