/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* http-client.h - what http-client and its BPF programs share: connections, frames, figures. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <linux/types.h>

#define CLIENT_CONNECTIONS 1024 /* at most, at once; a power of two */
#define CLIENT_FIRST_PORT  1024 /* a multiple of that */
#define CLIENT_PORT	   80	/* the server's */
#define CLIENT_CPUS	   256
#define CLIENT_TIMES	   (1 << 20) /* round trips that are kept; a power of two */
#define CLIENT_FRAME	   512	     /* bytes of the longest; a multiple of 8 */

/* What is sent. All have time stamps, as those of a Linux client; the SYN has an MSS, too. */
enum client_send { SEND_SYN, SEND_GET, SEND_FIN, SEND_RST, SEND_KINDS };

/* A frame, all but what varies: those fields are zero, and left out of the sum. */
struct client_frame {
	__u32 len;
	__u32 sum; /* of TCP with its pseudo header, not folded */
	__u64 word[CLIENT_FRAME / 8];
	__u64 last; /* the last eight bytes */
};

/* What a connection waits for. */
enum client_state {
	CLIENT_NEW,    /* to be begun by `source` */
	CLIENT_SYN,    /* the SYN-ACK */
	CLIENT_ANSWER, /* the answer */
	CLIENT_REST,   /* the end of its pause */
	CLIENT_END,    /* the server's FIN */
	CLIENT_LAST,   /* the acknowledgement of our own */
};

struct client_connection {
	__u32 state;	/* enum client_state */
	__u32 since;	/* `clock` when something last went on */
	__u32 seq, ack; /* our next byte, and the server's */
	__u32 stamp;	/* the server's last, network order */
	__u32 begun;	/* connections in this row so far: makes ports and first sequence numbers */
	__u64 asked;	/* ns, if round trips are timed; in a pause: when it ends */
};
_Static_assert(sizeof(struct client_connection) == 32, "client_connection");

/* Of one CPU. */
struct client_figures {
	__u64 sent;	   /* requests */
	__u64 answered;	   /* right ones */
	__u64 wrong;	   /* answers that are not what was asked for, damaged segments */
	__u64 resets;	   /* connections that the server broke off */
	__u64 repeated;	   /* segments that came again, or out of turn */
	__u64 connections; /* that were opened */
	__u64 unused[2];
};
_Static_assert(sizeof(struct client_figures) == 64, "client_figures");

#endif
