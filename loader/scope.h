/* SPDX-License-Identifier: Apache-2.0 */
/* scope.h - what a namespace needs so that the gates can ask the kernel which addresses are its own.
 *
 * bpf/local.h asks with bpf_fib_lookup. Two things stand in its way, and `up`
 * mends both for the namespace, `down` of its last interface undoes them:
 *
 * 1. It refuses (FWD_DISABLED) for a device whose forwarding is off. So it asks
 *    in the name of lo, and forwarding is switched on for lo alone
 *    (net.ipv4.conf.lo.forwarding, net.ipv6.conf.lo.forwarding): packets that
 *    come in on lo are this host's own, nothing else is forwarded by it.
 * 2. It answers the same (NOT_FWDED) for an own address and for one without any
 *    route. So a last route, "unreachable default" behind all others, leaves no
 *    address without one. Where the namespace has routing rules of its own, which
 *    may end elsewhere, a rule behind the table of local addresses sends exactly
 *    this question (in: lo, IP protocol 253, ports 1 and 1: no packet is like
 *    that) to a table whose only route is "unreachable". Not everywhere: the
 *    first rule beside the kernel's three costs every packet that the namespace
 *    receives up to 150 ns, and it does so until the namespace is gone. */
#ifndef KF_SCOPE_H
#define KF_SCOPE_H

#include "log.h"

/* Idempotent; tells what it changes, and how many things that were. Where it cannot: warns that functions of scope
 * local would not be invoked, and why. */
int scope_up(tell_fn *tell);
void scope_down(void);
/* 0: as it should be; else -errno and one line in BUF of what is wrong. */
int scope_check(char *buf, unsigned long size);

#endif
