// SPDX-License-Identifier: Apache-2.0
/* test_answer.c - an independent judge of answers. */
#include <string.h>

#include "test_frame.h"

static bool l4_sum_right(const uint8_t *f, const struct layout *l)
{
	size_t at = frame_check(l);

	return at && get16(f + at) == frame_l4_sum(f + l->l3, f + l->l4, l->family, l->proto, l->end - l->l4);
}

const char *answer_fault(const uint8_t *in, size_t in_len, const uint8_t *out, size_t out_len)
{
	struct layout i, o;
	size_t address, first, hops;

	if (!frame_layout(in, in_len, &i) || !i.plain)
		return "answered what is not a whole, plain packet";
	if (!frame_layout(out, out_len, &o) || !o.plain || o.l3 != i.l3 || o.family != i.family || o.proto != i.proto)
		return "the answer is another kind of packet";
	if (memcmp(out, in + 6, 6) || memcmp(out + 6, in, 6) || memcmp(out + 12, in + 12, i.l3 - 12))
		return "MAC addresses not swapped, or VLAN tags changed";
	if ((out[0] | out[6]) & 1)
		return "answered a multicast or broadcast MAC address";
	address = i.family == 4 ? 4 : 16;
	first = i.family == 4 ? 12 : 8;
	if (memcmp(out + o.l3 + first, in + i.l3 + first + address, address) ||
	    memcmp(out + o.l3 + first + address, in + i.l3 + first, address))
		return "IP addresses not swapped";
	if (i.family == 4 && (frame_sum(in + i.l3, 20, 0) != 0xffff || frame_sum(out + o.l3, 20, 0) != 0xffff))
		return "IPv4 header checksum wrong, in the packet or its answer";
	hops = o.l3 + (o.family == 4 ? 8 : 7);
	if (out[hops] != test_hops(in[hops]) || !out[hops])
		return "wrong hop limit";
	if (o.proto == IPPROTO_UDP && (get16(out + o.l4 + 4) != o.end - o.l4 || get16(in + i.l4 + 4) != i.end - i.l4))
		return "UDP length wrong, in the packet or its answer";
	if (o.proto == IPPROTO_TCP && (o.end - o.l4 < 20 || o.end - o.l4 < (size_t)(out[o.l4 + 12] >> 4) * 4))
		return "no whole TCP header in the answer";
	if ((o.proto == IPPROTO_UDP || o.proto == IPPROTO_TCP) &&
	    (memcmp(out + o.l4, in + i.l4 + 2, 2) || memcmp(out + o.l4 + 2, in + i.l4, 2)))
		return "ports not swapped";
	return l4_sum_right(out, &o) ? NULL : "L4 checksum wrong";
}
