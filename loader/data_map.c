// SPDX-License-Identifier: Apache-2.0
/* data_map.c - a map in the kernel, and its types by the BTF that the kernel has of it. */
#include "data_map.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

bool data_map_named(const char *name, const char *kernel_name)
{
	return *name && !strncmp(name, kernel_name, BPF_OBJ_NAME_LEN - 1);
}

int data_map_info(int fd, struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);

	*info = (struct bpf_map_info){0};
	if (bpf_obj_get_info_by_fd(fd, info, &len))
		return fail(-errno, "cannot ask the kernel about a map: %s", strerror(errno));
	return 0;
}

/* --- What a map is --- */

/* Sections of the object as maps: NAME.rodata, NAME.bss, .data.x */
static bool is_internal(const char *name)
{
	return strchr(name, '.');
}

const char *data_map_refused(const char *name, __u32 type, __u32 max_entries)
{
	if (is_internal(name))
		return strstr(name, ".rodata") ? "it holds constants and settings (--set changes those)"
					       : "it holds the program's variables";
	return type == BPF_MAP_TYPE_ARRAY_OF_MAPS && max_entries == 1 ? NULL : data_type_refused(type);
}

/* The map in force of a replaceable one. */
static int open_inner(struct data_map *m, int fd)
{
	__u32 zero = 0, id;

	m->outer = fd;
	m->fd = -1;
	if (bpf_map_lookup_elem(fd, &zero, &id))
		return fail(-errno, "map %s holds no map of rows: %s", m->name, strerror(errno));
	m->fd = bpf_map_get_fd_by_id(id);
	if (m->fd < 0)
		return fail(-errno, "cannot open the map that %s holds: %s", m->name, strerror(errno));
	return 0;
}

static int read_type(struct data_map *m)
{
	struct data_layout l = {
		.key_id = m->info.btf_key_type_id,
		.value_id = m->info.btf_value_type_id,
		.key_size = m->info.key_size,
		.value_size = m->info.value_size,
		.map_type = m->info.type,
	};
	char what[64];

	if (m->info.btf_id && l.value_id) {
		m->btf = btf__load_from_kernel_by_id(m->info.btf_id);
		if (!m->btf)
			return fail(-errno, "cannot read the types of map %s from the kernel: %s", m->name,
				    strerror(errno));
	}
	l.btf = m->btf;
	snprintf(what, sizeof(what), "map %s", m->name);
	return data_type_make(&m->type, &l, what);
}

int data_map_open(struct data_map *m, int fd)
{
	const char *why;
	int rc;

	*m = (struct data_map){.fd = fd, .outer = -1};
	rc = data_map_info(fd, &m->info);
	strcpy(m->name, m->info.name);
	why = rc ? NULL : data_map_refused(m->name, m->info.type, m->info.max_entries);
	if (!rc && !why && m->info.type == BPF_MAP_TYPE_ARRAY_OF_MAPS) {
		rc = open_inner(m, fd);
		if (!rc)
			rc = data_map_info(m->fd, &m->info);
		why = rc ? NULL : data_type_refused(m->info.type);
	}
	if (why)
		rc = fail_input("map %s is not data: %s", m->name, why);
	if (!rc)
		rc = read_type(m);
	if (rc)
		data_map_close(m);
	return rc;
}

void data_map_close(struct data_map *m)
{
	data_type_free(&m->type);
	btf__free(m->btf);
	m->btf = NULL;
	if (m->fd >= 0)
		close(m->fd);
	if (m->outer >= 0)
		close(m->outer);
	m->fd = m->outer = -1;
}
