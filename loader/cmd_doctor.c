/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_doctor.c - what this kernel and driver can do, what is wrong, and the remedy. */
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "caps.h"
#include "cmd.h"
#include "doctor.h"
#include "link.h"
#include "log.h"
#include "out.h"

static void add(struct checks *c, enum check_status status, const char *subject, const char *fmt, va_list ap)
{
	struct check *more = realloc(c->list, (c->n + 1) * sizeof(*more));
	char *text = NULL;

	if (!more)
		return;
	c->list = more;
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	c->list[c->n++] = (struct check){status, strdup(subject), text, NULL};
}

void check_ok(struct checks *c, const char *subject, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(c, CHECK_OK, subject, fmt, ap);
	va_end(ap);
}

void check_note(struct checks *c, const char *subject, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(c, CHECK_NOTE, subject, fmt, ap);
	va_end(ap);
}

void check_wrong(struct checks *c, const char *subject, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(c, CHECK_WRONG, subject, fmt, ap);
	va_end(ap);
}

void check_remedy(struct checks *c, const char *fmt, ...)
{
	va_list ap;

	if (!c->n)
		return;
	va_start(ap, fmt);
	if (vasprintf(&c->list[c->n - 1].remedy, fmt, ap) < 0)
		c->list[c->n - 1].remedy = NULL;
	va_end(ap);
}

void check_failed(struct checks *c, const char *subject, int rc)
{
	const char *text = *fail_text() ? fail_text() : strerror(-rc);

	if (rc == -EPERM || rc == -EACCES)
		check_note(c, subject, "cannot be looked at: %s", text);
	else
		check_wrong(c, subject, "%s", text);
	fail_clear();
}

bool doctor_may_look(struct checks *c, const char *subject)
{
	bool may = true;

	for (const struct capability *cap = caps_needed; cap->name; cap++)
		may &= caps_have(cap);
	if (!may) {
		check_note(c, subject, "not looked at: that needs the capabilities above");
		check_remedy(c, "run doctor as root");
	}
	return may;
}

static void free_checks(struct checks *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->list[i].subject);
		free(c->list[i].text);
		free(c->list[i].remedy);
	}
	free(c->list);
}

static void print_text(const struct checks *c)
{
	static const char *const words[] = {"ok", "note", "WRONG"};

	for (size_t i = 0; i < c->n; i++) {
		const struct check *k = &c->list[i];

		printf("%-5s  %s: %s%s%s\n", words[k->status], k->subject, k->text, k->remedy ? "  -> " : "",
		       k->remedy ? k->remedy : "");
	}
}

static void print_json(const struct checks *c, const char *ifname)
{
	static const char *const words[] = {"ok", "note", "wrong"};
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	struct utsname u;

	for (size_t i = 0; i < c->n; i++) {
		struct json_object *k = json_object_new_object();

		json_str(k, "subject", c->list[i].subject);
		json_str(k, "status", words[c->list[i].status]);
		json_str(k, "text", c->list[i].text);
		json_str(k, "remedy", c->list[i].remedy);
		json_object_array_add(list, k);
	}
	json_str(o, "kernel", uname(&u) ? NULL : u.release);
	json_str(o, "interface", ifname);
	json_object_object_add(o, "checks", list);
	out_object(o);
}

static void examine(struct checks *c, const char *ifname, int ifindex)
{
	doctor_kernel(c);
	doctor_install(c);
	doctor_namespace(c);
	if (!ifname)
		return;
	if (!ifindex) {
		check_wrong(c, ifname, "there is no such interface in this network namespace");
		check_remedy(c, "`ip link` lists them; --netns NAME enters another namespace");
		return;
	}
	doctor_device(c, ifname, ifindex);
	if (!doctor_may_look(c, ifname))
		return;
	doctor_xdp(c, ifname, ifindex);
	doctor_gates(c, ifname);
}

int cmd_doctor(int argc, char **argv)
{
	const struct args_spec spec = {
		.command = "doctor",
		.words = "[IFACE]",
		.max = 1,
		.about = "What this kernel, this installation and (with IFACE) this interface can do, what is wrong\n"
			 "and the remedy. Changes nothing. Exit 1 if something is WRONG."};
	const char *ifname = NULL;
	char name[IF_NAMESIZE];
	struct checks c = {0};
	size_t wrong = 0;
	int ifindex = 0, rc = command_start(&spec, &argc, argv, TELLS_JSON);

	if (rc)
		return rc;
	if (argc) {
		ifindex = link_find(argv[0], name);
		ifname = ifindex ? name : argv[0];
	}
	examine(&c, ifname, ifindex);
	for (size_t i = 0; i < c.n; i++)
		wrong += c.list[i].status == CHECK_WRONG;
	if (out_json)
		print_json(&c, ifname);
	else
		print_text(&c);
	free_checks(&c);
	return wrong ? fail(-EIO, "doctor: %zu %s wrong", wrong, wrong == 1 ? "thing is" : "things are") : 0;
}
