// SPDX-License-Identifier: Apache-2.0
/* load.c - see load.h. */
#include "load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "../../loader/log.h"
#include "frame.h"

#define SINGLE_NS 1000000 /* at least so long between a thread's requests: it sleeps */
#define LOOKS	  (1 << 14)

/* --- Constants of the programs */

static void min_max(const struct numbers *n, unsigned *min, unsigned *max)
{
	for (size_t i = 0; i < n->n; i++) {
		*min = n->list[i] < *min ? n->list[i] : *min;
		*max = n->list[i] > *max ? n->list[i] : *max;
	}
}

/* The ports by which answers are known to be ours: those of the tables, or of the frames. */
static void see_ports(struct gen_bpf *s, const struct load *l)
{
	unsigned source_min = 65535, source_max = 0, min = 65535, max = 0;

	min_max(&l->request.source_ports, &source_min, &source_max);
	min_max(&l->request.ports, &min, &max);
	for (size_t i = 0; i < l->templates.n; i++) {
		unsigned char *p = frame_bytes(template_at(&l->templates, i)) + FRAME_L4(l->request.target.family);
		struct numbers source = {(uint32_t[]){p[0] << 8 | p[1]}, 1}, to = {(uint32_t[]){p[2] << 8 | p[3]}, 1};

		if (!l->request.source_ports.n)
			min_max(&source, &source_min, &source_max);
		if (!l->request.ports.n)
			min_max(&to, &min, &max);
	}
	s->rodata->source_port_min = source_min;
	s->rodata->source_port_max = source_max;
	s->rodata->port_min = min;
	s->rodata->port_max = max;
}

/* Tokens of 16 or 32 bits hold the thread in their upper bits, and the window must fit into the rest. */
static void set_token(struct gen_bpf *s, const struct load *l)
{
	unsigned bits = kinds[l->request.kind].token_bytes * 8, thread_bits = 0;

	while (1u << thread_bits < l->cpus.n)
		thread_bits++;
	s->rodata->seq_mask = ~0u;
	s->rodata->window_mask = GEN_WINDOW - 1;
	if (bits && bits < 64) {
		s->rodata->thread_shift = bits - thread_bits;
		s->rodata->seq_mask = (1ull << (bits - thread_bits)) - 1;
	}
	s->rodata->window_mask &= s->rodata->seq_mask;
	if (getrandom((void *)&s->rodata->magic, sizeof(s->rodata->magic), 0) < 0)
		s->rodata->magic = 0x6b660000;
	s->rodata->magic &= ~(GEN_THREADS - 1);
}

/* The shorter a batch, the sooner a request leaves after it was due; the longer, the less is spent on each. */
static unsigned batch_of(double interval)
{
	return interval >= 2000 ? 1 : interval >= 500 ? 4 : interval >= 250 ? 16 : 64;
}

static void set_pace(struct loaded *o, const struct load *l)
{
	double interval, whole;

	if (!l->rate)
		return;
	interval = 1e9 * l->cpus.n / l->rate;
	whole = floor(interval);
	o->pace.single = interval >= SINGLE_NS;
	o->pace.batch = batch_of(interval);
	o->skel->rodata->interval_ns = whole;
	o->skel->rodata->interval_part = (interval - whole) * 4294967296.0;
	o->skel->rodata->looks = o->pace.single ? LOOKS : 0;
}

/* Rounded up: no answer is called late that is not. */
static unsigned ticks(unsigned long long ms)
{
	unsigned long long tick = 0;
	struct timespec t;

	if (!clock_getres(CLOCK_MONOTONIC_COARSE, &t))
		tick = t.tv_sec * 1000000000ull + t.tv_nsec;
	return tick ? (ms * 1000000 + tick - 1) / tick : ~0u;
}

static unsigned table_rows(size_t n)
{
	return n > 1 ? n : 0;
}

static void set_constants(struct gen_bpf *s, const struct load *l)
{
	const struct request *r = &l->request;
	const struct kind *k = &kinds[r->kind];

	s->rodata->kind = r->kind;
	s->rodata->family = r->target.family;
	s->rodata->l4_at = FRAME_L4(r->target.family);
	s->rodata->token_at = k->token_at;
	s->rodata->answer_at = k->answer_at;
	s->rodata->check_at = k->check_at;
	s->rodata->templates = l->templates.n;
	s->rodata->frame_max = l->templates.row - sizeof(struct gen_template);
	s->rodata->addresses = table_rows(r->from.n);
	s->rodata->source_ports = table_rows(r->source_ports.n);
	s->rodata->ports = table_rows(r->ports.n);
	memcpy((void *)&s->rodata->server, &r->target.server, sizeof(r->target.server));
	s->rodata->ping_id = r->ping_id;
	s->rodata->sampling = l->sample > 0;
	s->rodata->sample_mask = l->sample ? l->sample - 1 : 0;
	s->rodata->closed_loop = l->outstanding > 0;
	s->rodata->shared = l->outstanding > 0 || l->cpus.n > 1;
	s->rodata->timeout_ticks = ticks(l->timeout_ms);
	s->rodata->thread_count = l->cpus.n;
	for (size_t i = 0; i < l->cpus.n; i++)
		((unsigned char *)s->rodata->thread_of)[l->cpus.list[i]] = i;
	set_token(s, l);
	if (k->port)
		see_ports(s, l);
}

static int size_tables(struct gen_bpf *s, const struct load *l, size_t cpus)
{
	const struct request *r = &l->request;
	struct {
		struct bpf_map *map;
		size_t rows;
	} sizes[] = {
		{s->maps.template_table, l->templates.n},	{s->maps.address_table, r->from.n},
		{s->maps.source_port_table, r->source_ports.n}, {s->maps.port_table, r->ports.n},
		{s->maps.slots, l->cpus.n * GEN_WINDOW},	{s->maps.figures, cpus},
	};
	int rc = bpf_map__set_value_size(s->maps.template_table, l->templates.row);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && !rc; i++)
		rc = bpf_map__set_max_entries(sizes[i].map, sizes[i].rows ? sizes[i].rows : 1);
	return rc;
}

/* --- Tables */

static void *map_table(const struct bpf_map *map)
{
	size_t size = (size_t)bpf_map__max_entries(map) * ((bpf_map__value_size(map) + 7) & ~7u);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return at == MAP_FAILED ? NULL : at;
}

static int fill_rows(const struct bpf_map *map, const void *rows, size_t row_size, size_t n)
{
	char *at = map_table(map);

	if (!at)
		return -errno;
	memcpy(at, rows, row_size * n);
	munmap(at, row_size * bpf_map__max_entries(map));
	return 0;
}

static int fill_ports(const struct bpf_map *map, const struct numbers *ports)
{
	__u64 *row = calloc(ports->n + 1, sizeof(*row));
	int rc;

	if (!row)
		return -ENOMEM;
	for (size_t i = 0; i < ports->n; i++)
		row[i] = __builtin_bswap16(ports->list[i]);
	rc = fill_rows(map, row, sizeof(*row), ports->n);
	free(row);
	return rc;
}

/* Threads begin at different rows. */
static void set_threads(struct gen_bpf *s, const struct load *l)
{
	unsigned long long count = l->count ? l->count : ~0ull;
	const struct request *r = &l->request;
	size_t n = l->cpus.n;

	if (l->rate && l->seconds > 0 && l->rate * l->seconds < count)
		count = ceil(l->rate * l->seconds);

	for (size_t i = 0; i < n; i++)
		s->bss->threads[i] = (struct gen_thread){
			.limit = count / n + (i < count % n),
			.template_at = l->templates.n * i / n,
			.address_at = r->from.n * i / n,
			.source_port_at = r->source_ports.n * i / n,
			.port_at = r->ports.n * i / n,
		};
}

static int fill(struct loaded *o, const struct load *l)
{
	struct gen_bpf *s = o->skel;
	int rc = fill_rows(s->maps.template_table, l->templates.rows, l->templates.row, l->templates.n);

	if (!rc)
		rc = fill_rows(s->maps.address_table, l->request.from.list, sizeof(struct gen_address),
			       l->request.from.n);
	if (!rc)
		rc = fill_ports(s->maps.source_port_table, &l->request.source_ports);
	if (!rc)
		rc = fill_ports(s->maps.port_table, &l->request.ports);
	set_threads(s, l);
	o->slots = map_table(s->maps.slots);
	o->figures = map_table(s->maps.figures);
	return rc ? rc : o->slots && o->figures ? 0 : -errno;
}

/* --- Attaching: natively if the driver can */

static int attach(struct loaded *o, const struct target *t)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	static const unsigned modes[] = {XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE};
	int fd = -1, rc = -EOPNOTSUPP;

	for (size_t i = 0; i < 2 && rc == -EOPNOTSUPP; i++) {
		opts.flags = modes[i];
		fd = bpf_link_create(bpf_program__fd(o->skel->progs.sink), t->ifindex, BPF_XDP, &opts);
		rc = fd < 0 ? -errno : 0;
	}
	if (rc == -EBUSY || rc == -EEXIST)
		return fail(rc,
			    "%s has an XDP program already: take it off first (`ip link set %s xdp off`, or "
			    "`kfaas-net down %s`)",
			    t->ifname, t->ifname, t->ifname);
	if (rc)
		return fail(rc, "cannot attach to %s: %s", t->ifname, strerror(-rc));
	o->link_fd = fd;
	return 0;
}

int load_open(struct loaded *o, const struct load *l)
{
	int rc, cpus = libbpf_num_possible_cpus();

	*o = (struct loaded){.link_fd = -1, .n_figures = cpus};
	if (cpus < 0)
		return fail(cpus, "cannot count the CPUs: %s", strerror(-cpus));
	o->skel = gen_bpf__open();
	if (!o->skel)
		return fail(-errno, "cannot open the programs: %s", strerror(errno));
	set_constants(o->skel, l);
	set_pace(o, l);
	rc = size_tables(o->skel, l, cpus);
	if (!rc)
		rc = gen_bpf__load(o->skel);
	if (rc == -EPERM)
		rc = fail(rc, "cannot load programs: it needs root (CAP_BPF, CAP_NET_ADMIN, CAP_SYS_ADMIN)");
	else if (rc)
		rc = fail(rc, "cannot load the programs: %s%s%s", strerror(-rc), *log_verifier_line() ? ": " : "",
			  log_verifier_line());
	if (!rc) {
		rc = fill(o, l);
		if (rc)
			fail(rc, "cannot fill the tables: %s", strerror(-rc));
	}
	return rc ? rc : attach(o, &l->request.target);
}

void load_close(struct loaded *o)
{
	if (o->link_fd >= 0)
		close(o->link_fd);
	if (o->slots)
		munmap(o->slots, (size_t)bpf_map__max_entries(o->skel->maps.slots) * sizeof(*o->slots));
	if (o->figures)
		munmap(o->figures, o->n_figures * sizeof(*o->figures));
	gen_bpf__destroy(o->skel);
	*o = (struct loaded){.link_fd = -1};
}
