/* SPDX-License-Identifier: Apache-2.0 */
/* state.h - what is pinned in bpffs for an interface: the only maker of paths there, and of locks.
 *
 *   /sys/fs/bpf/kfaas-net/<netns cookie>/
 *     netns                     what `up` switched on for the whole namespace (scope.c)
 *     <interface>/                a '.' in its name is written %2e: bpffs takes no dots
 *       control policies meters locals index records
 *       xdp/ tc-ingress/ tc-egress/     one gate's maps: functions tables addrs accounts
 *       revisions/<id>-<revision>/<hook>  programs of the functions, current and previous revision
 *
 * Everything a command changes is prepared in the generation that is not in
 * force; state_flip puts it in force with one store. */
#ifndef KF_STATE_H
#define KF_STATE_H

#include <limits.h>
#include <stdbool.h>
#include <linux/types.h>
#include <net/if.h>

#include "../bpf/abi.h"

#define STATE_ROOT "/sys/fs/bpf/kfaas-net"

/* The maps of one gate. */
struct state_gate {
	bool open;
	int functions, addrs, accounts; /* fds */
	struct kf_tables *tables;	/* mapped */
	int tables_fd;
};

struct state {
	char ifname[IF_NAMESIZE];
	int ifindex; /* of the interface that has this name now; 0: there is none */
	char dir[PATH_MAX];
	int lock;     /* fd of dir */
	bool created; /* by this process */
	int control_fd, policies_fd, meters_fd, locals_fd, index_fd, records_fd;
	struct kf_control *control;
	struct kf_policy *policies;
	struct kf_meter *meters;
	struct kf_index *index;
	struct state_gate gate[KF_HOOKS];
};

enum state_how {
	STATE_READ,   /* shared: must exist */
	STATE_CHANGE, /* exclusive lock: must exist; what a killed command left half-made is completed */
	STATE_CREATE, /* exclusive lock: made if it does not exist */
};

const char *hook_name(enum kf_hook hook); /* "xdp", "tc-ingress", "tc-egress" */

enum state_bpffs {
	BPFFS_MOUNTED,
	BPFFS_MISSING,	/* it can be mounted */
	BPFFS_IP_NETNS, /* hidden by `ip netns exec`: what is mounted here ends with its command */
	BPFFS_FLEETING, /* a mount namespace of which process 1 sees nothing: the same */
};
/* How it is with /sys/fs/bpf. NETNS takes the name that `ip netns exec` was given. */
enum state_bpffs state_bpffs(char *netns, size_t size);
/* Make sure bpffs is mounted at /sys/fs/bpf; mounts it, and says so, if not and if that would last. */
int state_mount_bpffs(void);
/* This process's namespace. 0 on error. */
__u64 state_netns_cookie(void);

/* -ENOENT, with fail() said, if the interface is not up (and HOW is not STATE_CREATE). WORD is what the user calls it.
 */
int state_open(struct state *s, const char *word, enum state_how how);
/* NAME is what state_list calls it: perhaps an interface that is gone, whose name is now another's altname. */
int state_open_listed(struct state *s, const char *name, enum state_how how);
/* Let others in while the maps stay open, for reading. */
void state_unlock(struct state *s);
void state_close(struct state *s);
/* Unpin all of it. The gates must be detached. */
int state_remove(struct state *s);

/* A gate's maps: open, or make and pin them if CREATE. */
int state_gate_open(struct state *s, enum kf_hook hook, bool create);
int state_gate_remove(struct state *s, enum kf_hook hook);
void state_gate_dir(const struct state *s, enum kf_hook hook, char *buf, size_t size);
/* Give a gate's object (opened, not loaded) these maps. */
struct bpf_object;
int state_gate_reuse(const struct state *s, enum kf_hook hook, struct bpf_object *obj);

static inline __u32 state_gen(const struct state *s)
{
	return s->control->gen & 1;
}
void state_flip(struct state *s);
/* Returns when no gate works with what was in force before the last flip. */
int state_grace(void);

__u32 state_new_record(struct state *s);
/* HEAD (of HEAD_LEN <= KF_CHUNK bytes) and TEXT. */
int state_record_write(struct state *s, __u32 record, const void *head, size_t head_len, const char *text);
/* *text is malloc'ed; may be NULL if not wanted. */
int state_record_read(const struct state *s, __u32 record, void *head, size_t head_len, char **text);
void state_record_delete(struct state *s, __u32 record);

/* Programs of a revision. */
void state_revision_dir(const struct state *s, __u32 id, __u32 revision, char *buf, size_t size);
int state_revision_pin(struct state *s, __u32 id, __u32 revision, enum kf_hook hook, int prog_fd);
int state_revision_get(const struct state *s, __u32 id, __u32 revision, enum kf_hook hook); /* fd or -errno */
void state_revision_remove(struct state *s, __u32 id, __u32 revision);

/* Names of the interfaces that have state in this namespace, sorted; free the array and each. */
int state_list(char ***names, size_t *n);
/* Interface directories of this namespace: rename, as the interface was. */
int state_rename(const char *from, const char *to);
/* The namespace's folder, locked until the fd is closed: for what its interfaces share. -ENOENT: there is none. */
int state_netns_lock(void);
/* A small number pinned per namespace (0 if it was never set). */
int state_netns_get(__u32 *value);
int state_netns_set(__u32 value);
void state_netns_remove(void); /* and the namespace's folder, if nothing else is in it */
/* State of namespaces that are gone: for each interface in it LOOSEN is called with its folder, FN with its maps open
 * and ifindex 0, and then it is removed. Namespaces that cannot be seen from here count as gone only if no gate works
 * with their maps. */
int state_sweep(void (*loosen)(const char *dir), void (*fn)(struct state *s));

/* Map's id in the kernel. */
__u32 state_map_id(int fd);

#endif
