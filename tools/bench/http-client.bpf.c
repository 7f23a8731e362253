// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* http-client.bpf.c - an HTTP client in the kernel, on the client's interface. `source` (run by BPF_PROG_TEST_RUN with
 * live frames) opens connections; `sink` takes what the server sends, checks answers and makes of each segment the next
 * thing to send: a request, the end of the connection, the SYN of the next one. One segment in, at most one out. If
 * connections are to rest between requests, those come from `pacer`. */
#include <kfaas.h>

#include "http-client.h"

KFAAS_LICENSE("Dual BSD/GPL");

/* As Linux sends them: NOP, NOP, time stamps. */
#define STAMP	   bpf_htonl(0x0101080a)
#define TCP4_AT	   (sizeof(struct ethhdr) + sizeof(struct iphdr))
#define STAMP_AT   (sizeof(struct tcphdr)) /* in the SYN and the SYN-ACK behind the MSS */
#define STAMP_LEN  12
#define MSS_LEN	   4
#define HTTP_1_1   (*(const kfaas_u64 *)"HTTP/1.1")
#define STATUS_200 (*(const kfaas_u32 *)" 200")
#define PORTS	   (65536 - CLIENT_FIRST_PORT)

/* Written before the load begins. */
const volatile struct client_frame frames[SEND_KINDS];
const volatile __u32 connections = 1; /* a power of two */
const volatile __u32 server;	      /* IPv4, network order */
const volatile __be16 port;
const volatile __u64 tail, tail_mask; /* what the last 8 bytes of an answer have to be */
const volatile __u32 asked;	      /* bytes of a request */
const volatile bool timing;
const volatile bool closing; /* connections are closed by the server after each answer */
const volatile __u64 pause;  /* ns between an answer and the next request */

__u32 stop;
__u32 clock; /* milliseconds; kept up by user space */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CLIENT_CONNECTIONS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct client_connection);
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CLIENT_CPUS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct client_figures);
} figures SEC(".maps");

/* Round trips in ns, round and round: from a request to the check of its answer. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CLIENT_TIMES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} times SEC(".maps");
__u64 timed;

/* The connections that `source` is to open next; or, after `stop`, to break off, so that none is left to the server. */
__u32 begin[CLIENT_CONNECTIONS];
__u32 begin_at;
__u32 turn; /* of `pacer` */

static __always_inline __u32 port_of(__u32 row, const struct client_connection *c)
{
	return CLIENT_FIRST_PORT + row + c->begun % (PORTS / connections) * connections;
}

/* Make the frame LEN long, behind, or in front where there is no room. All of it is written anew. */
static __always_inline bool fit(struct xdp_md *ctx, __u32 len)
{
	__u32 have = ctx->data_end - ctx->data;

	return have == len || !bpf_xdp_adjust_tail(ctx, len - have) || !bpf_xdp_adjust_head(ctx, have - len);
}

/* Send KIND on connection C, and count it. After `stop` nothing is, but what breaks off. */
static __always_inline int send(struct xdp_md *ctx, struct client_connection *c, __u32 row, enum client_send kind)
{
	const volatile struct client_frame *f = &frames[kind];
	__u32 len = f->len, last = len - 8;
	void *data, *end;
	struct tcphdr *tcp;
	kfaas_u32 *stamp;
	__u64 sum;

	if (stop && kind != SEND_RST)
		return XDP_DROP;
	if (!fit(ctx, len))
		return XDP_ABORTED;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	tcp = data + TCP4_AT;
	stamp = (void *)tcp + STAMP_AT + 4 + (kind == SEND_SYN ? MSS_LEN : 0);
	if ((void *)(stamp + 2) > end || last > CLIENT_FRAME || data + last + 8 > end)
		return XDP_ABORTED;
	for (__u32 i = 0; i < CLIENT_FRAME / 8 && data + 8 * i + 8 <= end; i++)
		((kfaas_u64 *)data)[i] = f->word[i];
	*(kfaas_u64 *)(data + last) = f->last;
	tcp->source = bpf_htons(port_of(row, c));
	tcp->seq = bpf_htonl(c->seq);
	tcp->ack_seq = kind == SEND_SYN ? 0 : bpf_htonl(c->ack);
	stamp[0] = bpf_htonl(clock);
	stamp[1] = c->stamp;
	sum = (__u64)f->sum + tcp->source + tcp->seq + tcp->ack_seq + stamp[0] + stamp[1];
	tcp->check = ~kfaas_fold(sum);
	c->seq += kind == SEND_GET ? asked : 1;
	c->since = clock;
	return XDP_TX;
}

static __always_inline int ask(struct xdp_md *ctx, struct client_connection *c, __u32 row, struct client_figures *f)
{
	int verdict;

	if (timing)
		c->asked = bpf_ktime_get_ns();
	verdict = send(ctx, c, row, SEND_GET);
	f->sent += verdict == XDP_TX;
	c->state = CLIENT_ANSWER;
	return verdict;
}

/* The next connection of the row. Its numbers go on from those of the one before, so that a server which still
 * remembers that one's port takes it for a new one. */
static __always_inline int open(struct xdp_md *ctx, struct client_connection *c, __u32 row)
{
	c->begun++;
	c->stamp = 0;
	c->state = CLIENT_SYN;
	return send(ctx, c, row, SEND_SYN);
}

/* What a segment of the server's says, in host order. */
struct heard {
	__u32 seq, ack, len;
	bool syn, fin, reset;
};

/* False: it is damaged. A checksum may be left to hardware, that of the pseudo header is there then. */
static __always_inline bool hear(struct xdp_md *ctx, const struct kfaas_packet *p, struct tcphdr *tcp, struct heard *h,
				 struct client_connection *c)
{
	__u64 sum = kfaas_sum(ctx, p, tcp, p->l4_len), pseudo = kfaas_pseudo(p);
	kfaas_u32 *stamp = (void *)tcp + STAMP_AT + (tcp->syn ? MSS_LEN : 0);
	__u32 header = tcp->doff * 4;

	if (sum == KFAAS_SUM_NONE || header > p->l4_len || kfaas_ip_sum(p) != 0xffff ||
	    (kfaas_fold(sum + pseudo) != 0xffff && tcp->check != kfaas_fold(pseudo)))
		return false;
	if (!tcp->rst) {
		if ((void *)(stamp + 2) > p->end || stamp[0] != STAMP)
			return false;
		c->stamp = stamp[1];
	}
	*h = (struct heard){.seq = bpf_ntohl(tcp->seq),
			    .ack = bpf_ntohl(tcp->ack_seq),
			    .len = p->l4_len - header,
			    .syn = tcp->syn,
			    .fin = tcp->fin,
			    .reset = tcp->rst};
	return true;
}

/* "HTTP/1.1 200", and the text that it has to end with. */
static __always_inline bool right(const struct kfaas_packet *p, __u32 len)
{
	void *at = p->l4 + sizeof(struct tcphdr) + STAMP_LEN, *last;
	__u32 end = p->l4_len - 8;

	barrier_var(end);
	last = p->l4 + (end & KFAAS_SUM_MAX); /* nothing new to us; the verifier wants a bound */
	if (len < 20 || at + 12 > p->end || last + 8 > p->end)
		return false;
	return *(kfaas_u64 *)at == HTTP_1_1 && *(kfaas_u32 *)(at + 8) == STATUS_200 &&
	       (*(kfaas_u64 *)last & tail_mask) == tail;
}

static __always_inline void time(const struct client_connection *c)
{
	__u64 took = bpf_ktime_get_ns() - c->asked;
	__u32 i = __sync_fetch_and_add(&timed, 1) & (CLIENT_TIMES - 1);

	bpf_map_update_elem(&times, &i, &took, BPF_ANY);
}

/* A segment of a connection that waits for an answer, its end, or the last acknowledgement. */
static __always_inline int go_on(struct xdp_md *ctx, const struct kfaas_packet *p, const struct heard *h,
				 struct client_connection *c, __u32 row, struct client_figures *f)
{
	if (h->ack != c->seq || c->state == CLIENT_NEW)
		return XDP_DROP; /* it had not seen all of ours yet, or broke the connection off */
	if (c->state == CLIENT_LAST)
		return open(ctx, c, row);
	if (!h->len && !h->fin)
		return XDP_DROP;
	if (h->seq != c->ack || (h->len && c->state != CLIENT_ANSWER)) {
		f->repeated++;
		return XDP_DROP;
	}
	if (h->len && right(p, h->len)) {
		f->answered++;
		if (timing)
			time(c);
	} else if (c->state == CLIENT_ANSWER) {
		f->wrong++;
	}
	c->ack += h->len + h->fin;
	if (h->fin) {
		c->state = CLIENT_LAST;
		return send(ctx, c, row, SEND_FIN);
	}
	c->since = clock;
	if (closing) {
		c->state = CLIENT_END;
		return XDP_DROP;
	}
	if (!pause)
		return ask(ctx, c, row, f);
	c->asked = bpf_ktime_get_ns() + pause;
	barrier(); /* `pacer` may be on another CPU */
	c->state = CLIENT_REST;
	return XDP_DROP;
}

SEC("xdp")
int source(struct xdp_md *ctx)
{
	__u32 at = begin_at++, row;
	struct client_connection *c;

	row = begin[at & (CLIENT_CONNECTIONS - 1)];
	c = bpf_map_lookup_elem(&table, &row);
	if (!c)
		return XDP_DROP;
	return stop ? send(ctx, c, row, SEND_RST) : open(ctx, c, row);
}

/* Run again and again: looks at the connections in turn, and asks on one whose pause is over. */
SEC("xdp")
int pacer(struct xdp_md *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id(), row = turn++ & (connections - 1);
	struct client_connection *c = bpf_map_lookup_elem(&table, &row);
	struct client_figures *f = bpf_map_lookup_elem(&figures, &cpu);

	if (!c || !f || c->state != CLIENT_REST || bpf_ktime_get_ns() < c->asked)
		return XDP_DROP;
	return ask(ctx, c, row, f);
}

SEC("xdp")
int sink(struct xdp_md *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id(), row;
	struct client_connection *c;
	struct client_figures *f = bpf_map_lookup_elem(&figures, &cpu);
	struct kfaas_packet p;
	struct tcphdr *tcp;
	struct heard h;

	if (!f || !kfaas_parse(ctx, &p))
		return XDP_PASS;
	tcp = kfaas_tcp(&p);
	if (!tcp || p.family != 4 || ((struct iphdr *)p.l3)->saddr != server || tcp->source != port)
		return XDP_PASS;
	row = (bpf_ntohs(tcp->dest) - CLIENT_FIRST_PORT) & (connections - 1);
	c = bpf_map_lookup_elem(&table, &row);
	if (!c || bpf_ntohs(tcp->dest) != port_of(row, c))
		return XDP_DROP; /* of a connection that is over */
	if (!hear(ctx, &p, tcp, &h, c)) {
		f->wrong++;
		return XDP_DROP;
	}
	if (h.reset) {
		f->resets++;
		c->state = CLIENT_NEW; /* begun anew a little later, lest a closed port be flooded */
		return XDP_DROP;
	}
	if (c->state != CLIENT_SYN)
		return go_on(ctx, &p, &h, c, row, f);
	if (!h.syn || h.ack != c->seq)
		return XDP_DROP;
	f->connections++;
	c->ack = h.seq + 1;
	return ask(ctx, c, row, f);
}
