/* SPDX-License-Identifier: Apache-2.0 */
/* ethtool.h - what a device's driver tells of itself. */
#ifndef KF_ETHTOOL_H
#define KF_ETHTOOL_H

#include <stddef.h>

int ethtool_driver(const char *ifname, char *buf, size_t size);
/* Sum of the driver's counters whose names end in one of ENDINGS (NULL ends the list). */
int ethtool_count(const char *ifname, const char *const *endings, unsigned long long *sum);
/* Is the feature ("rx-lro") on? 1, 0, -errno: the device has no such feature, or does not say. */
int ethtool_feature(const char *ifname, const char *name);

#endif
