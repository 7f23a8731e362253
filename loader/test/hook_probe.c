// SPDX-License-Identifier: Apache-2.0
/* hook_probe.c - the hooks' interface on a command line, to try it by hand and from tests without the
 * rest of the loader.
 *
 *   hook_probe COMMAND IFACE HOOK [KEY=VALUE]...      HOOK: xdp, tc-ingress, tc-egress
 *   attach   obj= prog= [mode= prio= require=]    the object's maps are pinned in pins= and reused
 *   detach   id= | map=       find    id= | map=       clean       native       kernel */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../hook.h"
#include "../log.h"

struct words {
	const char *obj, *prog, *pins, *owner;
	unsigned id, map;
	struct hook_attach attach;
};

static struct bpf_object *open_object(void *arg)
{
	struct words *w = arg;
	struct bpf_object *obj = bpf_object__open(w->obj);
	struct bpf_map *map;
	char path[256];

	if (!obj)
		return NULL;
	bpf_object__for_each_map(map, obj)
	{
		snprintf(path, sizeof(path), "%s/%s", w->pins, bpf_map__name(map));
		if (!strchr(bpf_map__name(map), '.') && w->pins)
			bpf_map__set_pin_path(map, path);
	}
	return obj;
}

static unsigned pinned_map(const char *dir, const char *name)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = bpf_obj_get(path);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		return 0;
	close(fd);
	return info.id;
}

static enum mode mode_of(const char *s)
{
	static const char *const names[] = {"auto", "native", "generic", "offload"};

	for (int i = 0; i < 4; i++) {
		if (!strcmp(s, names[i]))
			return (enum mode)i;
	}
	exit(2);
}

static unsigned require_of(const char *s)
{
	return (strstr(s, "native") ? REQUIRE_NATIVE : 0) | (strstr(s, "multiprog") ? REQUIRE_MULTIPROG : 0) |
	       (strstr(s, "frags") ? REQUIRE_FRAGS : 0);
}

static void read_word(struct words *w, struct hook_target *t, char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		exit(2);
	*value++ = '\0';
	if (!strcmp(word, "obj"))
		w->obj = value;
	else if (!strcmp(word, "prog"))
		w->attach.prog_name = value;
	else if (!strcmp(word, "pins"))
		w->pins = value, snprintf(t->pin_dir, sizeof(t->pin_dir), "%s", value);
	else if (!strcmp(word, "mode"))
		w->attach.mode = mode_of(value);
	else if (!strcmp(word, "prio"))
		w->attach.run_prio = atoi(value);
	else if (!strcmp(word, "require"))
		w->attach.require = require_of(value);
	else if (!strcmp(word, "id"))
		w->id = (unsigned)atoi(value);
	else if (!strcmp(word, "map"))
		w->map = pinned_map(w->pins, value);
	else if (!strcmp(word, "owner"))
		w->owner = value;
	else if (!strcmp(word, "objects"))
		hook_set_object_dir(value);
	else
		exit(2);
}

static void print_state(const struct hook_state *s)
{
	static const char *const modes[] = {"auto", "native", "generic", "offload"};

	printf("attached=%d id=%u mode=%s multiprog=%d prio=%d tcx=%d frags=%d\n", s->attached, s->prog_id,
	       modes[s->mode], s->multiprog, s->run_prio, s->tcx, s->frags);
}

static int run(const char *command, const struct hook_target *t, struct words *w)
{
	struct hook_state state = {};
	int rc = 0;

	if (!strcmp(command, "attach"))
		rc = hook_attach(t, &w->attach, &state);
	else if (!strcmp(command, "clean"))
		return hook_clean(t);
	else
		rc = w->map ? hook_find(t, w->map, &state) : hook_find_prog(t, w->id, &state);
	if (!rc && !strcmp(command, "detach"))
		return hook_detach(t, w->id ? w->id : state.prog_id);
	if (!rc)
		print_state(&state);
	return rc;
}

int main(int argc, char **argv)
{
	struct words w = {.attach = {.run_prio = 50, .chain_call = 1 << XDP_PASS, .open = open_object}};
	struct hook_target t = {};
	int rc;

	w.attach.arg = &w;
	if (argc > 1 && !strcmp(argv[1], "kernel")) {
		printf("ext=%d (%s) tcx=%d (%s)\n", hook_probe_ext()->rc, hook_probe_ext()->step, hook_probe_tcx()->rc,
		       hook_probe_tcx()->step);
		return 0;
	}
	if (argc < 4)
		return 2;
	if (getenv("VERBOSE"))
		log_level = LOG_VERBOSE;
	log_capture_libraries();
	snprintf(t.ifname, sizeof(t.ifname), "%s", argv[2]);
	t.ifindex = (int)if_nametoindex(argv[2]);
	if (!t.ifindex)
		t.ifindex = atoi(argv[2]);
	t.hook = !strcmp(argv[3], "xdp") ? KF_XDP : !strcmp(argv[3], "tc-ingress") ? KF_TC_INGRESS : KF_TC_EGRESS;
	for (int i = 4; i < argc; i++)
		read_word(&w, &t, argv[i]);
	if (w.owner)
		t.owner_map = pinned_map(w.pins, w.owner);
	if (!strcmp(argv[1], "native")) {
		printf("%d\n", hook_probe_native(t.ifindex));
		return 0;
	}
	rc = run(argv[1], &t, &w);
	if (rc)
		fprintf(stderr, "error %d: %s\n", rc, fail_text());
	return rc ? 1 : 0;
}
