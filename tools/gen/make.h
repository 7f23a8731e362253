/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* make.h - requests: a template into the frame, what varies, checksums, and the note of it in a slot. */
#ifndef GEN_MAKE_H
#define GEN_MAKE_H

#include <kfaas.h>
#include "gen.h"

#define GEN_WORDS (GEN_FRAME_MAX / 8)
#define GEN_FIRST (GEN_FRAME_MIN / 8) /* words that every frame has */

/* Written before the load begins; the kernel drops the code that they rule out. */
const volatile __u32 kind, family = 4;
const volatile __u32 l4_at;					/* offset of UDP, TCP or ICMP in the frame */
const volatile __u32 token_at, answer_at;			/* of the token in L4: request, answer */
const volatile __u32 check_at;					/* of the checksum in L4 */
const volatile __u32 templates, addresses, source_ports, ports; /* table sizes; 0: as in the template */
const volatile __u32 frame_max = GEN_FRAME_MAX;			/* bytes of a frame in a template, a multiple of 8 */
const volatile __u32 magic;					/* this run's; the thread is in its lower bits */
const volatile __u32 thread_shift, seq_mask;			/* of tokens too short for the magic */
const volatile __u32 window_mask;				/* which slots */
const volatile __u32 sample_mask;
const volatile bool sampling, closed_loop;
const volatile bool shared; /* more than one CPU works on a thread's requests */
const volatile __u32 thread_count = 1;
const volatile __u8 thread_of[GEN_CPUS];

__u32 stop;
struct gen_thread threads[GEN_THREADS] __attribute__((aligned(64)));

#define GEN_TABLE(table, row)                                                                                          \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                                      \
		__uint(max_entries, 1);                                                                                \
		__uint(map_flags, BPF_F_MMAPABLE);                                                                     \
		__type(key, __u32);                                                                                    \
		__type(value, row);                                                                                    \
	} table SEC(".maps")

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct gen_template) + GEN_FRAME_MAX); /* less if frames are shorter */
} template_table SEC(".maps");
GEN_TABLE(address_table, struct gen_address);
GEN_TABLE(source_port_table, __u64); /* in network order */
GEN_TABLE(port_table, __u64);
GEN_TABLE(slots, struct gen_slot);
GEN_TABLE(figures, struct gen_figures); /* a row for each CPU */

static __always_inline struct gen_slot *slot_of(__u32 thread, __u32 seq)
{
	__u32 i = thread * GEN_WINDOW + (seq & window_mask);

	return bpf_map_lookup_elem(&slots, &i);
}

/* By a hash: what varies goes round in step with SEQ, and each of it is to have its share. The first request is one. */
static __always_inline bool sampled(__u32 seq)
{
	seq *= 0x9e3779b1;
	seq ^= seq >> 15;
	seq *= 0x85ebca6b;
	seq ^= seq >> 13;
	return sampling && !(seq & sample_mask);
}

static __always_inline void count_time(struct gen_times *t, __u64 ns, bool sample)
{
	__u32 bucket = gen_bucket(ns);

	if (ns > t->max)
		t->max = ns;
	if (sample && bucket < GEN_BUCKETS)
		t->bucket[bucket]++;
}

/* The next of N rows, round and round. */
static __always_inline __u32 turn(__u32 *at, __u32 n)
{
	__u32 i = *at;

	*at = i + 1 < n ? i + 1 : 0;
	return i;
}

/* All of the frame: it comes back as the far side left it. */
static __always_inline bool copy(struct xdp_md *ctx, const struct gen_template *t)
{
	__u32 have = ctx->data_end - ctx->data, last = t->len - 8;
	void *data, *end;
	__u64 *word;

	if (have != t->len && bpf_xdp_adjust_tail(ctx, t->len - have))
		return false;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	word = data;
	if (data + GEN_FRAME_MIN > end)
		return false;
#pragma unroll
	for (int i = 0; i < GEN_FIRST; i++)
		word[i] = t->word[i];
	if (t->len == GEN_FRAME_MIN)
		return true;
	for (__u32 i = GEN_FIRST; i < frame_max / 8 && i < t->has_words; i++) {
		if (data + 8 * i + 8 > end)
			return false;
		word[i] = t->word[i];
	}
	/* What is left is the upper part of a word that ends with the frame. */
	barrier_var(last);
	if (last > frame_max - 8 || data + last + 8 > end)
		return false;
	*(kfaas_u64 *)(data + last) = *(kfaas_u64 *)((void *)t->word + last);
	return true;
}

static __always_inline __u32 folded(const kfaas_u32 *ip6)
{
	return ip6[0] ^ ip6[1] ^ ip6[2] ^ ip6[3];
}

/* The source address; IPv4's header checksum anew. */
static __always_inline void write_address(void *data, const struct gen_template *from, const __u32 *word, __u64 *sum)
{
	kfaas_u32 *to;

	if (family == 4) {
		struct iphdr *ip = data + sizeof(struct ethhdr);

		ip->saddr = word[0];
		ip->check = ~kfaas_fold((__u64)from->ip_sum + word[0]);
		if (kind != GEN_PING)
			*sum += word[0];
		return;
	}
	to = data + sizeof(struct ethhdr) + offsetof(struct ipv6hdr, saddr);
#pragma unroll
	for (int i = 0; i < 4; i++) {
		to[i] = word[i];
		*sum += word[i];
	}
}

/* Source address and ports out of their tables. */
static __always_inline void vary(struct gen_thread *t, void *data, const struct gen_template *from, __u64 *sum)
{
	kfaas_u16 *port = data + l4_at;
	struct gen_address *address;
	__u64 *number;
	__u32 i;

	if (addresses) {
		i = turn(&t->address_at, addresses);
		address = bpf_map_lookup_elem(&address_table, &i);
		if (address)
			write_address(data, from, address->word, sum);
	}
	if (source_ports) {
		i = turn(&t->source_port_at, source_ports);
		number = bpf_map_lookup_elem(&source_port_table, &i);
		if (number)
			*sum += port[0] = *number;
	}
	if (ports) {
		i = turn(&t->port_at, ports);
		number = bpf_map_lookup_elem(&port_table, &i);
		if (number)
			*sum += port[1] = *number;
	}
}

/* What tells the answer which request it belongs to. */
static __always_inline void write_token(void *l4, __u32 thread, __u32 seq, __u64 *sum)
{
	kfaas_u32 *token = l4 + token_at;

	if (kind == GEN_DNS) {
		__u16 id = bpf_htons((__u64)thread << thread_shift | (seq & seq_mask));

		*(kfaas_u16 *)token = id;
		*sum += id;
	} else if (kind == GEN_SYN) {
		token[0] = bpf_htonl((__u64)thread << thread_shift | (seq & seq_mask));
		*sum += token[0];
	} else {
		token[0] = magic | thread;
		token[1] = seq;
		*sum += (__u64)token[0] + token[1];
	}
	if (kind == GEN_PING) {
		struct kfaas_icmp *icmp = l4;

		icmp->sequence = bpf_htons(seq);
		*sum += icmp->sequence;
	}
}

/* Keep in mind what was asked, before it leaves. */
static __always_inline void note(struct gen_thread *t, __u32 thread, __u32 seq, __u32 template, void *data, __u64 since)
{
	struct gen_slot *s = slot_of(thread, seq);

	if (!s)
		return;
	if (!shared) {
		t->overrun += s->open == GEN_OPEN;
	} else if (__sync_lock_test_and_set(&s->open, GEN_CLOSED) == GEN_OPEN) {
		__sync_fetch_and_add(&t->overrun, 1);
	}
	if (!sampled(seq))
		since = 0;
	else if (!since)
		since = bpf_ktime_get_ns();
	s->time = since;
	s->made = bpf_jiffies64();
	s->seq = seq;
	s->template = template;
	if (kind != GEN_PING)
		s->ports = *(kfaas_u32 *)(data + l4_at);
	if (family == 4)
		s->address = ((struct iphdr *)(data + sizeof(struct ethhdr)))->saddr;
	else
		s->address = folded(data + sizeof(struct ethhdr) + offsetof(struct ipv6hdr, saddr));
	barrier();
	s->open = GEN_OPEN;
}

/* The next request of THREAD, in place of whatever the frame holds; its latency counts from SINCE on, or if that is 0
 * from now. XDP_TX, or XDP_DROP if there is none to send. */
static __always_inline int make(struct xdp_md *ctx, __u32 thread, __u64 since)
{
	struct gen_thread *t = &threads[thread & (GEN_THREADS - 1)];
	struct gen_template *from;
	__u64 sum, number;
	void *data, *l4;
	__u32 i;

	if (stop)
		return XDP_DROP;
	number = shared ? __sync_fetch_and_add(&t->next, 1) : t->next++;
	if (number >= t->limit)
		return XDP_DROP;
	i = turn(&t->template_at, templates);
	from = bpf_map_lookup_elem(&template_table, &i);
	if (!from || !copy(ctx, from))
		return XDP_DROP;
	if (kind == GEN_RAW)
		return XDP_TX;
	data = (void *)(long)ctx->data;
	l4 = data + l4_at;
	if (l4 + token_at + 8 > (void *)(long)ctx->data_end || l4 + check_at + 2 > (void *)(long)ctx->data_end)
		return XDP_DROP;
	sum = from->l4_sum;
	vary(t, data, from, &sum);
	write_token(l4, thread, number, &sum);
	sum = kfaas_fold(sum);
	*(kfaas_u16 *)(l4 + check_at) = kind == GEN_PING || kind == GEN_SYN ? ~sum : kfaas_udp_check(sum);
	note(t, thread, number, i, data, since);
	return XDP_TX;
}

#endif
