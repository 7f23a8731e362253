/* SPDX-License-Identifier: Apache-2.0 */
/* anatomy.c - calls, license and memory; the settings are in anatomy_settings.c. */
#include "anatomy.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "function.h"
#include "util.h"

#define CALL (BPF_JMP | BPF_CALL)

static void helper_name(int id, char *buf, size_t size)
{
#define NAME(x) [BPF_FUNC_##x] = "bpf_" #x
	static const char *const names[] = {__BPF_FUNC_MAPPER(NAME)};
#undef NAME

	if (id > 0 && (size_t)id < ARRAY_SIZE(names) && names[id])
		path_join(buf, size, "%s", names[id]);
	else
		path_join(buf, size, "helper %d", id);
}

static int count_helper(struct calls *c, int id)
{
	struct helper_use *more;
	char name[sizeof(more->name)];

	helper_name(id, name, sizeof(name));
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->helper[i].name, name)) {
			c->helper[i].count++;
			return 0;
		}
	more = realloc(c->helper, (c->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	c->helper = more;
	more = &c->helper[c->n++];
	strcpy(more->name, name);
	more->count = 1;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct helper_use *)a)->name, ((const struct helper_use *)b)->name);
}

int anatomy_calls(const struct bpf_program *p, struct calls *out)
{
	const struct bpf_insn *insn = bpf_program__insns(p);
	int rc = 0;

	*out = (struct calls){0};
	for (size_t i = 0; i < bpf_program__insn_cnt(p) && !rc; i++) {
		if (insn[i].code == (BPF_LD | BPF_IMM | BPF_DW)) {
			i++; /* the second half is data */
			continue;
		}
		if (insn[i].code != CALL)
			continue;
		if (insn[i].src_reg == BPF_PSEUDO_CALL)
			out->subprogs++;
		else if (insn[i].src_reg == BPF_PSEUDO_KFUNC_CALL)
			out->kfuncs++;
		else
			rc = count_helper(out, insn[i].imm);
	}
	if (out->n)
		qsort(out->helper, out->n, sizeof(*out->helper), by_name);
	if (rc)
		anatomy_calls_free(out);
	return rc;
}

void anatomy_calls_free(struct calls *c)
{
	free(c->helper);
	*c = (struct calls){0};
}

void anatomy_license(const struct function *f, char *buf, size_t size)
{
	size_t names;
	Elf_Scn *scn = NULL;
	Elf *elf;

	*buf = 0;
	elf_version(EV_CURRENT);
	elf = elf_memory(f->image, f->size);
	if (!elf || elf_getshdrstrndx(elf, &names))
		goto out;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name;
		Elf_Data *data;
		GElf_Shdr sh;

		if (!gelf_getshdr(scn, &sh))
			break;
		name = elf_strptr(elf, names, sh.sh_name);
		data = name && !strcmp(name, "license") ? elf_rawdata(scn, NULL) : NULL;
		if (data && data->d_buf)
			path_join(buf, size, "%.*s", (int)strnlen(data->d_buf, data->d_size), (char *)data->d_buf);
	}
out:
	elf_end(elf);
}

unsigned long long anatomy_memory(int fd)
{
	unsigned long long bytes = 0;
	char path[64], line[256];
	FILE *f;

	path_join(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	if (f)
		fclose(f);
	return bytes;
}
