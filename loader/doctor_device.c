/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_device.c - an interface's device and driver: what XDP can do there, what it loses. */
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "ethtool.h"
#include "hook.h"
#include "link.h"
#include "util.h"

#define MTU_NATIVE 3500 /* about what fits one page beside headroom and skb_shared_info, with an Ethernet header */

struct device {
	const char *name;
	int ifindex;
	char driver[32];
	struct link link;
};

static void state(struct checks *c, const struct device *d)
{
	if (d->link.type != ARPHRD_ETHER && d->link.type != ARPHRD_LOOPBACK) {
		check_wrong(c, d->name, "carries no Ethernet frames (link type %u): functions work on Ethernet",
			    d->link.type);
	} else if (!(d->link.flags & IFF_UP)) {
		check_note(c, d->name, "driver %s; the interface is down: nothing arrives", d->driver);
		check_remedy(c, "`ip link set %s up`", d->name);
	} else if (!(d->link.flags & IFF_RUNNING)) {
		check_note(c, d->name, "driver %s; up, but without a carrier: nothing arrives", d->driver);
		check_remedy(c, "look at the cable, or at the other end");
	} else {
		check_ok(c, d->name, "driver %s, up", d->driver);
	}
}

static void native(struct checks *c, const struct device *d)
{
	int rc = hook_probe_native(d->ifindex);

	if (rc == 1) {
		check_ok(c, "native XDP", "the driver runs it");
	} else if (rc == 0) {
		check_note(c, "native XDP",
			   "the driver does not run it: functions run in generic mode, behind the driver, which is "
			   "slower");
	} else {
		check_note(c, "native XDP",
			   "the kernel does not say whether the driver runs it (%s; it does since 6.3)", strerror(-rc));
		check_remedy(c, "`kfaas-net up %s --mode native` is refused, with nothing changed, if it does not",
			     d->name);
	}
	if (rc && d->link.mtu > MTU_NATIVE) {
		check_note(c, "MTU", "%u: native XDP takes frames of one buffer, an MTU of about 3,500", d->link.mtu);
		check_remedy(c, "`ip link set %s mtu 3500` or less, or `up --mode generic`", d->name);
	} else {
		check_ok(c, "MTU", "%u%s", d->link.mtu, rc ? "; native XDP takes up to about 3,500" : "");
	}
}

/* Is there a VLAN device above it? The table of all of a namespace: "name | id | below". */
static bool has_vlan(const struct device *d)
{
	FILE *f = fopen("/proc/net/vlan/config", "re");
	char line[256], below[32];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%*s | %*u | %31s", below) == 1 && !strcmp(below, d->name);
	if (f)
		fclose(f);
	return found;
}

static void offloads(struct checks *c, const struct device *d)
{
	static const struct {
		const char *feature, *word;
	} merging[] = {{"rx-lro", "lro"}, {"rx-gro-hw", "rx-gro-hw"}};

	for (size_t i = 0; i < ARRAY_SIZE(merging); i++) {
		if (ethtool_feature(d->name, merging[i].feature) != 1)
			continue;
		check_note(c, "offload",
			   "%s is on: the device merges packets, which drivers do not do together with native XDP",
			   merging[i].feature);
		check_remedy(c, "`ethtool -K %s %s off` if `up` is refused", d->name, merging[i].word);
	}
	if (has_vlan(d) && ethtool_feature(d->name, "rx-vlan-hw-parse") == 1) {
		check_note(c, "offload",
			   "rx-vlan-hw-parse is on, and there are VLAN interfaces: tags that the device takes out of "
			   "the frame are not seen by XDP");
		check_remedy(c, "`ethtool -K %s rxvlan off`", d->name);
	}
}

/* A veth hands what XDP sends back to its peer's receive side, which is only made ready by XDP there. */
static bool peer_ready(struct checks *c, const struct device *d)
{
	struct link peer;
	int rc = d->link.lower ? link_get(d->link.lower, d->link.lower_netns, &peer) : -ENODEV;

	if (rc) {
		check_note(c, "veth peer",
			   "cannot be looked at (%s); what functions send back (XDP_TX) is dropped unless the peer has "
			   "an XDP program, too",
			   strerror(-rc));
	} else if (peer.xdp) {
		check_ok(c, "veth peer", "has an XDP program: what functions send back (XDP_TX) arrives");
		return true;
	} else {
		check_note(c, "veth peer",
			   "has no XDP program: in native mode the driver drops what functions send back (XDP_TX), or, "
			   "with GRO on there, keeps it undelivered");
	}
	check_remedy(c, "attach a program that passes everything to the peer, or `up --mode generic` here");
	return false;
}

static void lost_answers(struct checks *c, const struct device *d, bool veth, bool ready)
{
	static const char *const endings[] = {"xdp_tx_errors", "xdp_xmit_errors", "xdp_tx_err", "xdp_tx_drops", NULL};
	unsigned long long lost;
	int rc = ethtool_count(d->name, endings, &lost);

	if (rc || !lost) {
		if (!rc)
			check_ok(c, "XDP_TX", "the driver counts no lost answer");
		return;
	}
	if (veth && ready) {
		check_note(c, "XDP_TX", "the driver has dropped %llu answers; the peer takes them now", lost);
		return;
	}
	check_wrong(c, "XDP_TX", "the driver has dropped %llu answers (`ethtool -S %s`)", lost, d->name);
	if (veth)
		check_remedy(c, "attach an XDP program to the veth's peer, or `up --mode generic` here");
	else
		check_remedy(
			c,
			"more TX descriptors (`ethtool -G %s tx N`), a queue for each CPU (`ethtool -L %s combined N`)",
			d->name, d->name);
}

void doctor_device(struct checks *c, const char *ifname, int ifindex)
{
	struct device d = {.name = ifname, .ifindex = ifindex, .driver = "unknown"};
	bool veth, ready = false;
	int rc = link_get(ifindex, -1, &d.link);

	if (rc) {
		check_wrong(c, ifname, "the kernel does not tell of it: %s", strerror(-rc));
		return;
	}
	ethtool_driver(ifname, d.driver, sizeof(d.driver));
	veth = !strcmp(d.driver, "veth");
	state(c, &d);
	native(c, &d);
	offloads(c, &d);
	if (veth)
		ready = peer_ready(c, &d);
	lost_answers(c, &d, veth, ready);
}
