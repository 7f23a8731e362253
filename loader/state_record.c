/* SPDX-License-Identifier: Apache-2.0 */
/* state_record.c - records (what a function is, in words) and the pinned programs of revisions. */
#include "state.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "state_internal.h"
#include "util.h"

__u32 state_new_record(struct state *s)
{
	return ++s->control->next_record;
}

int state_record_write(struct state *s, __u32 record, const void *head, size_t head_len, const char *text)
{
	struct kf_record_key key = {.record = record};
	struct kf_chunk chunk = {.len = head_len};
	size_t left = text ? strlen(text) : 0;

	memcpy(chunk.bytes, head, head_len);
	for (;;) {
		if (bpf_map_update_elem(s->records_fd, &key, &chunk, BPF_ANY))
			return fail(-errno, "cannot write a record of %s: %s%s", s->ifname, strerror(errno),
				    errno == E2BIG ? "; the records are full: fewer or shorter triggers and settings"
						   : "");
		if (!left)
			return 0;
		key.chunk++;
		chunk = (struct kf_chunk){.len = left < KF_CHUNK ? left : KF_CHUNK};
		memcpy(chunk.bytes, text, chunk.len);
		text += chunk.len;
		left -= chunk.len;
	}
}

int state_record_read(const struct state *s, __u32 record, void *head, size_t head_len, char **text)
{
	struct kf_record_key key = {.record = record};
	struct kf_chunk chunk;
	size_t len = 0, room = 1024;
	char *buf;

	if (bpf_map_lookup_elem(s->records_fd, &key, &chunk))
		return -errno;
	if (chunk.len != head_len)
		return -EPROTO;
	memcpy(head, chunk.bytes, head_len);
	if (!text)
		return 0;
	buf = malloc(room);
	for (key.chunk = 1; buf && !bpf_map_lookup_elem(s->records_fd, &key, &chunk) && chunk.len <= KF_CHUNK;
	     key.chunk++) {
		if (len + chunk.len + 1 > room) {
			char *more = realloc(buf, room *= 2);

			if (!more) {
				free(buf);
				return -ENOMEM;
			}
			buf = more;
		}
		memcpy(buf + len, chunk.bytes, chunk.len);
		len += chunk.len;
		if (chunk.len < KF_CHUNK)
			break;
	}
	if (!buf)
		return -ENOMEM;
	buf[len] = 0;
	*text = buf;
	return 0;
}

void state_record_delete(struct state *s, __u32 record)
{
	struct kf_record_key key = {.record = record};

	while (!bpf_map_delete_elem(s->records_fd, &key))
		key.chunk++;
}

void state_revision_dir(const struct state *s, __u32 id, __u32 revision, char *buf, size_t size)
{
	path_join(buf, size, "%s/revisions/%u-%u", s->dir, id, revision);
}

int state_revision_pin(struct state *s, __u32 id, __u32 revision, enum kf_hook hook, int prog_fd)
{
	char path[PATH_MAX];
	size_t n;

	path_join(path, sizeof(path), "%s/revisions", s->dir);
	if (mkdir(path, 0700) && errno != EEXIST)
		return fail(-errno, "cannot make %s: %s", path, strerror(errno));
	state_revision_dir(s, id, revision, path, sizeof(path));
	if (mkdir(path, 0700) && errno != EEXIST)
		return fail(-errno, "cannot make %s: %s", path, strerror(errno));
	n = strlen(path);
	path_join(path + n, sizeof(path) - n, "/%s", hook_name(hook));
	if (bpf_obj_pin(prog_fd, path))
		return fail(-errno, "cannot pin %s: %s", path, strerror(errno));
	return 0;
}

int state_revision_get(const struct state *s, __u32 id, __u32 revision, enum kf_hook hook)
{
	char path[PATH_MAX];
	size_t n;
	int fd;

	state_revision_dir(s, id, revision, path, sizeof(path));
	n = strlen(path);
	path_join(path + n, sizeof(path) - n, "/%s", hook_name(hook));
	fd = bpf_obj_get(path);
	return fd >= 0 ? fd : -errno;
}

void state_revision_remove(struct state *s, __u32 id, __u32 revision)
{
	char path[PATH_MAX];

	state_revision_dir(s, id, revision, path, sizeof(path));
	state_remove_tree(path);
}
