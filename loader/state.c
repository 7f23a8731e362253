/* SPDX-License-Identifier: Apache-2.0 */
/* state.c - an interface's folder in bpffs: lock, maps, generations. */
#include "state.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "link.h"
#include "log.h"
#include "state_internal.h"
#include "util.h"

/* What every map is; the gates' own declarations (bpf/maps.h) are checked against these by libbpf
 * when a gate reuses them. */
struct map_def {
	const char *name;
	enum bpf_map_type type;
	__u32 key, value, max, flags;
};

#define RECORDS_MAX (64 * KF_FUNCTIONS)

static const struct map_def shared_maps[] = {
	{"control", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct kf_control), 1, BPF_F_MMAPABLE},
	{"policies", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct kf_policy), 2 * KF_FUNCTIONS, BPF_F_MMAPABLE},
	{"meters", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct kf_meter), KF_FUNCTIONS, BPF_F_MMAPABLE},
	{"locals", BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(struct kf_local), KF_LOCALS, 0},
	{"index", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct kf_index), 2 * KF_FUNCTIONS, BPF_F_MMAPABLE},
	{"records", BPF_MAP_TYPE_HASH, sizeof(struct kf_record_key), sizeof(struct kf_chunk), RECORDS_MAX,
	 BPF_F_NO_PREALLOC},
};

static const struct map_def gate_maps[] = {
	{"functions", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, KF_SLOTS, 0},
	{"tables", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct kf_tables), 1, BPF_F_MMAPABLE},
	{"addrs", BPF_MAP_TYPE_LPM_TRIE, sizeof(struct kf_addr_key), 4, KF_ADDRS, BPF_F_NO_PREALLOC},
	{"accounts", BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(struct kf_account), KF_FUNCTIONS, 0},
};

const char *hook_name(enum kf_hook hook)
{
	static const char *const names[KF_HOOKS] = {"xdp", "tc-ingress", "tc-egress"};

	return names[hook];
}

__u32 state_map_id(int fd)
{
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

bool state_map_in_use(__u32 map_id)
{
	__u32 id = 0;

	while (map_id && !bpf_prog_get_next_id(id, &id)) {
		__u32 maps[16], len = sizeof(struct bpf_prog_info);
		struct bpf_prog_info info = {.nr_map_ids = 16, .map_ids = (unsigned long)maps};
		int fd = bpf_prog_get_fd_by_id(id);
		bool uses = false;

		if (fd < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.type != BPF_PROG_TYPE_EXT)
			for (__u32 i = 0; i < info.nr_map_ids && i < 16; i++)
				uses |= maps[i] == map_id;
		close(fd);
		if (uses)
			return true;
	}
	return false;
}

/* The pinned map DIR/NAME: its fd, made first if CREATE. */
static int map_open(const char *dir, const struct map_def *d, bool create)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = d->flags);
	char path[PATH_MAX], name[16];
	int fd, rc = path_join(path, sizeof(path), "%s/%s", dir, d->name);

	if (rc)
		return rc;
	fd = bpf_obj_get(path);
	if (fd >= 0 || errno != ENOENT || !create)
		return fd >= 0 ? fd : -errno;
	snprintf(name, sizeof(name), "kf_%s", d->name);
	fd = bpf_map_create(d->type, name, d->key, d->value, d->max, &opts);
	if (fd < 0)
		return -errno;
	if (bpf_obj_pin(fd, path)) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

static void *map_memory(int fd, const struct map_def *d)
{
	size_t size = (size_t)((d->value + 7) & ~7u) * d->max;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void unmap_memory(void *p, const struct map_def *d)
{
	if (p)
		munmap(p, (size_t)((d->value + 7) & ~7u) * d->max);
}

void state_gate_dir(const struct state *s, enum kf_hook hook, char *buf, size_t size)
{
	path_join(buf, size, "%s/%s", s->dir, hook_name(hook));
}

static void gate_close(struct state_gate *g)
{
	unmap_memory(g->tables, &gate_maps[1]);
	for (int *fd = (int[]){g->functions, g->tables_fd, g->addrs, g->accounts, -2}; *fd != -2; fd++)
		if (*fd >= 0)
			close(*fd);
	*g = (struct state_gate){.functions = -1, .addrs = -1, .accounts = -1, .tables_fd = -1};
}

int state_gate_open(struct state *s, enum kf_hook hook, bool create)
{
	struct state_gate *g = &s->gate[hook];
	int *fds[] = {&g->functions, &g->tables_fd, &g->addrs, &g->accounts};
	char dir[PATH_MAX];

	if (g->open)
		return 0;
	state_gate_dir(s, hook, dir, sizeof(dir));
	if (create && mkdir(dir, 0700) && errno != EEXIST)
		return fail(-errno, "cannot make %s: %s", dir, strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(gate_maps); i++) {
		int fd = map_open(dir, &gate_maps[i], create);

		if (fd < 0) {
			gate_close(g);
			if (fd == -ENOENT && !create)
				return fd;
			return fail(fd, "cannot open the gate's map %s/%s: %s", dir, gate_maps[i].name, strerror(-fd));
		}
		*fds[i] = fd;
	}
	g->tables = map_memory(g->tables_fd, &gate_maps[1]);
	if (!g->tables) {
		gate_close(g);
		return fail(-ENOMEM, "cannot map the gate's tables below %s: %s", dir, strerror(errno));
	}
	g->open = true;
	return 0;
}

int state_gate_reuse(const struct state *s, enum kf_hook hook, struct bpf_object *obj)
{
	const struct state_gate *g = &s->gate[hook];
	const struct {
		const char *name;
		int fd;
	} maps[] = {
		{".data.control", s->control_fd}, {"kf_policies", s->policies_fd}, {"kf_meters", s->meters_fd},
		{"kf_locals", s->locals_fd},	  {"kf_functions", g->functions},  {".bss", g->tables_fd},
		{"kf_addrs", g->addrs},		  {"kf_accounts", g->accounts},
	};

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		struct bpf_map *m = bpf_object__find_map_by_name(obj, maps[i].name);
		int rc = m ? bpf_map__reuse_fd(m, maps[i].fd) : -ENOENT;

		if (rc)
			return fail(rc, "cannot give the gate its map %s: %s", maps[i].name, strerror(-rc));
	}
	return 0;
}

static int maps_open(struct state *s, bool create)
{
	int *fds[] = {&s->control_fd, &s->policies_fd, &s->meters_fd, &s->locals_fd, &s->index_fd, &s->records_fd};

	for (size_t i = 0; i < ARRAY_SIZE(shared_maps); i++) {
		int fd = map_open(s->dir, &shared_maps[i], create);

		if (fd < 0)
			return fd; /* not kept: state_close closes what is not -1 */
		*fds[i] = fd;
	}
	s->control = map_memory(s->control_fd, &shared_maps[0]);
	s->policies = map_memory(s->policies_fd, &shared_maps[1]);
	s->meters = map_memory(s->meters_fd, &shared_maps[2]);
	s->index = map_memory(s->index_fd, &shared_maps[4]);
	return s->control && s->policies && s->meters && s->index ? 0 : -ENOMEM;
}

/* Open and lock the folder; another command may remove it between the two: then try again. */
static int lock_dir(struct state *s, enum state_how how)
{
	struct stat locked, named;

	for (;;) {
		if (how == STATE_CREATE) {
			if (!mkdir(s->dir, 0700))
				s->created = true;
			else if (errno == ENOENT) /* the folder above went with its last interface */
				state_iface_dir(s->ifname, s->dir, sizeof(s->dir), true);
			else if (errno != EEXIST)
				return -errno;
		}
		s->lock = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (s->lock < 0 && errno == ENOENT && how == STATE_CREATE)
			continue;
		if (s->lock < 0)
			return -errno;
		while (flock(s->lock, how == STATE_READ ? LOCK_SH : LOCK_EX))
			if (errno != EINTR)
				return -errno;
		if (!fstat(s->lock, &locked) && !stat(s->dir, &named) && locked.st_ino == named.st_ino &&
		    locked.st_dev == named.st_dev)
			return 0;
		close(s->lock);
		s->lock = -1;
	}
}

static int not_up(const struct state *s)
{
	if (!s->ifindex)
		return fail_input("no interface '%s' here: `ip link` lists them%s", s->ifname,
				  " (--netns NAME enters a namespace)");
	return fail(-ENOENT, "%s is not up: run `kfaas-net up %s` first", s->ifname, s->ifname);
}

static void state_init(struct state *s)
{
	*s = (struct state){.lock = -1, .control_fd = -1, .policies_fd = -1, .meters_fd = -1};
	s->locals_fd = s->index_fd = s->records_fd = -1;
	for (int h = 0; h < KF_HOOKS; h++)
		s->gate[h] = (struct state_gate){.functions = -1, .addrs = -1, .accounts = -1, .tables_fd = -1};
}

int state_open_dir(struct state *s, const char *dir)
{
	int rc;

	state_init(s);
	rc = path_join(s->dir, sizeof(s->dir), "%s", dir);
	if (!rc)
		rc = maps_open(s, false);
	if (rc)
		state_close(s);
	return rc;
}

/* s->ifname and s->ifindex are set. */
static int open_named(struct state *s, enum state_how how)
{
	int rc;

	if (how == STATE_CREATE && !s->ifindex)
		return not_up(s);
	rc = state_iface_dir(s->ifname, s->dir, sizeof(s->dir), how == STATE_CREATE);
	if (!rc)
		rc = lock_dir(s, how);
	if (!rc)
		rc = maps_open(s, how != STATE_READ);
	if (!rc && how != STATE_READ && !s->control->abi)
		s->control->abi = KF_ABI;
	if (!rc && s->control->abi && s->control->abi != KF_ABI)
		rc = fail(-EPROTO,
			  "%s was brought up by another version of kfaas-net (ABI %u, this one has %u): run `down` "
			  "with that version; without it: `ip link set dev %s xdp off` (xdpgeneric off, if it is up "
			  "in that mode), then remove %s",
			  s->ifname, s->control->abi, KF_ABI, s->ifname, s->dir);
	if (rc) {
		if (rc == -ENOENT)
			not_up(s);
		else if (rc == -EACCES || rc == -EPERM)
			fail(rc, "cannot open %s: %s; kfaas-net needs root", s->dir, strerror(-rc));
		else
			fail(rc, "cannot open %s: %s", s->dir, strerror(-rc));
		state_close(s);
	}
	return rc;
}

int state_open(struct state *s, const char *word, enum state_how how)
{
	state_init(s);
	if (!*word || strchr(word, '/') || word[0] == '.')
		return fail_input("'%s' is not an interface name: 1 to 15 characters, no '/'", word);
	s->ifindex = link_find(word, s->ifname);
	if (strlen(word) >= sizeof(s->ifname) && !s->ifindex)
		return fail_input("'%s' is no interface's altname, and too long for a name: `ip link` lists them",
				  word);
	return open_named(s, how);
}

int state_open_listed(struct state *s, const char *name, enum state_how how)
{
	char now[IF_NAMESIZE];

	state_init(s);
	s->ifindex = link_find(name, now);
	if (strcmp(name, now))
		s->ifindex = 0;
	snprintf(s->ifname, sizeof(s->ifname), "%s", name);
	return open_named(s, how);
}

void state_unlock(struct state *s)
{
	flock(s->lock, LOCK_UN);
}

void state_close(struct state *s)
{
	for (int h = 0; h < KF_HOOKS; h++)
		gate_close(&s->gate[h]);
	unmap_memory(s->control, &shared_maps[0]);
	unmap_memory(s->policies, &shared_maps[1]);
	unmap_memory(s->meters, &shared_maps[2]);
	unmap_memory(s->index, &shared_maps[4]);
	for (int *fd = (int[]){s->control_fd, s->policies_fd, s->meters_fd, s->locals_fd, s->index_fd, s->records_fd,
			       s->lock, -2};
	     *fd != -2; fd++)
		if (*fd >= 0)
			close(*fd);
	s->lock = -1;
	s->control = NULL;
	s->policies = NULL;
	s->meters = NULL;
	s->index = NULL;
	s->control_fd = s->policies_fd = s->meters_fd = s->locals_fd = s->index_fd = s->records_fd = -1;
}

int state_gate_remove(struct state *s, enum kf_hook hook)
{
	char dir[PATH_MAX];

	gate_close(&s->gate[hook]);
	state_gate_dir(s, hook, dir, sizeof(dir));
	return state_remove_tree(dir);
}

int state_remove(struct state *s)
{
	int rc = state_remove_tree(s->dir);

	return rc ? fail(rc, "cannot remove %s: %s", s->dir, strerror(-rc)) : 0;
}

void state_flip(struct state *s)
{
	__u32 next = s->control->gen + 1; /* never a number that was in force: gates cache by it */

	/* All that was written into the other half is visible before the number that names it. */
	__atomic_store_n(&s->control->gen, next, __ATOMIC_SEQ_CST);
}

int state_grace(void)
{
	/* In the kernel: synchronize_rcu, and XDP and TC programs run as RCU readers. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		return fail(-errno, "membarrier refused: %s; this kernel lacks CONFIG_MEMBARRIER", strerror(errno));
	return 0;
}
