// SPDX-License-Identifier: Apache-2.0
/* manifest.c - reads section .kfaas of an object file, with libelf. */
#include "manifest.h"

#include <ctype.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define SECTION	 ".kfaas"
#define TEXT_MAX (64u << 10)

static int find_section(Elf *elf, const char *where, Elf_Scn **found)
{
	Elf_Scn *scn = NULL;
	size_t names;
	GElf_Shdr sh;

	*found = NULL;
	if (elf_getshdrstrndx(elf, &names))
		return fail_input("%s: not a valid ELF object: %s", where, elf_errmsg(-1));
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name;

		if (!gelf_getshdr(scn, &sh))
			return fail_input("%s: not a valid ELF object: %s", where, elf_errmsg(-1));
		name = elf_strptr(elf, names, sh.sh_name);
		if (!name || strcmp(name, SECTION))
			continue;
		if (*found)
			return fail_input("%s: two sections " SECTION ": a manifest is one section", where);
		if (sh.sh_type != SHT_PROGBITS || (sh.sh_flags & SHF_COMPRESSED))
			return fail_input(
				"%s: section " SECTION " holds no text: write it with KFAAS_MANIFEST(\"...\")", where);
		*found = scn;
	}
	return 0;
}

/* The compiler puts a zero after each string, and pads. */
static int copy_text(const Elf_Data *data, const char *where, char **text, size_t *len)
{
	size_t n = data && data->d_buf ? data->d_size : 0;
	char *copy;

	if (n > TEXT_MAX)
		return fail_input("%s: the manifest in section " SECTION " is larger than %u KiB", where,
				  TEXT_MAX >> 10);
	copy = malloc(n + 1);
	if (!copy)
		return fail_memory();
	for (size_t i = 0; i < n; i++)
		copy[i] = ((const char *)data->d_buf)[i] ?: '\n';
	while (n && isspace((unsigned char)copy[n - 1]))
		n--;
	copy[n] = '\0';
	*text = copy;
	*len = n;
	return 0;
}

int manifest_read(const void *image, size_t size, const char *where, char **text, size_t *len)
{
	Elf_Scn *scn;
	Elf *elf;
	int rc;

	*text = NULL;
	*len = 0;
	rc = object_check(image, size, where);
	if (rc)
		return rc;
	elf_version(EV_CURRENT);
	elf = elf_memory((char *)image, size); /* read only: it has our byte order, nothing is converted in place */
	if (!elf)
		return fail_input("%s: not a valid ELF object: %s", where, elf_errmsg(-1));
	rc = find_section(elf, where, &scn);
	if (!rc && scn)
		rc = copy_text(elf_rawdata(scn, NULL), where, text, len);
	elf_end(elf);
	return rc;
}
