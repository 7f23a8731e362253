/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h - the parts of `doctor`: each looks at one subject, changes nothing, and adds what it found. */
#ifndef KF_DOCTOR_H
#define KF_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

enum check_status { CHECK_OK, CHECK_NOTE, CHECK_WRONG };

struct check {
	enum check_status status;
	char *subject, *text, *remedy; /* remedy: NULL if there is nothing to do */
};

struct checks {
	struct check *list;
	size_t n;
};

void check_ok(struct checks *c, const char *subject, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void check_note(struct checks *c, const char *subject, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void check_wrong(struct checks *c, const char *subject, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* What to do about the check added last. */
void check_remedy(struct checks *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What a module said with fail(), as a check; the failure is forgotten. Notes where rights are missing. */
void check_failed(struct checks *c, const char *subject, int rc);

/* May we ask for what needs root? Tells it once a subject if not. */
bool doctor_may_look(struct checks *c, const char *subject);

void doctor_kernel(struct checks *c);	 /* what the kernel and our rights allow */
void doctor_install(struct checks *c);	 /* what is installed beside the binary */
void doctor_namespace(struct checks *c); /* bpffs, state and rules of this network namespace */
/* An interface: its device and driver, and what runs there. */
void doctor_device(struct checks *c, const char *ifname, int ifindex);
void doctor_xdp(struct checks *c, const char *ifname, int ifindex);
void doctor_gates(struct checks *c, const char *ifname);

#endif
