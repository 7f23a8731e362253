// SPDX-License-Identifier: Apache-2.0
/* hook.c - which module serves a hook, and what XDP and TC need both: looking at programs and at what
 * the kernel says while libbpf talks to it. */
#include "hook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook_internal.h"
#include "log.h"

static const struct hook_ops *ops_of(const struct hook_target *t)
{
	return t->hook == KF_XDP ? &hook_xdp : &hook_tc;
}

int hook_attach(const struct hook_target *t, const struct hook_attach *a, struct hook_state *out)
{
	memset(out, 0, sizeof(*out));
	return ops_of(t)->attach(t, a, out);
}

int hook_detach(const struct hook_target *t, __u32 prog_id)
{
	return ops_of(t)->detach(t, prog_id);
}

int hook_find(const struct hook_target *t, __u32 map_id, struct hook_state *out)
{
	memset(out, 0, sizeof(*out));
	return ops_of(t)->find(t, hook_prog_uses_map, map_id, out);
}

int hook_find_prog(const struct hook_target *t, __u32 prog_id, struct hook_state *out)
{
	memset(out, 0, sizeof(*out));
	return ops_of(t)->find(t, hook_prog_is, prog_id, out);
}

int hook_clean(const struct hook_target *t)
{
	return ops_of(t)->clean(t);
}

struct bpf_object *hook_open(const struct hook_attach *a, struct bpf_program **prog, int *rc)
{
	struct bpf_object *obj;
	struct bpf_program *p;

	errno = 0;
	obj = a->open(a->arg);
	if (!obj) {
		*rc = fail(errno ? -errno : -EINVAL, "the object of program %s cannot be opened", a->prog_name);
		return NULL;
	}
	*prog = bpf_object__find_program_by_name(obj, a->prog_name);
	if (!*prog) {
		bpf_object__close(obj);
		*rc = fail(-ENOENT, "the object has no program %s", a->prog_name);
		return NULL;
	}
	bpf_object__for_each_program(p, obj) bpf_program__set_autoload(p, p == *prog);
	/* Program arrays insist that all their users have the same one, and libxdp's components have 0. */
	bpf_program__set_expected_attach_type(*prog, 0);
	return obj;
}

int hook_prog_info(__u32 id, struct bpf_prog_info *info)
{
	__u32 len = sizeof(*info);
	int fd, rc = 0;

	memset(info, 0, sizeof(*info));
	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(fd, info, &len))
		rc = -errno;
	close(fd);
	return rc;
}

__u32 hook_fd_prog_id(int fd)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

bool hook_prog_is(__u32 prog_id, __u32 wanted)
{
	return prog_id == wanted;
}

bool hook_prog_uses_map(__u32 prog_id, __u32 map_id)
{
	__u32 ids[64]; /* as many as the kernel lets a program use */
	struct bpf_prog_info info = {.nr_map_ids = 64, .map_ids = (__u64)(unsigned long)ids};
	__u32 len = sizeof(info);
	bool found = false;
	int fd;

	fd = bpf_prog_get_fd_by_id(prog_id);
	if (fd < 0)
		return false;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len)) {
		for (__u32 i = 0; i < info.nr_map_ids && i < 64; i++)
			found |= ids[i] == map_id;
	}
	close(fd);
	return found;
}

static libbpf_print_fn_t lower_print;
static char words[256];
static bool data_change;

static int catch_words(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	static const char mark[] = "Kernel error message: ";
	char *text = NULL;
	va_list again;
	const char *at;

	va_copy(again, ap);
	if (level != LIBBPF_DEBUG && vasprintf(&text, fmt, again) >= 0) {
		at = strstr(text, mark);
		if (at)
			snprintf(words, sizeof(words), "%.*s", (int)strcspn(at + strlen(mark), "\n"),
				 at + strlen(mark));
		data_change |= strstr(text, "changes packet data") != NULL;
		free(text);
	}
	va_end(again);
	return lower_print ? lower_print(level, fmt, ap) : 0;
}

void hook_words_begin(void)
{
	words[0] = '\0';
	data_change = false;
	lower_print = libbpf_set_print(catch_words);
}

void hook_words_end(void)
{
	libbpf_set_print(lower_print);
	lower_print = NULL;
}

const char *hook_words(void)
{
	return words;
}

bool hook_words_data_change(void)
{
	return data_change;
}
