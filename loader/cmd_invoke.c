/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_invoke.c - run a function on packets, attached to nothing (BPF_PROG_TEST_RUN). */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "caps.h"
#include "cmd.h"
#include "function.h"
#include "log.h"
#include "out.h"
#include "packets.h"
#include "request.h"
#include "stats.h"

#define ROOM	   (68u << 10) /* for a packet that a function made longer */
#define REPEAT_MAX 1000000000u
#define ONE_BUFFER 3400 /* longer ones may not fit the page that some kernels run them in */

struct invocation {
	struct function f;
	struct function_conf conf;
	struct packets in;
	enum kf_hook hook;
	unsigned ifindex; /* as if the packets came in there; 0: lo */
	unsigned long long repeat;
	struct packets_file *file;
	struct json_object *list; /* NULL: text */
	unsigned long count[KF_VERDICTS];
};

struct outcome {
	__u32 returned, ns;
	unsigned verdict; /* index, as in stats.h */
	struct packet packet;
	bool changed;
};

static unsigned verdict_index(enum kf_hook hook, __u32 returned)
{
	unsigned i = hook == KF_XDP ? returned : returned + 1;

	return i < KF_VERDICT_OTHER && stats_verdict_name(hook, i) ? i : KF_VERDICT_OTHER;
}

static const char *prefix(enum kf_hook hook)
{
	return hook == KF_XDP ? "XDP_" : "TC_ACT_";
}

static const char *verdict_text(enum kf_hook hook, const struct outcome *r, char buf[48])
{
	if (r->verdict == KF_VERDICT_OTHER)
		snprintf(buf, 48, "no verdict (%d)", (int)r->returned);
	else
		snprintf(buf, 48, "%s%s", prefix(hook), stats_verdict_name(hook, r->verdict));
	return buf;
}

static bool is_named(enum kf_hook hook, const struct outcome *r, const char *name)
{
	return r->verdict != KF_VERDICT_OTHER && !strcmp(stats_verdict_name(hook, r->verdict), name);
}

/* Nothing is left of the packet. */
static bool is_dropped(enum kf_hook hook, const struct outcome *r)
{
	return is_named(hook, r, hook == KF_XDP ? "DROP" : "SHOT") || is_named(hook, r, "ABORTED") ||
	       is_named(hook, r, "STOLEN");
}

/* --- Running --- */

static int test_run(const struct invocation *v, const struct packet *p, struct bpf_test_run_opts *opts)
{
	struct xdp_md xdp = {.data_end = p->len, .ingress_ifindex = v->ifindex};
	struct __sk_buff skb = {.ifindex = v->ifindex};

	opts->sz = sizeof(*opts);
	opts->data_in = p->bytes;
	opts->data_size_in = p->len;
	if (v->ifindex && v->hook == KF_XDP) {
		opts->ctx_in = &xdp;
		opts->ctx_size_in = sizeof(xdp);
	} else if (v->ifindex) {
		opts->ctx_in = &skb;
		opts->ctx_size_in = sizeof(skb);
	}
	return bpf_prog_test_run_opts(bpf_program__fd(v->f.prog[v->hook]), opts);
}

static int not_run(const struct invocation *v, size_t i, int rc)
{
	const struct packet *p = &v->in.list[i];
	const char *hint = "";

	if (rc == -EINVAL && p->len > ONE_BUFFER)
		hint = ": at this hook it takes frames of up to about 3,500 bytes";
	else if (v->hook == KF_XDP && v->ifindex && (rc == -EINVAL || rc == -ENODEV))
		hint = ": it takes --iface only of an interface whose driver runs XDP; leave it out";
	return fail(rc, "packet %zu (%zu bytes): the kernel does not run the program on it: %s%s", i + 1, p->len,
		    strerror(-rc), hint);
}

/* Once for what it does; the repeats, on a packet that the kernel does not renew in between, only for the time. */
static int invoke_one(const struct invocation *v, size_t i, unsigned char *room, struct outcome *r)
{
	const struct packet *p = &v->in.list[i];
	struct bpf_test_run_opts first = {.data_out = room, .data_size_out = ROOM, .repeat = 1};
	struct bpf_test_run_opts timed = {.repeat = v->repeat};
	int rc = test_run(v, p, &first);

	if (!rc && v->repeat > 1)
		rc = test_run(v, p, &timed);
	if (rc)
		return not_run(v, i, rc);
	*r = (struct outcome){
		.returned = first.retval,
		.ns = v->repeat > 1 ? timed.duration : first.duration,
		.verdict = verdict_index(v->hook, first.retval),
		.packet = {room, first.data_size_out, p->at},
		.changed = first.data_size_out != p->len || memcmp(room, p->bytes, p->len),
	};
	return 0;
}

/* --- Telling --- */

static void json_hex(struct json_object *o, const char *key, const struct packet *p)
{
	char *text = malloc(2 * p->len + 1);

	for (size_t i = 0; text && i < p->len; i++)
		sprintf(text + 2 * i, "%02x", p->bytes[i]);
	json_str(o, key, text);
	free(text);
}

static void add_json(const struct invocation *v, size_t i, const struct outcome *r)
{
	struct json_object *o = json_object_new_object();

	json_num(o, "number", i + 1);
	json_str(o, "verdict", stats_verdict_name(v->hook, r->verdict));
	json_int(o, "returned", (int)r->returned);
	json_num(o, "bytes_in", v->in.list[i].len);
	json_num(o, "bytes_out", r->packet.len);
	json_flag(o, "changed", r->changed);
	json_num(o, "mean_ns", r->ns);
	json_hex(o, "hex_in", &v->in.list[i]);
	json_hex(o, "hex_out", &r->packet);
	json_object_array_add(v->list, o);
}

static void print_text(const struct invocation *v, size_t i, const struct outcome *r)
{
	size_t len = v->in.list[i].len;
	char text[48];

	printf("packet %zu: %s, ", i + 1, verdict_text(v->hook, r, text));
	if (len == r->packet.len)
		printf("%zu bytes%s", len, r->changed ? ", changed" : ", unchanged");
	else
		printf("%zu -> %zu bytes", len, r->packet.len);
	printf(", %u ns\n", r->ns);
	if (r->changed || is_named(v->hook, r, "TX") || is_named(v->hook, r, "REDIRECT"))
		packet_dump(r->packet.bytes, r->packet.len, stdout);
}

static int run_all(struct invocation *v)
{
	unsigned char *room = malloc(ROOM);
	int rc = room ? 0 : -ENOMEM;

	for (size_t i = 0; i < v->in.n && !rc; i++) {
		struct outcome r;

		rc = invoke_one(v, i, room, &r);
		if (rc)
			break;
		v->count[r.verdict]++;
		if (v->list)
			add_json(v, i, &r);
		else
			print_text(v, i, &r);
		if (v->file && !is_dropped(v->hook, &r))
			packets_write(v->file, &r.packet);
	}
	free(room);
	return rc;
}

static void print_sum(const struct invocation *v)
{
	const char *between = ": ";

	if (v->in.n < 2)
		return;
	printf("%zu packets", v->in.n);
	for (unsigned i = 0; i < KF_VERDICTS; i++) {
		if (!v->count[i])
			continue;
		printf("%s%s%s %lu", between, i == KF_VERDICT_OTHER ? "" : prefix(v->hook),
		       i == KF_VERDICT_OTHER ? "no verdict" : stats_verdict_name(v->hook, i), v->count[i]);
		between = ", ";
	}
	puts("");
}

static void print_json(struct invocation *v)
{
	struct json_object *o = json_object_new_object(), *verdicts = json_object_new_object();

	for (unsigned i = 0; i < KF_VERDICTS; i++)
		if (stats_verdict_name(v->hook, i))
			json_num(verdicts, stats_verdict_name(v->hook, i), v->count[i]);
	json_str(o, "path", v->f.path);
	json_str(o, "sha256", v->f.digest);
	json_str(o, "hook", hook_name(v->hook));
	json_str(o, "program", bpf_program__name(v->f.prog[v->hook]));
	json_object_object_add(o, "verdicts", verdicts);
	json_object_object_add(o, "packets", v->list);
	v->list = NULL;
	out_object(o);
}

/* --- Starting --- */

static int choose_hook(struct invocation *v, const char *word)
{
	char have[64] = "";
	int chosen = -1;

	for (int h = KF_HOOKS - 1; h >= 0; h--) {
		char before[64];

		if (word && !strcmp(word, hook_name(h)))
			chosen = h;
		if (!v->f.prog[h])
			continue;
		memcpy(before, have, sizeof(before));
		snprintf(have, sizeof(have), "%s%.50s%.50s", hook_name(h), *before ? ", " : "", before);
		if (!word)
			chosen = h;
	}
	if (chosen < 0)
		return fail_input("--hook '%s': it is xdp, tc-ingress or tc-egress", word);
	if (!v->f.prog[chosen])
		return fail_input("%s has no program for %s (it has: %s)", v->f.path, hook_name(chosen), have);
	v->hook = chosen;
	return 0;
}

static int choose_packets(struct invocation *v, const char *packet, const char *iface)
{
	if (!packet)
		return fail_input("invoke: which packets? --packet FILE.pcap, --packet HEX or --packet -");
	if (iface && !(v->ifindex = if_nametoindex(iface)))
		return fail_input("no interface '%s' here: `ip link` lists them (--netns NAME enters a namespace)",
				  iface);
	return packets_read(&v->in, "--packet", packet);
}

static int may_load(void)
{
	char missing[128];
	int rc = caps_may_load(missing, sizeof(missing));

	return rc ? fail(rc, "missing capability %s to load the function: run as root, or with sudo", missing) : 0;
}

static int prepare(struct invocation *v, const char *object, const char *hook, const struct function_options *o)
{
	int rc = function_find(&v->f, object);

	if (!rc)
		rc = function_manifest(&v->f, &v->conf);
	if (!rc)
		rc = request_options(&v->conf, o);
	if (!rc)
		rc = function_open(&v->f);
	if (!rc)
		rc = choose_hook(v, hook);
	if (!rc)
		rc = function_settings(&v->f, &v->conf);
	if (!rc)
		rc = may_load();
	return rc ? rc : function_load(&v->f);
}

static int invoke(struct invocation *v, const char *write)
{
	int closed, rc;

	if (write && !(v->file = packets_create(write)))
		return -EINVAL;
	v->list = out_json ? json_object_new_array() : NULL;
	rc = run_all(v);
	if (!rc && v->list)
		print_json(v);
	else if (!rc)
		print_sum(v);
	json_object_put(v->list);
	closed = packets_close(v->file);
	return rc ? rc : closed;
}

int cmd_invoke(int argc, char **argv)
{
	struct invocation v = {.repeat = 1};
	const char *packet = NULL, *hook = NULL, *iface = NULL, *write = NULL;
	struct function_options o = {0};
	const struct args_option options[] = {
		{.name = "packet",
		 .letter = 'p',
		 .string = &packet,
		 .value = "FILE.pcap|HEX",
		 .help = "Ethernet frames of a capture, or the hex digits of one; -: of standard input"},
		{.name = "hook",
		 .string = &hook,
		 .value = "HOOK",
		 .help = "xdp, tc-ingress or tc-egress (the first it has a program for)"},
		{.name = "set", .list = &o.set, .value = "KEY=VALUE", .help = "a setting; may be repeated"},
		{.name = "repeat",
		 .number = &v.repeat,
		 .min = 1,
		 .max = REPEAT_MAX,
		 .value = "N",
		 .help = "run it N more times on each packet, for the mean time"},
		{.name = "iface", .string = &iface, .value = "IFACE", .help = "as if the packets came in there (lo)"},
		{.name = "write",
		 .letter = 'w',
		 .string = &write,
		 .value = "FILE.pcap",
		 .help = "write what became of the packets that were not dropped"},
		{0},
	};
	const struct args_spec spec = {
		.command = "invoke",
		.words = "FUNCTION",
		.min = 1,
		.max = 1,
		.options = options,
		.about = "Run FUNCTION on packets, in the kernel, but attached to nothing. It is invoked for every\n"
			 "packet, whatever its triggers are; what it keeps in its maps lasts from packet to packet."};
	int rc = command_start(&spec, &argc, argv, TELLS_JSON);

	if (rc)
		goto out;
	function_conf_init(&v.conf);
	rc = choose_packets(&v, packet, iface);
	if (!rc)
		rc = prepare(&v, argv[0], hook, &o);
	if (!rc)
		rc = invoke(&v, write);
	packets_free(&v.in);
	function_conf_free(&v.conf);
	function_free(&v.f);
out:
	function_options_free(&o);
	return rc;
}
