/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcp.h - a server's end of TCP without state: all that it has to know is in the numbers that the client sends.
 *
 * - ACK lies above the cookie by what was sent on this connection, see cookie.h; an answer starts there.
 * - A client with timestamps sends back the last one it got: ours is our acknowledgement, counted from the cookie's
 *   STAMP. So it tells which of its bytes were answered, and what comes out of turn can be left to be sent again.
 * - What is lost the client sends again, and the answer follows from the request: it is the same again. */
#ifndef HTTP_TCP_H
#define HTTP_TCP_H

#include "answer.h"
#include "cookie.h"

#define HTTP_WINDOW  4096 /* what a client may send at once: a segment or two */
#define HTTP_OPTIONS 40
#define HTTP_MSS4    1460
#define HTTP_MSS6    1440

enum http_verdict {
	HTTP_LEAVE, /* to the kernel */
	HTTP_STRAY, /* no connection of ours */
	HTTP_TAKE,  /* needs no answer */
	HTTP_SEND,  /* `out` is the answer */
};

enum http_flags {
	HTTP_FIN = 1,
	HTTP_SYN = 2,
	HTTP_RST = 4,
	HTTP_PSH = 8,
	HTTP_ACK = 16,
};

#define HTTP_OPTION_MSS	  2
#define HTTP_OPTION_STAMP 8
/* As they go: MSS, and timestamps behind two NOPs. */
#define HTTP_MSS(mss)  (HTTP_OPTION_MSS << 24 | 4 << 16 | (mss))
#define HTTP_MSS_LEN   4
#define HTTP_STAMP     (1 << 24 | 1 << 16 | HTTP_OPTION_STAMP << 8 | 10)
#define HTTP_STAMP_LEN 12

/* What a segment says, in host order. */
struct http_said {
	__u32 seq, ack, window, flags, header;
	__u32 mss;     /* 0: none */
	__u32 stamped; /* it has timestamps: */
	__u32 value, echo;
};

static __always_inline __u32 http_be32(const struct http_segment *s, __u32 at)
{
	return bpf_ntohl(*(kfaas_u32 *)(s->bytes + (at & (HTTP_SEGMENT - 1))));
}

/* The offset of the value of the option KIND, if it has LEN bytes with its head; else 0. */
__noinline __u32 http_option(struct http_segment *s, __u32 end, __u32 kind, __u32 len)
{
	__u32 at = sizeof(struct tcphdr), size;

	if (!s)
		return 0;
	for (int i = 0; i < HTTP_OPTIONS && at < end; i++) {
		__u8 is = http_byte(s, at);

		size = is == 1 ? 1 : http_byte(s, at + 1);
		if (is == 0 || size == 0 || at + size > end)
			return 0;
		if (is == kind)
			return size == len ? at + 2 : 0;
		at = (at + size) & 63;
	}
	return 0;
}

/* False: no TCP header. */
static __always_inline bool http_hear(struct http_segment *s, struct http_said *h)
{
	struct tcphdr *tcp = (void *)s->bytes;
	__u32 at;

	*h = (struct http_said){
		.seq = bpf_ntohl(tcp->seq),
		.ack = bpf_ntohl(tcp->ack_seq),
		.window = bpf_ntohs(tcp->window),
		.flags = s->bytes[13],
		.header = (s->bytes[12] >> 4) * 4,
	};
	if (h->header < sizeof(*tcp) || h->header > s->len)
		return false;
	if (h->header == sizeof(*tcp))
		return true;
	at = http_option(s, h->header, HTTP_OPTION_STAMP, 10);
	if (at) {
		h->stamped = true;
		h->value = http_be32(s, at);
		h->echo = http_be32(s, at + 4);
	}
	at = h->flags & HTTP_SYN ? http_option(s, h->header, HTTP_OPTION_MSS, 4) : 0;
	h->mss = at ? http_be32(s, at) >> 16 : 0;
	return true;
}

/* Of what goes, with FLAGS: the options that the client uses, too, so that no SYN is answered by anything longer. */
static __always_inline __u32 http_header_len(const struct http_said *h, __u32 flags)
{
	return sizeof(struct tcphdr) + (flags & HTTP_SYN && h->mss ? HTTP_MSS_LEN : 0) +
	       (h->stamped ? HTTP_STAMP_LEN : 0);
}

/* The header of what goes. ACK is the client's next byte. */
static __always_inline void http_say(struct http_work *w, const struct http_said *h, __u32 seq, __u32 ack, __u32 flags,
				     __u32 stamp)
{
	struct tcphdr *came = (void *)w->in.bytes, *tcp = (void *)w->out.bytes;
	kfaas_u32 *option = (void *)(tcp + 1);
	__u32 header = http_header_len(h, flags);
	__u32 most = w->flow.server.in6_u.u6_addr32[0] | w->flow.server.in6_u.u6_addr32[1] ? HTTP_MSS6 : HTTP_MSS4;

	tcp->source = came->dest;
	tcp->dest = came->source;
	tcp->seq = bpf_htonl(seq);
	tcp->ack_seq = bpf_htonl(ack);
	tcp->window = bpf_htons(HTTP_WINDOW);
	tcp->check = 0;
	tcp->urg_ptr = 0;
	if (flags & HTTP_SYN && h->mss)
		*option++ = bpf_htonl(HTTP_MSS(h->mss < most ? h->mss : most));
	if (h->stamped) {
		*option++ = bpf_htonl(HTTP_STAMP);
		*option++ = bpf_htonl(ack + stamp);
		*option++ = bpf_htonl(h->value);
	}
	w->out.bytes[12] = header / 4 << 4;
	w->out.bytes[13] = flags;
}

/* SYN: the cookie is our first sequence number. */
static __always_inline int http_greet(struct http_work *w, const struct http_said *h)
{
	struct http_secret *s = http_secret();
	struct http_numbers n;

	if (!s)
		return HTTP_LEAVE;
	n = http_numbers(&w->flow, http_key_in_use(s));
	w->out.len = http_header_len(h, HTTP_SYN);
	http_say(w, h, n.base, h->seq + 1, HTTP_SYN | HTTP_ACK, n.stamp);
	return HTTP_SEND;
}

/* A segment of a connection that is ours, sent in turn: answer requests and FIN. Before it can no longer be told that
 * it is ours, because it comes too far or its secret is too old, it is closed. */
static __always_inline int http_converse(struct http_work *w, const struct http_said *h, __u32 place,
					 const struct http_numbers *n)
{
	__u32 room = h->window < HTTP_ANSWER ? h->window : HTTP_ANSWER;
	__u32 last = place > HTTP_REACH - 2 * HTTP_ANSWER || n->before;
	__u32 flags = HTTP_ACK, header = http_header_len(h, HTTP_ACK), read;
	bool close;

	w->out.len = header;
	w->request.at = h->header;
	w->request.end = w->in.len;
	close = http_requests(room, last);
	read = w->request.at - h->header;
	if (w->out.len > header)
		flags |= HTTP_PSH;
	if (h->flags & HTTP_FIN && w->request.at == w->request.end) {
		read++;
		close = true;
	}
	if (close)
		flags |= HTTP_FIN;
	if (!read)
		return HTTP_TAKE;
	http_say(w, h, h->ack, h->seq + read, flags, n->stamp);
	return HTTP_SEND;
}

/* What to do with the segment in `in`. */
static __always_inline int http_tcp(struct http_work *w)
{
	struct http_numbers n;
	struct http_said h;
	__u32 place, turn;

	if (!http_hear(&w->in, &h))
		return HTTP_LEAVE;
	if ((h.flags & (HTTP_SYN | HTTP_ACK | HTTP_RST | HTTP_FIN)) == HTTP_SYN)
		return http_greet(w, &h);
	if ((h.flags & (HTTP_SYN | HTTP_ACK)) != HTTP_ACK)
		return HTTP_STRAY;
	place = http_place(&w->flow, h.ack, &n);
	if (place >= HTTP_REACH)
		return HTTP_STRAY;
	if (h.flags & HTTP_RST)
		return HTTP_TAKE;
	turn = h.stamped ? h.echo - n.stamp : h.seq;
	if (w->in.len - h.header <= 1 && h.seq + 1 == turn) { /* is anybody there? (TCP keep-alive) */
		w->out.len = http_header_len(&h, HTTP_ACK);
		http_say(w, &h, h.ack, turn, HTTP_ACK, n.stamp);
		return HTTP_SEND;
	}
	if (h.seq != turn || (w->in.len == h.header && !(h.flags & HTTP_FIN)))
		return HTTP_TAKE;
	return http_converse(w, &h, place, &n);
}

#endif
