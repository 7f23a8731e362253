/* SPDX-License-Identifier: Apache-2.0 */
/* data_map.h - a function's map in the kernel: found, typed, read, written, replaced as a whole. */
#ifndef KF_DATA_MAP_H
#define KF_DATA_MAP_H

#include <linux/bpf.h>

#include "data_rows.h"

struct data_map {
	char name[BPF_OBJ_NAME_LEN];
	int fd;			  /* of the map that holds the rows: of a replaceable map, the one in force */
	int outer;		  /* of the map that it is in, or -1 */
	struct bpf_map_info info; /* of fd */
	struct btf *btf;
	struct data_type type;
};

/* NULL if a map has rows that can be read and written, or holds the map that has them; else why not. */
const char *data_map_refused(const char *name, __u32 type, __u32 max_entries);
/* May a map that takes its place in a replaceable one be larger? An array only if it says so. */
static inline bool data_map_grows(const struct data_type *t, __u32 map_flags)
{
	return !t->is_array || map_flags & BPF_F_INNER_MAP;
}
/* The kernel keeps the first 15 characters of a map's name. */
bool data_map_named(const char *name, const char *kernel_name);

int data_map_info(int fd, struct bpf_map_info *info);
/* Map FD itself, which is taken over. */
int data_map_open(struct data_map *m, int fd);
void data_map_close(struct data_map *m);

/* All rows of R. A replaceable map gets a fresh one in place of the one in force, with one store. Any other is checked
 * for room first; then its rows are added or overwritten, which packets see one by one. WHERE: the file's name. */
int data_map_load(struct data_map *m, const struct data_rows *r, const char *where);

/* ROW is called for each, with the values of all CPUs. */
typedef int data_row_fn(void *arg, const char *key, const char *values);
int data_map_each(const struct data_map *m, data_row_fn *row, void *arg);

#endif
