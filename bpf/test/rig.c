// SPDX-License-Identifier: Apache-2.0
/* rig.c - load the gates and the functions, fill the tables, run frames; see rig.h. */
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../../loader/log.h"

struct gate gates[KF_HOOKS] = {
	[KF_XDP] = {KF_XDP, .name = "xdp", .cont = KF_CONT_XDP, .go_on = XDP_PASS, .final = XDP_TX, .pass = XDP_PASS,
		    .drop = XDP_DROP, .invalid = XDP_ABORTED},
	[KF_TC_INGRESS] = {KF_TC_INGRESS, .name = "tc-ingress", .base = 1, .cont = KF_CONT_TC, .go_on = TC_ACT_OK,
			   .final = TC_ACT_STOLEN, .pass = TC_ACT_UNSPEC, .drop = TC_ACT_SHOT,
			   .invalid = TC_ACT_UNSPEC},
	[KF_TC_EGRESS] = {KF_TC_EGRESS, .name = "tc-egress", .base = 1, .cont = KF_CONT_TC, .go_on = TC_ACT_OK,
			  .final = TC_ACT_STOLEN, .pass = TC_ACT_UNSPEC, .drop = TC_ACT_SHOT, .invalid = TC_ACT_UNSPEC},
};
struct bpf_object *functions;
struct kf_control *control;
struct kf_policy *policies;
struct kf_meter *meters;
struct act *acts;
struct trace *trace;
unsigned wire;

static const char *const shared[] = {".data.control", "kf_policies", "kf_meters", "kf_locals"};

static void bail(int rc, const char *what, const char *name)
{
	printf("Bail out! %s %s: %s\n", what, name, strerror(rc < 0 ? -rc : rc));
	exit(1);
}

/* --- The namespace --- */

void rig_command(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	if (system(command))
		bail(EIO, "command failed:", command);
}

void rig_sysctl(const char *path, const char *value)
{
	char full[256];
	int fd;

	snprintf(full, sizeof(full), "/proc/sys/net/%s", path);
	fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		bail(errno, "cannot write", full);
	close(fd);
}

uint64_t rig_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void open_namespace(void)
{
	cpu_set_t one;

	if (unshare(CLONE_NEWNET))
		bail(errno, "cannot make", "a network namespace");
	rig_command("ip link set lo up");
	rig_command("ip link add wire0 type veth peer name wire1");
	wire = if_nametoindex("wire0");
	/* Accounts, samples and kept answers are per CPU: stay on one, so that they are exact. */
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		bail(errno, "cannot stay on", "one CPU");
}

/* --- Loading --- */

static void *map_memory(struct bpf_object *obj, const char *name, size_t value_size)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);
	size_t page = sysconf(_SC_PAGESIZE), size;
	void *p;

	if (!map || bpf_map__value_size(map) != value_size)
		bail(EINVAL, "the values of map", name);
	size = (bpf_map__max_entries(map) * value_size + page - 1) & ~(page - 1);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (p == MAP_FAILED)
		bail(errno, "cannot map", name);
	return p;
}

/* Egress of gate_tc, frags of gate_xdp. */
static void set_constant(struct bpf_object *obj)
{
	struct bpf_map *rodata = bpf_object__find_map_by_name(obj, ".rodata");
	size_t size;
	bool *value = rodata ? (bool *)bpf_map__initial_value(rodata, &size) : NULL;

	if (!value || size != sizeof(*value))
		bail(EINVAL, "the constants of", "a gate");
	*value = true;
}

static void open_gate(struct gate *g, const char *dir)
{
	char path[PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), "%s/gate_%s.bpf.o", dir, g->hook == KF_XDP ? "xdp" : "tc");
	g->obj = bpf_object__open_file(path, NULL);
	if (!g->obj)
		bail(errno, "cannot open", path);
	g->prog = bpf_object__next_program(g->obj, NULL);
	bpf_program__set_expected_attach_type(g->prog, 0);
	if (g->hook == KF_TC_EGRESS)
		set_constant(g->obj);
	if (g->hook == KF_XDP && test_xdp_flags) {
		bpf_program__set_flags(g->prog, test_xdp_flags);
		set_constant(g->obj);
	}
	for (size_t i = 0; g->hook != KF_XDP && i < ARRAY_LEN(shared); i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(g->obj, shared[i]);

		rc = bpf_map__reuse_fd(map, test_map(gates[KF_XDP].obj, shared[i]));
		if (rc)
			bail(rc, "cannot share", shared[i]);
	}
	rc = bpf_object__load(g->obj);
	if (rc)
		bail(rc, "cannot load", path);
	g->functions = test_map(g->obj, "kf_functions");
	g->addrs = test_map(g->obj, "kf_addrs");
	g->accounts = test_map(g->obj, "kf_accounts");
	g->mapped = map_memory(g->obj, ".bss", sizeof(*g->mapped));
	g->cache = map_memory(g->obj, ".data.cache", KF_CPUS * sizeof(*g->cache));
	g->cache6 = map_memory(g->obj, ".data.cache6", KF_CPUS * sizeof(*g->cache6));
}

void rig_open(bool frags)
{
	char self[PATH_MAX], path[PATH_MAX], *dir;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		bail(errno, "cannot read", "/proc/self/exe");
	self[n] = '\0';
	dir = dirname(self);
	open_namespace();
	snprintf(path, sizeof(path), "%s/test/functions.bpf.o", dir);
	test_xdp_flags = frags ? BPF_F_XDP_HAS_FRAGS : 0;
	functions = test_load(path);
	acts = map_memory(functions, "acts", sizeof(*acts));
	trace = map_memory(functions, "traces", sizeof(*trace));
	for (struct gate *g = gates; g < gates + KF_HOOKS; g++)
		open_gate(g, dir);
	control = map_memory(gates[KF_XDP].obj, ".data.control", sizeof(*control));
	for (size_t i = 0; i < KF_MACS; i++)
		for (int half = 0; half < 2; half++)
			memcpy(&control->g[half].mac[i], mac_host, 6);
	policies = map_memory(gates[KF_XDP].obj, "kf_policies", sizeof(*policies));
	meters = map_memory(gates[KF_XDP].obj, "kf_meters", sizeof(*meters));
}

void rig_close(void)
{
	for (struct gate *g = gates; g < gates + KF_HOOKS; g++) {
		match_free(&g->tables[0]);
		match_free(&g->tables[1]);
		bpf_object__close(g->obj);
	}
	bpf_object__close(functions);
}

/* --- Filling --- */

void rig_put_program(struct gate *g, uint32_t slot, const char *name)
{
	int rc, fd;

	if (!name) {
		rc = bpf_map_delete_elem(g->functions, &slot);
		if (rc && rc != -ENOENT)
			bail(rc, "cannot empty a slot of", g->name);
		return;
	}
	fd = bpf_program__fd(test_prog(functions, name));
	rc = bpf_map_update_elem(g->functions, &slot, &fd, 0);
	if (rc)
		bail(rc, "cannot fill a slot with", name);
}

void rig_put(struct gate *g, uint32_t slot, char letter)
{
	char name[8];

	snprintf(name, sizeof(name), "%s_%c", g->hook == KF_XDP ? "xdp" : "tc", letter);
	rig_put_program(g, slot, letter ? name : NULL);
}

void rig_changed(void)
{
	control->gen += 2;
}

void rig_point(struct gate *g, uint16_t port, uint16_t slot)
{
	struct match *m = &g->tables[control->gen & 1];
	struct kf_chain *c = &m->chains[m->rows[port].udp];

	c->step[0].slot = slot;
	c->brief = match_brief(g->hook, c, m->rows[port].udp, m->flags & KF_GEN_ANY);
	m->brief[port] = c->brief;
	rig_changed();
}

static size_t parse_triggers(const char *text, struct trigger *t, size_t room)
{
	char copy[256], *save = NULL;
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *p = strtok_r(copy, ",", &save); p; p = strtok_r(NULL, ",", &save))
		if (n == room || trigger_parse(&t[n++], p, "gate_test"))
			bail(EINVAL, fail_text(), text);
	return n;
}

static void write_addrs(struct gate *g, uint32_t gen, bool add)
{
	const struct match *m = &g->tables[gen];
	int rc = 0;

	for (size_t i = 0; !rc && i < m->n_addrs; i++) {
		const struct match_addr *a = &m->addrs[i];
		struct kf_addr_key key = {KF_ADDR_FIXED_BITS + a->prefixlen, .gen = gen, .chain = a->chain};
		__u32 target = a->target;

		memcpy(key.addr, a->addr, sizeof(key.addr));
		rc = add ? bpf_map_update_elem(g->addrs, &key, &target, 0) : bpf_map_delete_elem(g->addrs, &key);
	}
	if (rc)
		bail(rc, "the addresses of", g->name);
}

void rig_fill(struct gate *g, uint32_t gen, const struct function *table, size_t n)
{
	static struct trigger triggers[ACTS][8];
	struct match_function f[ACTS] = {0};
	struct match *m = &g->tables[gen];

	for (size_t i = 0; i < n; i++) {
		const struct function *t = &table[i];
		uint16_t cont = t->cont ? t->cont : g->cont;

		f[i] = (struct match_function){
			.name = "test",
			.on = triggers[i],
			.n_on = parse_triggers(t->on, triggers[i], 8),
			.prio = t->prio,
			.hooks = 1 << g->hook,
			.id = FUNCTION_ID(i),
			.slot = FUNCTION_SLOT(i),
			.flags = t->flags,
			.local = t->local,
			.cont_xdp = cont,
			.cont_tc = cont,
		};
		rig_put(g, FUNCTION_SLOT(i), t->missing ? 0 : 'a' + (char)i);
		policies[gen * KF_FUNCTIONS + FUNCTION_ID(i)] = t->policy;
		meters[FUNCTION_ID(i)] = (struct kf_meter){0};
		rig_account_reset(g, i);
	}
	for (size_t i = 0; i < ACTS; i++)
		acts[i] = (struct act){.verdict = g->final};
	write_addrs(g, gen, false);
	m->rows = g->mapped->row + gen * KF_ROWS;
	m->chains = g->mapped->chain + gen * KF_CHAINS;
	m->brief = g->mapped->brief + gen * 2 * KF_ROWS;
	if (match_build(m, g->hook, f, n))
		bail(EINVAL, "cannot build the tables:", fail_text());
	write_addrs(g, gen, true);
	memset(&control->g[gen], 0, offsetof(struct kf_generation, mac));
	control->g[gen].flags[g->hook] = m->flags;
}

void rig_install(struct gate *g, const struct function *table, size_t n)
{
	rig_fill(g, !(control->gen & 1), table, n);
	control->gen++;
}

void rig_sample(uint32_t one_in)
{
	control->g[control->gen & 1].sample = one_in;
	control->g[control->gen & 1].sample_mask = one_in ? one_in - 1 : 0;
}

/* --- Accounts --- */

struct kf_account rig_account(struct gate *g, unsigned n)
{
	static struct kf_account each[1024];
	struct kf_account sum = {0};
	int cpus = libbpf_num_possible_cpus(), rc;
	__u32 id = FUNCTION_ID(n);

	if (cpus > (int)ARRAY_LEN(each))
		bail(E2BIG, "too many", "CPUs");
	rc = bpf_map_lookup_elem(g->accounts, &id, each);
	if (rc)
		bail(rc, "cannot read the accounts of", g->name);
	for (int c = 0; c < cpus; c++)
		for (size_t i = 0; i < sizeof(sum) / sizeof(__u64); i++)
			((__u64 *)&sum)[i] += ((__u64 *)&each[c])[i];
	return sum;
}

void rig_account_reset(struct gate *g, unsigned n)
{
	static const struct kf_account zero[1024];
	__u32 id = FUNCTION_ID(n);
	int rc = bpf_map_update_elem(g->accounts, &id, zero, 0);

	if (rc)
		bail(rc, "cannot write the accounts of", g->name);
}

uint64_t rig_samples(const struct kf_account *a)
{
	uint64_t n = 0;

	for (size_t i = 0; i < KF_HIST; i++)
		n += a->hist[i];
	return n;
}

/* --- Running --- */

size_t rig_frame(struct gate *g, const struct packet *p, uint8_t *frame)
{
	struct packet out = *p;
	bool v6 = p->family == 6 || (p->from && strchr(p->from, ':')) || (p->to && strchr(p->to, ':'));

	if (g->hook != KF_TC_EGRESS)
		return packet_build(frame, p);
	out.from_mac = p->to_mac ? p->to_mac : mac_host;
	out.to_mac = p->from_mac ? p->from_mac : mac_client;
	out.from = p->to ? p->to : v6 ? "2001:db8::2" : "192.0.2.2";
	out.to = p->from ? p->from : v6 ? "2001:db8::1" : "192.0.2.1";
	out.sport = p->dport;
	out.dport = p->sport;
	return packet_build(frame, &out);
}

struct test_run *rig_run(struct gate *g, const void *frame, size_t len, uint32_t repeat)
{
	static struct test_run r;
	struct xdp_md xdp = {.data_end = len, .ingress_ifindex = wire};
	struct __sk_buff skb = {.ifindex = wire};

	memset(trace, 0, sizeof(*trace));
	if (g->hook == KF_XDP)
		test_run(g->prog, frame, len, &xdp, sizeof(xdp), repeat, &r);
	else
		test_run(g->prog, frame, len, &skb, sizeof(skb), repeat, &r);
	return &r;
}

struct test_run *rig_packet(struct gate *g, const struct packet *p, uint32_t repeat)
{
	static uint8_t frame[TEST_FRAME];

	return rig_run(g, frame, rig_frame(g, p, frame), repeat);
}

bool rig_saw(const struct test_run *r, int verdict, const char *who, const void *frame, size_t len)
{
	bool same = !r->failed && test_bytes(r->frame, r->len, frame, len);

	if (r->failed)
		test_note("the run failed: %s", strerror(-r->verdict));
	else if (r->verdict != verdict)
		test_note("verdict %d, want %d", r->verdict, verdict);
	if (strcmp(trace->who, who))
		test_note("ran '%s', want '%s'", trace->who, who);
	return same && r->verdict == verdict && !strcmp(trace->who, who);
}

void rig_rows(const struct function *table, size_t n, const struct row *rows, size_t n_rows)
{
	static uint8_t frame[TEST_FRAME];

	for (struct gate *g = gates; g < gates + KF_HOOKS; g++) {
		rig_install(g, table, n);
		for (const struct row *r = rows; r < rows + n_rows; r++) {
			size_t len = rig_frame(g, &r->in, frame);
			struct test_run *run = rig_run(g, frame, len, 1);

			test_ok(rig_saw(run, *r->want ? g->final : g->pass, r->want, frame, len), "%s: %s", g->name,
				r->name);
		}
	}
}
