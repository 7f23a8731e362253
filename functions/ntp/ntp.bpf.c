/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ntp.bpf.c - answers NTP clients (RFC 5905, versions 3 and 4) from the kernel's clock; how good that clock is, its row
 * in the map says, which kfaas-ntp-clock keeps fresh. */
#include <kfaas.h>

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_MANIFEST("on = udp/123\n");
/* Seconds after which a row counts for nothing: four of kfaas-ntp-clock's intervals, and the interval at which a client
 * (chronyd, ntpd) begins to ask by default. */
KFAAS_SETTING(__u32, max_age, 64);

#define SECOND		1000000000ULL
#define STEP		(SECOND / 5000) /* twice what the distance of two clocks may be wrong by */
#define MAX_ERROR	(16 * SECOND)	/* RFC 5905's MAXDISP: beyond it a clock is not synchronised */
#define UNIX_EPOCH	2208988800ULL	/* in NTP's seconds, which begin in 1900 */
#define NTP_CLIENT	3
#define NTP_SERVER	4
#define NTP_LEAP_UNSYNC 3
#define NTP_STRATUM_MAX 15

struct ntp_stamp {
	__be32 seconds; /* since 1900, modulo 2^32 */
	__be32 fraction;
};

struct ntp_message {
	__u8 first; /* leap, version, mode: 2, 3, 3 bits */
	__u8 stratum;
	__s8 poll;
	__s8 precision;
	__be32 root_delay; /* seconds, 16 bits before and 16 behind the point */
	__be32 root_dispersion;
	__u32 reference_id;
	struct ntp_stamp reference, origin, receive, transmit;
};
_Static_assert(sizeof(struct ntp_message) == 48, "ntp_message");

/* The clock that is served is TAI less a whole number of seconds. TAI is as steered as UTC is, but goes on through a
 * leap second; and its distance to the monotonic clock changes only if somebody sets the clock, or the kernel's TAI
 * offset. Then this row, which was made before, counts for nothing. So one reading, of the monotonic clock, is enough
 * for an answer, and one of both a tick for all: a reading costs more than anything else that is done here. */
struct ntp_clock {
	__u64 updated;	       /* CLOCK_MONOTONIC, when this row was made; this and what follows in ns */
	__s64 tai_minus_mono;  /* CLOCK_TAI less CLOCK_MONOTONIC */
	__u64 leap_at;	       /* CLOCK_TAI: a leap second is near, the row ends here; 0: none */
	__u64 reference;       /* since 1970: when the clock was last set or corrected */
	__u64 root_delay;      /* to the reference clock, both ways */
	__u64 root_dispersion; /* error at `updated` */
	__u32 drift;	       /* by how much that grows, in ns a second */
	__s32 tai_offset;      /* whole seconds: CLOCK_TAI less UTC */
	__u8 reference_id[4] KFAAS_FORM("hex");
	__u8 leap; /* as in the message; 3: not synchronised, nothing is answered */
	__u8 stratum;
	__s8 precision; /* log2 of seconds */
	__u64 compared; /* the kernel's tick in which the distance was last seen to be right; 0 in a new row */
};

/* A hash and not an array: a row is replaced as a whole, so no packet sees half of one. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ntp_clock);
} clock SEC(".maps");

/* One division, and 2^32 / SECOND as 4 + NTP_FRACTION / 2^32: each division takes some ns. */
#define NTP_FRACTION 1266874890ULL

static __always_inline struct ntp_stamp ntp_stamp(__u64 since_1970)
{
	__u64 seconds = since_1970 / SECOND, ns = since_1970 - seconds * SECOND;

	return (struct ntp_stamp){
		.seconds = bpf_htonl(seconds + UNIX_EPOCH),
		.fraction = bpf_htonl(ns * 4 + (ns * NTP_FRACTION >> 32)),
	};
}

/* Of up to MAX_ERROR, in 65536ths of a second, of which a ns is NTP_SHORT / 2^43; rounded up, as an error should be. */
#define NTP_SHORT 576460752ULL

static __always_inline __be32 ntp_short(__u64 ns)
{
	return bpf_htonl((ns * NTP_SHORT + (1ULL << 43) - 1) >> 43);
}

/* Twice, because something may come between two readings. */
static __always_inline bool ntp_distance_holds(struct ntp_clock *c)
{
	__u64 tick = bpf_jiffies64();

	for (int i = 0; c->compared != tick && i < 2; i++)
		if (bpf_ktime_get_tai_ns() - bpf_ktime_get_ns() - c->tai_minus_mono + STEP <= 2 * STEP)
			c->compared = tick;
	return c->compared == tick;
}

static __always_inline bool ntp_usable(struct ntp_clock *c, __u64 mono)
{
	return c->leap < NTP_LEAP_UNSYNC && c->stratum && c->stratum <= NTP_STRATUM_MAX &&
	       mono - c->updated <= max_age * SECOND && (!c->leap_at || mono + c->tai_minus_mono < c->leap_at) &&
	       c->root_delay <= MAX_ERROR && c->root_dispersion <= MAX_ERROR && ntp_distance_holds(c);
}

/* Now, with each second begun; one is taken for 2^30 ns * 64 / 69, which is a little less. */
static __always_inline __u64 ntp_error(const struct ntp_clock *c, __u64 mono)
{
	__u64 seconds = ((mono - c->updated) >> 6) * 69 >> 30;

	return c->root_dispersion + (seconds + 1) * c->drift;
}

/* Whoever asks with a message of exactly this length has neither extension fields nor a MAC. An answer is never taken
 * for a question, so two servers cannot answer each other. */
static __always_inline struct ntp_message *ntp_question(const struct kfaas_packet *p)
{
	struct udphdr *udp = kfaas_udp(p);
	struct ntp_message *m = kfaas_payload(p, 0, sizeof(*m));
	__u32 version;

	if (!udp || !m || p->l4_len != sizeof(*udp) + sizeof(*m) || !udp->source || !kfaas_answerable(p))
		return NULL;
	version = m->first >> 3 & 7;
	return (m->first & 7) == NTP_CLIENT && (version == 3 || version == 4) ? m : NULL;
}

/* What the row says, and the time: of receiving and of sending, between which less passes than a clock's precision. */
static __always_inline void ntp_answer(struct ntp_message *m, const struct ntp_clock *c, __u64 error, __u64 utc)
{
	m->first = c->leap << 6 | (m->first & 0x38) | NTP_SERVER;
	m->stratum = c->stratum;
	m->precision = c->precision;
	m->root_delay = ntp_short(c->root_delay);
	m->root_dispersion = ntp_short(error);
	m->reference_id = *(__u32 *)c->reference_id;
	m->reference = ntp_stamp(c->reference);
	m->origin = m->transmit; /* the client knows its answer by it */
	m->receive = ntp_stamp(utc);
	m->transmit = m->receive;
}

SEC("xdp")
int ntp(struct xdp_md *ctx)
{
	struct kfaas_packet p;
	struct ntp_message *m;
	struct ntp_clock *c;
	__u64 mono, error;
	__u32 key = 0;

	if (!kfaas_parse(ctx, &p))
		return XDP_PASS;
	m = ntp_question(&p);
	if (!m || !kfaas_udp_intact(ctx, &p))
		return XDP_PASS;
	mono = bpf_ktime_get_ns();
	c = bpf_map_lookup_elem(&clock, &key);
	if (!c || !ntp_usable(c, mono))
		return XDP_PASS;
	error = ntp_error(c, mono);
	if (error > MAX_ERROR)
		return XDP_PASS;
	ntp_answer(m, c, error, mono + c->tai_minus_mono - c->tai_offset * SECOND);
	return kfaas_reply_udp(ctx, &p);
}
