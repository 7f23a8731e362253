/* SPDX-License-Identifier: Apache-2.0 */
/* function.c - find, open and load a function's object. */
#include "function.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "manifest.h"
#include "state.h"
#include "util.h"

#ifndef PREFIX
#define PREFIX "/usr/local"
#endif

#define OBJECT_MAX    (64u << 20)
#define OBJECT_SUFFIX ".bpf.o"

/* The folder that the binary is in. */
static int own_folder(char *buf, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", buf, size - 1);

	if (n <= 0)
		return -ENOENT;
	buf[n] = 0;
	*strrchr(buf, '/') = 0;
	return 0;
}

/* The I-th folder of the function path; -ENOENT behind the last. What was built or installed with
 * this binary comes before what another installation has. */
static int folder_at(int i, char *buf, size_t size)
{
	const char *env = getenv("KFAAS_FUNCTIONS");
	char own[PATH_MAX];

	while (env && *env) {
		size_t len = strcspn(env, ":");

		if (len && i-- == 0)
			return path_join(buf, size, "%.*s", (int)len, env);
		env += len + (env[len] == ':');
	}
	if (i > 2 || own_folder(own, sizeof(own)))
		return i ? -ENOENT : path_join(buf, size, "%s/lib/kfaas-net/functions", PREFIX);
	if (i == 0)
		return path_join(buf, size, "%s/functions", own);
	if (i == 2)
		return path_join(buf, size, "%s/lib/kfaas-net/functions", PREFIX);
	if (strrchr(own, '/')) /* PREFIX/sbin */
		*strrchr(own, '/') = 0;
	return path_join(buf, size, "%s/lib/kfaas-net/functions", own);
}

int function_path_find(const char *name, const char *suffix, char *buf, size_t size)
{
	char dir[PATH_MAX];

	for (int i = 0; !folder_at(i, dir, sizeof(dir)); i++)
		if (!path_join(buf, size, "%s/%s%s", dir, name, suffix) && !access(buf, R_OK))
			return 0;
	return -ENOENT;
}

static int add_name(char ***list, size_t *n, const char *file)
{
	size_t len = strlen(file), tail = strlen(OBJECT_SUFFIX);
	char **more;

	if (len <= tail || strcmp(file + len - tail, OBJECT_SUFFIX))
		return 0;
	for (size_t i = 0; i < *n; i++)
		if (strlen((*list)[i]) == len - tail && !strncmp((*list)[i], file, len - tail))
			return 0;
	more = realloc(*list, (*n + 1) * sizeof(**list));
	if (!more)
		return -ENOMEM;
	*list = more;
	more[*n] = strndup(file, len - tail);
	return more[*n] ? (++*n, 0) : -ENOMEM;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *function_names(void)
{
	char dir[PATH_MAX], **list = NULL, *out = NULL;
	struct dirent *e;
	size_t n = 0, len = 0;
	FILE *f;

	for (int i = 0; !folder_at(i, dir, sizeof(dir)); i++) {
		DIR *d = opendir(dir);

		while (d && (e = readdir(d)))
			add_name(&list, &n, e->d_name);
		if (d)
			closedir(d);
	}
	if (n)
		qsort(list, n, sizeof(*list), by_name);
	f = open_memstream(&out, &len);
	for (size_t i = 0; i < n; i++) {
		if (f)
			fprintf(f, "%s%s", i ? ", " : "", list[i]);
		free(list[i]);
	}
	free(list);
	if (f)
		fclose(f);
	return out;
}

static int not_found(const char *object)
{
	char *names = function_names();
	int rc = fail_input("no function '%s' in the function path (there: %s); a path to a .bpf.o works too", object,
			    names && *names ? names : "none");

	free(names);
	return rc;
}

int function_find(struct function *f, const char *object)
{
	size_t len = strlen(object);
	char path[PATH_MAX], real[PATH_MAX];
	int rc;

	*f = (struct function){0};
	if (strchr(object, '/') || (len > 2 && !strcmp(object + len - 2, ".o")))
		rc = path_join(path, sizeof(path), "%s", object);
	else if (function_path_find(object, OBJECT_SUFFIX, path, sizeof(path)))
		return not_found(object);
	else
		rc = 0;
	if (rc || !realpath(path, real))
		return fail_input("cannot read the object %s: %s", object, strerror(rc ? -rc : errno));
	rc = read_file(real, OBJECT_MAX, &f->image, &f->size);
	if (rc)
		return fail_input("cannot read the object %s: %s", real, strerror(-rc));
	f->path = strdup(real);
	if (!f->path)
		rc = -ENOMEM;
	if (!rc)
		rc = object_check(f->image, f->size, real);
	if (!rc)
		SHA256Data((const uint8_t *)f->image, f->size, f->digest);
	if (!rc)
		rc = manifest_read(f->image, f->size, real, &f->manifest, &f->manifest_len);
	if (rc)
		function_free(f);
	return rc;
}

int function_manifest(const struct function *f, struct function_conf *conf)
{
	char dir[PATH_MAX];
	int rc = f->manifest ? function_conf_manifest(conf, f->manifest, f->manifest_len, f->path) : 0;

	path_join(dir, sizeof(dir), "%.*s", (int)(strrchr(f->path, '/') - f->path), f->path);
	return rc ? rc : function_conf_paths(conf, dir);
}

/* Programs that libbpf cannot tell the type of are sorted by what their section begins with, as
 * older objects named them (xdp_filter, classifier/one). */
static int hook_of(const struct bpf_program *p)
{
	static const struct {
		const char *prefix;
		enum kf_hook hook;
	} sections[] = {
		{"xdp", KF_XDP},
		{"tc/ingress", KF_TC_INGRESS},
		{"tc/egress", KF_TC_EGRESS},
		{"tcx/ingress", KF_TC_INGRESS},
		{"tcx/egress", KF_TC_EGRESS},
		{"tc", KF_TC_INGRESS},
		{"classifier", KF_TC_INGRESS},
	};
	const char *s = bpf_program__section_name(p);

	/* Programs for devmaps and cpumaps run behind the hook, not at it. */
	if (!strncmp(s, "xdp/", 4) || !strncmp(s, "xdp.frags/", 10))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (!strncmp(s, sections[i].prefix, strlen(sections[i].prefix)))
			return sections[i].hook;
	return -1;
}

static int sort_programs(struct function *f)
{
	struct bpf_program *p;

	bpf_object__for_each_program(p, f->obj)
	{
		int hook = hook_of(p);

		if (hook < 0) {
			bpf_program__set_autoload(p, false);
			continue;
		}
		if (f->prog[hook])
			return fail_input("%s has two programs for %s (%s and %s): a function has one for each hook",
					  f->path, hook_name(hook), bpf_program__name(f->prog[hook]),
					  bpf_program__name(p));
		bpf_program__set_type(p, hook == KF_XDP ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS);
		/* Programs of one program array must agree on it (and libxdp loads ours with 0). */
		bpf_program__set_expected_attach_type(p, 0);
		f->frags[hook] = hook == KF_XDP && !strncmp(bpf_program__section_name(p), "xdp.frags", 9);
		if (f->frags[hook])
			bpf_program__set_flags(p, 0);
		f->prog[hook] = p;
		f->hooks |= 1u << hook;
	}
	if (!f->hooks)
		return fail_input(
			"%s has no program for xdp, tc-ingress or tc-egress (sections xdp, tc/ingress, tc/egress)",
			f->path);
	return 0;
}

static int register_sections(void)
{
	static const char *const sections[] = {"tc/ingress", "tc/egress", "tcx/ingress", "tcx/egress"};
	static bool done;

	for (size_t i = 0; !done && i < ARRAY_SIZE(sections); i++)
		if (libbpf_register_prog_handler(sections[i], BPF_PROG_TYPE_SCHED_CLS, 0, NULL) < 0)
			return fail(-EINVAL, "libbpf does not take the section name %s", sections[i]);
	done = true;
	return 0;
}

int function_open(struct function *f)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	const char *base = strrchr(f->path, '/') + 1;
	char name[BPF_OBJ_NAME_LEN];
	struct bpf_map *m;
	int rc;

	/* Maps of .bss and .data are named after the object: by it --keep-data finds them again. */
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(base, "."), base);
	opts.object_name = name;
	rc = register_sections();
	if (rc)
		return rc;
	log_verifier_reset();
	f->obj = bpf_object__open_mem(f->image, f->size, &opts);
	if (!f->obj)
		return fail_input("%s cannot be opened as a BPF object: %s", f->path,
				  *log_library_last() ? log_library_last() : strerror(errno));
	/* An instance's maps are its own, whatever its author pinned by name. */
	bpf_object__for_each_map(m, f->obj) bpf_map__set_pin_path(m, NULL);
	return sort_programs(f);
}

int function_load(struct function *f)
{
	int rc;

	log_verifier_reset();
	rc = bpf_object__load(f->obj);
	if (!rc)
		return 0;
	if (*log_verifier_line())
		return fail(rc, "the kernel's verifier refused %s: %s (-v shows its whole log)", f->path,
			    log_verifier_line());
	return fail(rc, "the kernel refused %s: %s", f->path, *log_library_last() ? log_library_last() : strerror(-rc));
}

void function_free(struct function *f)
{
	function_rows_free(f);
	bpf_object__close(f->obj);
	free(f->path);
	free(f->image);
	free(f->manifest);
	*f = (struct function){0};
}
