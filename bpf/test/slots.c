// SPDX-License-Identifier: Apache-2.0
/* slots.c - every slot of the program arrays leads to its own program, the spare ones included. */
#include "rig.h"

#include <stdio.h>
#include <string.h>

static const struct function table[] = {{"udp/53"}};
static uint8_t frame[TEST_FRAME];
static size_t len;

static void test_edges(struct gate *g)
{
	static const uint16_t edges[] = {0, 1, 63, 64, 511, 512, 1023, 1024, 1025, 1026, 1027, 1028, 1029, 1030, 1031};

	for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
		bool ok;

		rig_point(g, 53, edges[i]);
		rig_put(g, edges[i], 'k');
		ok = rig_saw(rig_run(g, frame, len, 1), g->final, "k", frame, len);
		rig_put(g, edges[i], 'l');
		ok &= rig_saw(rig_run(g, frame, len, 1), g->final, "l", frame, len);
		rig_put(g, edges[i], 0);
		ok &= rig_saw(rig_run(g, frame, len, 1), g->pass, "", frame, len);
		test_ok(ok, "%s: slot %u filled, replaced, emptied", g->name, edges[i]);
	}
	rig_point(g, 53, KF_SLOTS);
	test_ok(rig_saw(rig_run(g, frame, len, 1), g->pass, "", frame, len), "%s: slot %u is none", g->name, KF_SLOTS);
	rig_point(g, 53, 0xffff);
	test_ok(rig_saw(rig_run(g, frame, len, 1), g->pass, "", frame, len), "%s: slot 65535 is none", g->name);
}

/* All are filled. Sixteen letters tell a hexadecimal digit of the slot's number: three passes tell the slot. */
static void test_all(struct gate *g)
{
	bool ok = true;

	for (unsigned shift = 0; shift < 12; shift += 4) {
		for (unsigned slot = 0; slot < KF_SLOTS; slot++)
			rig_put(g, slot, (char)('a' + (slot >> shift & 15)));
		for (unsigned slot = 0; slot < KF_SLOTS; slot++) {
			char who[2] = {(char)('a' + (slot >> shift & 15))};

			rig_point(g, 53, slot);
			if (!rig_saw(rig_run(g, frame, len, 1), g->final, who, frame, len)) {
				test_note("slot %u", slot);
				ok = false;
			}
		}
	}
	/* (they stay filled: emptying a slot waits for all CPUs) */
	test_ok(ok, "%s: each of %u filled slots invokes its own program", g->name, KF_SLOTS);
}

void test_slots(void)
{
	for (struct gate *g = gates; g < gates + KF_HOOKS; g++) {
		rig_install(g, table, 1);
		len = rig_frame(g, &(struct packet){UDP(53)}, frame);
		test_edges(g);
		test_all(g);
	}
}
