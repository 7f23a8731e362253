// SPDX-License-Identifier: Apache-2.0
/* hook_xdp_look.c - which XDP programs are attached, as libxdp sees them. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hook_xdp.h"
#include "log.h"

#define TRIES 8 /* against other processes' changes to the same interface */

static int print_library(enum libxdp_print_level level, const char *fmt, va_list ap)
{
	static const enum log_library levels[] = {LOG_LIBRARY_WARN, LOG_LIBRARY_INFO, LOG_LIBRARY_DEBUG};
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	log_library_line(levels[level], text);
	return 0;
}

static unsigned dispatcher_version(__u32 id)
{
	__u32 map_id = 0, key = 0, len;
	struct bpf_prog_info info = {.nr_map_ids = 1, .map_ids = (__u64)(unsigned long)&map_id};
	struct bpf_map_info map = {};
	unsigned char *conf = NULL;
	unsigned version = 0;
	int fd, map_fd = -1;

	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return 0;
	len = sizeof(info);
	if (bpf_obj_get_info_by_fd(fd, &info, &len) || strcmp(info.name, "xdp_dispatcher") || info.nr_map_ids != 1)
		goto out;
	map_fd = bpf_map_get_fd_by_id(map_id);
	len = sizeof(map);
	if (map_fd < 0 || bpf_obj_get_info_by_fd(map_fd, &map, &len) || map.value_size < 2 || map.key_size != 4)
		goto out;
	conf = calloc(1, map.value_size);
	if (conf && !bpf_map_lookup_elem(map_fd, &key, conf))
		version = conf[0] == XDP_DISPATCHER_MAGIC ? conf[1] : 1; /* version 1 had no such head */
out:
	free(conf);
	if (map_fd >= 0)
		close(map_fd);
	close(fd);
	return version;
}

static int query(const struct hook_target *t, struct xdp_now *now)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);
	char name[IF_NAMESIZE];
	int rc;

	memset(now, 0, sizeof(*now));
	if (!if_indextoname((unsigned)t->ifindex, name)) /* the query does not tell "no device" from "no program" */
		return -ENODEV;
	rc = bpf_xdp_query(t->ifindex, 0, &opts);
	if (rc)
		return rc;
	now->main_id = opts.drv_prog_id ? opts.drv_prog_id : opts.skb_prog_id;
	now->mode = opts.drv_prog_id ? XDP_MODE_NATIVE : XDP_MODE_SKB;
	now->hw_id = opts.hw_prog_id;
	return 0;
}

void xdp_forget(struct xdp_now *now)
{
	xdp_multiprog__close(now->mp);
	now->mp = NULL;
}

/* One look; -EAGAIN: something changed meanwhile. */
static int look_once(const struct hook_target *t, struct xdp_now *now)
{
	struct bpf_prog_info info;
	int rc;

	rc = query(t, now);
	if (rc)
		return rc;
	if (!now->main_id && !now->hw_id)
		return 0;
	if (now->main_id) {
		rc = hook_prog_info(now->main_id, &info);
		if (rc)
			return rc == -ENOENT ? -EAGAIN : rc;
		memcpy(now->name, info.name, sizeof(now->name));
		now->version = dispatcher_version(now->main_id);
		if (now->version && now->version != XDP_DISPATCHER_VERSION)
			return 0; /* named in an error, never touched */
	}
	now->mp = xdp_multiprog__get_from_ifindex(t->ifindex);
	rc = libxdp_get_error(now->mp);
	if (rc) {
		now->mp = NULL;
		return rc == -ENOENT ? -EAGAIN : rc;
	}
	if (now->main_id && xdp_program__id(xdp_multiprog__main_prog(now->mp)) != now->main_id)
		return -EAGAIN;
	/* A dispatcher whose pins cannot be read: just replaced, or pinned in a bpffs that is not ours. */
	if (now->version && xdp_multiprog__is_legacy(now->mp))
		return -EAGAIN;
	return 0;
}

int xdp_look(const struct hook_target *t, struct xdp_now *now)
{
	int rc = -EAGAIN;

	libxdp_set_print(print_library);
	for (int i = 0; i < TRIES && rc == -EAGAIN; i++) {
		if (i) {
			xdp_forget(now);
			usleep(500 << (i < 6 ? i : 6));
		}
		rc = look_once(t, now);
	}
	if (rc == -EAGAIN && now->version) {
		rc = fail(-ESTALE,
			  "%s: the pins of the XDP dispatcher attached there (id %u) are not in /sys/fs/bpf/xdp: "
			  "removed, or "
			  "made with another bpffs; work from that mount namespace, or `ip link set dev %s xdp off`",
			  t->ifname, now->main_id, t->ifname);
	} else if (rc && rc != -ENODEV) {
		rc = fail(rc, "%s: cannot see which XDP program is attached: %s", t->ifname, strerror(-rc));
	}
	if (rc)
		xdp_forget(now);
	return rc;
}

bool xdp_raced(const struct hook_target *t, const struct xdp_now *now)
{
	struct xdp_now again;

	return !query(t, &again) && (again.main_id != now->main_id || again.hw_id != now->hw_id);
}

static enum mode mode_of(enum xdp_attach_mode mode)
{
	return mode == XDP_MODE_SKB ? MODE_GENERIC : mode == XDP_MODE_HW ? MODE_OFFLOAD : MODE_NATIVE;
}

bool xdp_match(const struct xdp_now *now, bool (*match)(__u32 prog_id, __u32 arg), __u32 arg, struct hook_state *out)
{
	struct xdp_program *p = NULL;

	*out = (struct hook_state){.attached = true, .run_prio = -1, .mode = mode_of(now->mode)};
	if (now->mp && now->version) {
		while ((p = xdp_multiprog__next_prog(p, now->mp))) {
			if (!match(xdp_program__id(p), arg))
				continue;
			out->prog_id = xdp_program__id(p);
			out->run_prio = xdp_program__run_prio(p);
			out->multiprog = true;
			out->frags = xdp_multiprog__xdp_frags_support(now->mp);
			return true;
		}
	} else if (now->main_id && !now->version && match(now->main_id, arg)) {
		out->prog_id = now->main_id;
		return true;
	}
	if (now->hw_id && match(now->hw_id, arg)) {
		out->prog_id = now->hw_id;
		out->mode = MODE_OFFLOAD;
		return true;
	}
	*out = (struct hook_state){};
	return false;
}

int xdp_find(const struct hook_target *t, bool (*match)(__u32 prog_id, __u32 arg), __u32 arg, struct hook_state *out)
{
	struct xdp_now now;
	int rc;

	rc = xdp_look(t, &now);
	if (rc)
		return rc == -ENODEV ? 0 : rc;
	xdp_match(&now, match, arg, out);
	xdp_forget(&now);
	return 0;
}

/* When a program was loaded, in seconds since 1970: the kernel counts from its start. */
static __u64 loaded_at(const struct bpf_prog_info *info)
{
	struct timespec since_start, now;

	clock_gettime(CLOCK_BOOTTIME, &since_start);
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - (since_start.tv_sec - info->load_time / 1000000000);
}

#define CLOCKS_APART 2 /* seconds that rounding may take */

int hook_find_stray(const struct hook_target *t, const struct hook_stray *s, struct hook_state *out)
{
	struct xdp_program *p = NULL;
	struct bpf_prog_info info;
	struct xdp_now now;
	int rc;

	*out = (struct hook_state){};
	rc = xdp_look(t, &now);
	if (rc)
		return rc == -ENODEV ? 0 : rc;
	while (now.mp && now.version && (p = xdp_multiprog__next_prog(p, now.mp))) {
		__u32 id = xdp_program__id(p);

		if ((int)xdp_program__run_prio(p) != s->run_prio || s->known(s->arg, id) || hook_prog_info(id, &info) ||
		    strcmp(info.name, s->name) || loaded_at(&info) + CLOCKS_APART < s->since)
			continue;
		xdp_match(&now, hook_prog_is, id, out);
		break;
	}
	xdp_forget(&now);
	return 0;
}
