// SPDX-License-Identifier: Apache-2.0
/* test_frame.c - see test_frame.h. It shares no code with what is tested: checksums are summed byte by byte. */
#include <string.h>

#include "test_frame.h"

unsigned frame_sum(const uint8_t *b, size_t len, unsigned sum)
{
	for (size_t i = 0; i < len; i++) {
		sum += i & 1 ? b[i] : b[i] << 8;
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

unsigned frame_pseudo(const uint8_t *ip, int family, unsigned proto, size_t len)
{
	uint8_t tail[4] = {0, proto, len >> 8, len};
	unsigned sum = family == 4 ? frame_sum(ip + 12, 8, 0) : frame_sum(ip + 8, 32, 0);

	return frame_sum(tail, 4, sum);
}

int frame_sum_place(int family, unsigned proto)
{
	if (proto == IPPROTO_UDP)
		return 6;
	if (proto == IPPROTO_TCP)
		return 16;
	return (family == 4 && proto == IPPROTO_ICMP) || (family == 6 && proto == IPPROTO_ICMPV6) ? 2 : -1;
}

unsigned frame_l4_sum(const uint8_t *ip, const uint8_t *l4, int family, unsigned proto, size_t len)
{
	int place = frame_sum_place(family, proto);
	unsigned sum = proto == IPPROTO_ICMP ? 0 : frame_pseudo(ip, family, proto, len);

	sum = frame_sum(l4, place, sum);
	sum = frame_sum(l4 + place + 2, len - place - 2, sum);
	sum = ~sum & 0xffff;
	return !sum && proto == IPPROTO_UDP ? 0xffff : sum;
}

bool frame_layout(const uint8_t *f, size_t len, struct layout *l)
{
	unsigned type;

	memset(l, 0, sizeof(*l));
	for (l->l3 = 14; l->l3 <= len && l->l3 <= 22; l->l3 += 4) {
		type = get16(f + l->l3 - 2);
		if (type != ETH_P_8021Q && type != ETH_P_8021AD)
			break;
	}
	if (l->l3 > len || l->l3 > 22)
		return false;
	if (type == ETH_P_IP && len - l->l3 >= 20 && f[l->l3] >> 4 == 4) {
		l->family = 4;
		l->l4 = l->l3 + (f[l->l3] & 15) * 4;
		l->end = l->l3 + get16(f + l->l3 + 2);
		l->proto = f[l->l3 + 9];
		l->plain = l->l4 == l->l3 + 20 && !(get16(f + l->l3 + 6) & 0x3fff);
	} else if (type == ETH_P_IPV6 && len - l->l3 >= 40 && f[l->l3] >> 4 == 6) {
		l->family = 6;
		l->l4 = l->l3 + 40;
		l->end = l->l4 + get16(f + l->l3 + 4);
		l->proto = f[l->l3 + 6];
		l->plain = true;
	}
	return l->family && l->l4 >= l->l3 + 20 && l->end >= l->l4 && l->end <= len;
}

size_t frame_check(const struct layout *l)
{
	int place = frame_sum_place(l->family, l->proto);

	return place < 0 || l->end - l->l4 < (size_t)place + 2 ? 0 : l->l4 + place;
}
