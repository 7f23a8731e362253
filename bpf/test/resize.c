// SPDX-License-Identifier: Apache-2.0
/* resize.c - kfaas_resize() of kfaas.h: longer and shorter, where there is room behind the frame and where it has to
 * grow at its front. */
#include "rig.h"

#include <string.h>

#define WHOLE TEST_FRAME /* a frame of so many bytes has no room behind it */

static const struct kind {
	const char *name;
	struct packet p;
	size_t l3, l4; /* offsets */
} kinds[] = {
	{"IPv4", {UDP(53)}, 14, 34},
	{"IPv6", {UDP(53), V6}, 14, 54},
	{"IPv4, VLAN", {UDP(53), .vlans = 1, .vlan = {7}}, 18, 38},
	{"IPv6, QinQ", {UDP(53), V6, .vlans = 2, .vlan = {7, 8}}, 22, 62},
};

static const struct {
	size_t len; /* of the frame */
	int grow;
} sizes[] = {
	{WHOLE, 1},	   {WHOLE, 2},	    {WHOLE, 7},	      {WHOLE, 8},	{WHOLE, 9},
	{WHOLE, 15},	   {WHOLE, 33},	    {WHOLE, 100},     {WHOLE, 200},	{WHOLE - 3, 3},
	{WHOLE - 3, 4},	   {WHOLE - 3, 50}, {WHOLE - 1, 128}, {WHOLE - 70, 60}, {WHOLE - 70, 71},
	{WHOLE - 70, -50}, {WHOLE, -3000},  {90, 300},	      {90, -10},	{90, 0},
};

static uint8_t frame[TEST_FRAME];
static struct test_run r;

static void resize(const struct kind *k, size_t len, int grow, size_t keep)
{
	struct packet p = k->p;

	p.bytes = len - k->l4 - 8;
	packet_build(frame, &p);
	acts[0].arg = len - k->l4 + grow;
	acts[1].arg = keep;
	test_run(test_prog(functions, "xdp_resize"), frame, len, NULL, 0, 1, &r);
}

static bool ip_right(const uint8_t *ip, unsigned l4_len)
{
	unsigned sum = 0;

	if (ip[0] >> 4 == 6)
		return (ip[4] << 8 | ip[5]) == (int)l4_len;
	for (int i = 0; i < 20; i += 2)
		sum += ip[i] << 8 | ip[i + 1];
	return (unsigned)(ip[2] << 8 | ip[3]) == 20 + l4_len && (sum & 0xffff) + (sum >> 16) == 0xffff;
}

/* All of both headers but the length and the checksum, and KEEP bytes more. */
static bool kept(const struct kind *k, size_t keep)
{
	uint8_t headers[64];

	memcpy(headers, frame, k->l4);
	if (headers[k->l3] >> 4 == 6) {
		memcpy(headers + k->l3 + 4, r.frame + k->l3 + 4, 2);
	} else {
		memcpy(headers + k->l3 + 2, r.frame + k->l3 + 2, 2);
		memcpy(headers + k->l3 + 10, r.frame + k->l3 + 10, 2);
	}
	return test_bytes(r.frame, k->l4, headers, k->l4) && test_bytes(r.frame + k->l4, keep, frame + k->l4, keep);
}

static void test_kind(const struct kind *k, size_t keep)
{
	bool ok = true;

	for (size_t i = 0; ok && i < ARRAY_LEN(sizes); i++) {
		size_t before = sizes[i].len - k->l4, after = before + sizes[i].grow, stays = keep;

		stays = stays < before ? stays : before;
		stays = stays < after ? stays : after;
		resize(k, sizes[i].len, sizes[i].grow, keep);
		ok = !r.failed && r.verdict == XDP_TX && r.len == k->l4 + after && ip_right(r.frame + k->l3, after) &&
		     kept(k, stays);
		if (!ok)
			test_note("%zu bytes, %+d: verdict %d, %zu bytes", sizes[i].len, sizes[i].grow, r.verdict,
				  r.len);
	}
	test_ok(ok, "resize: %s, %zu bytes above IP kept", k->name, keep);
}

static void test_refused(const struct kind *k)
{
	static const int too_much[] = {250, 256, 257, 500};
	bool ok = true;

	for (size_t i = 0; i < ARRAY_LEN(too_much); i++) {
		resize(k, WHOLE, too_much[i], 8);
		ok = ok && !r.failed && r.verdict == XDP_PASS && test_bytes(r.frame, r.len, frame, WHOLE);
	}
	test_ok(ok, "resize: %s, more than there is room for: refused, and untouched", k->name);
}

void test_resize(void)
{
	static const size_t keeps[] = {0, 8, 17, TEST_FRAME};

	for (const struct kind *k = kinds; k < kinds + ARRAY_LEN(kinds); k++) {
		for (size_t i = 0; i < ARRAY_LEN(keeps); i++)
			test_kind(k, keeps[i]);
		test_refused(k);
	}
}
