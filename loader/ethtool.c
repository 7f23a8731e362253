/* SPDX-License-Identifier: Apache-2.0 */
/* ethtool.c - see ethtool.h. */
#include "ethtool.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util.h"

#define STRINGS_MAX 65536u

static int ask(const char *ifname, void *what)
{
	struct ifreq req = {.ifr_data = what};
	int rc = 0, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	path_join(req.ifr_name, sizeof(req.ifr_name), "%s", ifname);
	if (ioctl(fd, SIOCETHTOOL, &req))
		rc = -errno;
	close(fd);
	return rc;
}

int ethtool_driver(const char *ifname, char *buf, size_t size)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	int rc = ask(ifname, &info);

	if (!rc)
		path_join(buf, size, "%s", info.driver);
	return rc;
}

/* The names of a set: *out has their number in len; free it. */
static int names_of(const char *ifname, __u32 set, struct ethtool_gstrings **out)
{
	union { /* with room for the one number asked for */
		struct ethtool_sset_info info;
		char room[sizeof(struct ethtool_sset_info) + sizeof(__u32)];
	} size = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << set}};
	struct ethtool_gstrings *names;
	int rc = ask(ifname, &size);
	__u32 n = size.info.data[0];

	if (rc)
		return rc;
	if (!size.info.sset_mask || !n || n > STRINGS_MAX)
		return -ENODATA;
	names = calloc(1, sizeof(*names) + (size_t)n * ETH_GSTRING_LEN);
	if (!names)
		return -ENOMEM;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = set;
	names->len = n;
	rc = ask(ifname, names);
	if (rc)
		free(names);
	else
		*out = names;
	return rc;
}

static const char *name_at(const struct ethtool_gstrings *names, __u32 i, char buf[ETH_GSTRING_LEN + 1])
{
	memcpy(buf, names->data + (size_t)i * ETH_GSTRING_LEN, ETH_GSTRING_LEN);
	buf[ETH_GSTRING_LEN] = 0;
	return buf;
}

static int ends_in(const char *name, const char *const *endings)
{
	for (size_t len = strlen(name); *endings; endings++)
		if (len >= strlen(*endings) && !strcmp(name + len - strlen(*endings), *endings))
			return 1;
	return 0;
}

int ethtool_count(const char *ifname, const char *const *endings, unsigned long long *sum)
{
	char name[ETH_GSTRING_LEN + 1];
	struct ethtool_gstrings *names;
	struct ethtool_stats *stats;
	int rc = names_of(ifname, ETH_SS_STATS, &names);

	*sum = 0;
	if (rc)
		return rc;
	/* Room to spare: the driver may have grown a queue since it told the number. */
	stats = calloc(1, sizeof(*stats) + (2 * (size_t)names->len + 1024) * sizeof(__u64));
	if (stats) {
		stats->cmd = ETHTOOL_GSTATS;
		stats->n_stats = names->len;
	}
	rc = stats ? ask(ifname, stats) : -ENOMEM;
	if (!rc && stats->n_stats != names->len)
		rc = -EAGAIN;
	for (__u32 i = 0; !rc && i < names->len; i++)
		if (ends_in(name_at(names, i, name), endings))
			*sum += stats->data[i];
	free(stats);
	free(names);
	return rc;
}

int ethtool_feature(const char *ifname, const char *feature)
{
	char name[ETH_GSTRING_LEN + 1];
	struct ethtool_gstrings *names;
	struct ethtool_gfeatures *features = NULL;
	int rc = names_of(ifname, ETH_SS_FEATURES, &names);
	__u32 at, blocks;

	if (rc)
		return rc;
	for (at = 0; at < names->len && strcmp(name_at(names, at, name), feature); at++)
		;
	blocks = (names->len + 31) / 32;
	if (at < names->len)
		features = calloc(1, sizeof(*features) + blocks * sizeof(features->features[0]));
	rc = at == names->len ? -ENOENT : features ? 0 : -ENOMEM;
	if (!rc) {
		features->cmd = ETHTOOL_GFEATURES;
		features->size = blocks;
		rc = ask(ifname, features);
	}
	if (!rc)
		rc = (features->features[at / 32].active >> at % 32) & 1;
	free(features);
	free(names);
	return rc;
}
