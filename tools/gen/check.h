/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* check.h - answers: which are ours, to which request, and whether they are right. */
#ifndef GEN_CHECK_H
#define GEN_CHECK_H

#include "make.h"

#define DNS_HEADER    12
#define NTP_ORIGIN    24 /* of its 48 bytes */
#define NTP_BYTES     48
#define NTP_MODE      7
#define NTP_SERVER    4
#define TCP_FLAGS_AT  13
#define TCP_SYN_ACK   0x12
#define TCP_SYN_RST   0x06
#define IPV6_ECHO_REP 129

const volatile struct gen_address server; /* whom we ask */
const volatile __u32 port_min, port_max, source_port_min, source_port_max;
const volatile __u32 ping_id;	    /* network order */
const volatile __u32 timeout_ticks; /* of the kernel */

static __always_inline bool from_server(const struct kfaas_packet *p)
{
	kfaas_u32 *a;

	if (p->family != family)
		return false;
	if (family == 4)
		return ((struct iphdr *)p->l3)->saddr == server.word[0];
	a = p->l3 + offsetof(struct ipv6hdr, saddr);
	return a[0] == server.word[0] && a[1] == server.word[1] && a[2] == server.word[2] && a[3] == server.word[3];
}

static __always_inline bool ports_ours(const kfaas_u16 *port)
{
	__u16 from = bpf_ntohs(port[0]), to = bpf_ntohs(port[1]);

	return from >= port_min && from <= port_max && to >= source_port_min && to <= source_port_max;
}

/* The L4 header of an answer to us; NULL: for somebody else on this host. */
static __always_inline void *ours(const struct kfaas_packet *p)
{
	void *l4;

	if (!from_server(p))
		return NULL;
	if (kind == GEN_PING) {
		struct kfaas_icmp *icmp = kfaas_icmp(p);

		if (!icmp || icmp->type != (family == 4 ? KFAAS_ICMP_ECHO_REPLY : IPV6_ECHO_REP) || icmp->id != ping_id)
			return NULL;
		return icmp;
	}
	l4 = kind == GEN_SYN ? kfaas_l4(p, IPPROTO_TCP, sizeof(struct tcphdr))
			     : kfaas_l4(p, IPPROTO_UDP, sizeof(struct udphdr));
	if (!l4 || !ports_ours(l4))
		return NULL;
	/* What belongs to a connection of this host's is not an answer to a SYN. */
	if (kind == GEN_SYN && !(((__u8 *)l4)[TCP_FLAGS_AT] & TCP_SYN_RST))
		return NULL;
	return l4;
}

/* The slot of the request that the token at AT belongs to, or NULL; *SEQ as far as the token tells it. */
static __always_inline struct gen_slot *find(const void *at, __u32 *thread, __u32 *seq)
{
	const kfaas_u32 *token = at;
	__u32 value;

	if (kind == GEN_DNS) {
		value = bpf_ntohs(*(kfaas_u16 *)at);
	} else if (kind == GEN_SYN) {
		value = bpf_ntohl(token[0]) - 1;
	} else {
		*thread = token[0] - magic;
		*seq = token[1];
		return *thread < thread_count ? slot_of(*thread, *seq) : NULL;
	}
	*thread = (__u64)value >> thread_shift; /* by 32, for one thread's SYNs */
	*seq = value & seq_mask;
	return *thread < thread_count ? slot_of(*thread, *seq) : NULL;
}

static __always_inline bool to_asker(const struct kfaas_packet *p, const struct gen_slot *s)
{
	__u32 address, ports;

	if (family == 4)
		address = ((struct iphdr *)p->l3)->daddr;
	else
		address = folded(p->l3 + offsetof(struct ipv6hdr, daddr));
	if (kind == GEN_PING)
		return address == s->address;
	ports = *(kfaas_u32 *)p->l4;
	return address == s->address && ports == (s->ports << 16 | s->ports >> 16);
}

/* Compare SIZE bytes, ME of the packet and those at FROM of the template; 1 if they are not there. */
#define GEN_COMPARE(me, from, size)                                                                                    \
	do {                                                                                                           \
		__u32 from_ = from;                                                                                    \
		void *me_ = me;                                                                                        \
		barrier_var(from_);                                                                                    \
		if (me_ + (size) > end || from_ > frame_max - (size))                                                  \
			return 1;                                                                                      \
		_Pragma("unroll") for (int k = 0; k < (size) / 8; k++) diff |=                                         \
			((kfaas_u64 *)me_)[k] ^ ((kfaas_u64 *)((void *)t->word + from_))[k];                           \
	} while (0)

/* Do BLOCKS of 64 bytes at offset AT of the frame differ from those at FROM of the template? A global subprogram: the
 * verifier walks its loop once. */
__weak int differ_blocks(struct xdp_md *ctx, __u32 at, __u32 template, __u32 from, __u32 blocks)
{
	struct gen_template *t = bpf_map_lookup_elem(&template_table, &template);
	void *me = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 diff = 0;

	if (!t || at >= GEN_FRAME_MAX || from >= GEN_FRAME_MAX)
		return 1;
	barrier_var(at);
	me += at & 0xfff; /* nothing new to us; the verifier wants a bound */
	for (__u32 i = 0; i < GEN_FRAME_MAX / 64 && i < blocks; i++) {
		barrier_var(me); /* or clang counts in terms of `end`, and the verifier does not follow */
		GEN_COMPARE(me, from + 64 * i, 64);
		me += 64;
	}
	return diff != 0;
}

/* Do LEN bytes at ME differ from those at FROM of template T? What the blocks leave is a block for each smaller power
 * of two, as in kfaas_sum(); the last bytes are the upper part of a word that ends with them. */
static __always_inline int differ(struct xdp_md *ctx, const struct kfaas_packet *p, const struct gen_slot *s, void *me,
				  const struct gen_template *t, __u32 from, __u32 len)
{
	__u64 diff = 0, before;
	void *end = p->end;

	if (__builtin_expect(len >= 64, 0) && differ_blocks(ctx, me - p->data, s->template, from, len / 64))
		return 1;
	barrier_var(len);
	len &= 0x7ff;
	if (len & 32)
		GEN_COMPARE(me + (len & 0x7c0), from + (len & 0x7c0), 32);
	if (len & 16)
		GEN_COMPARE(me + (len & 0x7e0), from + (len & 0x7e0), 16);
	if (len & 8)
		GEN_COMPARE(me + (len & 0x7f0), from + (len & 0x7f0), 8);
	if (!(len & 7))
		return diff != 0;
	before = diff;
	diff = 0;
	GEN_COMPARE(me + len - 8, from + len - 8, 8);
	return (before | diff >> (64 - 8 * (len & 7))) != 0;
}

static __always_inline bool content_right(struct xdp_md *ctx, const struct kfaas_packet *p, const struct gen_slot *s)
{
	__u32 template = s->template;
	struct gen_template *t = bpf_map_lookup_elem(&template_table, &template);
	void *l4 = p->l4;

	if (!t || l4 + answer_at + 8 > p->end)
		return false;
	if (kind == GEN_SYN)
		return l4 + sizeof(struct tcphdr) <= p->end && (((__u8 *)l4)[TCP_FLAGS_AT] & 0x3f) == TCP_SYN_ACK;
	if (kind == GEN_NTP)
		return (((__u8 *)l4)[sizeof(struct udphdr)] & NTP_MODE) == NTP_SERVER;
	if (kind == GEN_DNS) {
		const __u8 *dns = l4 + sizeof(struct udphdr);

		/* A response, of the same kind of query, with the question again. */
		if (!(dns[2] & 0x80) || dns[2] & 0x78 || *(kfaas_u16 *)(dns + 4) != bpf_htons(1) ||
		    p->l4_len < sizeof(struct udphdr) + DNS_HEADER + t->checked)
			return false;
		return !differ(ctx, p, s, l4 + sizeof(struct udphdr) + DNS_HEADER, t,
			       l4_at + sizeof(struct udphdr) + DNS_HEADER, t->checked);
	}
	if (kind == GEN_PING && (((struct kfaas_icmp *)l4)->code || 0))
		return false;
	return p->l4_len == t->l4_len && !differ(ctx, p, s, l4 + 16, t, l4_at + 16, t->checked);
}

enum sum_state { SUM_WRONG, SUM_RIGHT, SUM_OFFLOADED };

static __always_inline enum sum_state l4_sum(struct xdp_md *ctx, const struct kfaas_packet *p)
{
	__u64 sum = kfaas_sum(ctx, p, p->l4, p->l4_len), pseudo = 0;
	kfaas_u16 *came = p->l4 + check_at;

	if (sum == KFAAS_SUM_NONE || (void *)(came + 1) > p->end)
		return SUM_WRONG;
	if (kind != GEN_PING || family == 6)
		pseudo = kfaas_pseudo(p);
	if (kfaas_fold(sum + pseudo) == 0xffff)
		return kind != GEN_PING && kind != GEN_SYN && family == 6 && !*came ? SUM_WRONG : SUM_RIGHT;
	if (kind == GEN_PING)
		return SUM_WRONG;
	if (*came == kfaas_fold(pseudo))
		return SUM_OFFLOADED;
	return kind != GEN_SYN && family == 4 && !*came ? SUM_RIGHT : SUM_WRONG;
}

/* Only a closed loop gives requests up, while it runs; else their age is looked at when the answer comes. Reading a
 * clock would cost more than ticks do. */
static __always_inline bool too_old(const struct gen_slot *s)
{
	return (!closed_loop || stop) && (__u32)bpf_jiffies64() - s->made > timeout_ticks;
}

/* True: the request was under way, and no longer is. */
static __always_inline bool close(struct gen_slot *s, struct gen_figures *f)
{
	__u32 was = s->open;

	if (shared)
		was = __sync_lock_test_and_set(&s->open, GEN_CLOSED);
	else
		s->open = GEN_CLOSED;
	if (was == GEN_OPEN && !too_old(s)) {
		f->closed++;
		return true;
	}
	if (was == GEN_CLOSED)
		f->duplicates++;
	else
		f->late++;
	return false;
}

/* Count an answer. True: it closed a request, of *THREAD. */
static __always_inline bool take(struct xdp_md *ctx, const struct kfaas_packet *p, struct gen_figures *f, __u32 *thread)
{
	void *at = p->l4 + answer_at;
	struct gen_slot *s;
	enum sum_state sum;
	__u64 since;
	__u32 seq;

	if (p->l4_len < answer_at + 8 || at + 8 > p->end || (kind != GEN_SYN && kind != GEN_PING && !kfaas_udp(p))) {
		f->wrong[GEN_WRONG_LENGTH]++;
		return false;
	}
	s = find(at, thread, &seq);
	if (!s) {
		f->wrong[GEN_WRONG_TOKEN]++;
		return false;
	}
	if ((s->seq & seq_mask) != seq) {
		f->late++;
		return false;
	}
	if (!to_asker(p, s)) {
		f->wrong[GEN_WRONG_ADDRESS]++;
		return false;
	}
	since = s->time;
	if (!close(s, f))
		return false;
	sum = l4_sum(ctx, p);
	if (family == 4 && kfaas_ip_sum(p) != 0xffff) {
		f->wrong[GEN_WRONG_IP_SUM]++;
	} else if (sum == SUM_WRONG) {
		f->wrong[GEN_WRONG_SUM]++;
	} else if (!content_right(ctx, p, s)) {
		f->wrong[GEN_WRONG_CONTENT]++;
	} else {
		f->answered++;
		f->offloaded += sum == SUM_OFFLOADED;
		if (sampling && since)
			count_time(&f->latency, bpf_ktime_get_ns() - since, true);
	}
	return true;
}

#endif
