/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_inspect.c - what a function is made of, and what it costs in the kernel. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "caps.h"
#include "cmd.h"
#include "inspect.h"
#include "log.h"
#include "out.h"
#include "util.h"

struct costs inspect_costs(const struct bpf_program *p)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);
	int fd = bpf_program__fd(p);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		return (struct costs){0};
	return (struct costs){info.verified_insns, info.jited_prog_len, anatomy_memory(fd)};
}

unsigned long long inspect_map_memory(const struct bpf_map *m)
{
	return bpf_map__fd(m) < 0 ? 0 : anatomy_memory(bpf_map__fd(m));
}

unsigned long long inspect_memory(const struct inspection *in)
{
	unsigned long long sum = 0;
	const struct bpf_map *m;

	bpf_object__for_each_map(m, in->f.obj) sum += inspect_map_memory(m);
	for (int h = 0; h < KF_HOOKS; h++)
		if (in->f.prog[h])
			sum += inspect_costs(in->f.prog[h]).memory;
	return sum;
}

const char *inspect_map_type(const struct bpf_map *m)
{
	const char *name = libbpf_bpf_map_type_str(bpf_map__type(m));

	return name ? name : "unknown";
}

static int default_name(struct inspection *in)
{
	const char *base = strrchr(in->f.path, '/') + 1;

	if (!in->conf.name)
		in->conf.name = strndup(base, strcspn(base, "."));
	return in->conf.name ? 0 : -ENOMEM;
}

static int open_object(struct inspection *in, const char *object)
{
	int rc = function_find(&in->f, object);

	if (!rc)
		rc = function_manifest(&in->f, &in->conf);
	if (!rc)
		rc = default_name(in);
	if (!rc)
		rc = function_open(&in->f);
	if (!rc)
		rc = anatomy_settings(&in->f, &in->settings, &in->n_settings);
	if (!rc)
		anatomy_license(&in->f, in->license, sizeof(in->license));
	return rc;
}

/* Into the kernel for as long as we live: nothing is pinned or attached. Not being allowed to is no
 * failure; the verifier's refusal is. */
static int load(struct inspection *in)
{
	char missing[128];
	int rc = caps_may_load(missing, sizeof(missing));

	if (rc) {
		path_join(in->why_not, sizeof(in->why_not), "missing %s", missing);
		return 0;
	}
	rc = function_settings(&in->f, &in->conf);
	if (!rc) {
		in->tried = true;
		rc = function_load(&in->f);
	}
	in->loaded = !rc;
	if (!rc)
		return 0;
	path_join(in->why_not, sizeof(in->why_not), "%s", fail_text());
	if (rc == -EPERM && !*log_verifier_line()) {
		fail_clear();
		return 0;
	}
	in->refused = in->tried;
	return rc;
}

static int inspect(struct inspection *in, const char *object)
{
	int rc = open_object(in, object);

	if (rc)
		return rc;
	if (out_json) {
		rc = load(in);
		inspect_print_json(in);
		return rc;
	}
	inspect_print_static(in);
	rc = out_flush(); /* before what loading has to say */
	if (rc)
		return rc;
	rc = load(in);
	inspect_print_loaded(in);
	return rc;
}

int cmd_inspect(int argc, char **argv)
{
	const struct args_spec spec = {
		.command = "inspect",
		.words = "FUNCTION",
		.min = 1,
		.max = 1,
		.about = "What a function (a name in the function path, or a .bpf.o) is made of: manifest, settings,\n"
			 "maps, programs, the helpers they call. Loads it into the kernel for a moment, if allowed\n"
			 "to, and tells what it costs there; attaches and pins nothing."};
	struct inspection in = {0};
	int rc = command_start(&spec, &argc, argv, TELLS_JSON);

	if (rc)
		return rc;
	function_conf_init(&in.conf);
	rc = inspect(&in, argv[0]);
	free(in.settings);
	function_conf_free(&in.conf);
	function_free(&in.f);
	return rc;
}
