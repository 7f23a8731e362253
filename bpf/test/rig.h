/* SPDX-License-Identifier: Apache-2.0 */
/* rig.h - the three gates of an interface, loaded but attached to nothing: deploy functions as the loader would, run a
 * frame, see which functions ran, what the gate returned and what it counted. */
#ifndef KF_TEST_RIG_H
#define KF_TEST_RIG_H

#include "../../functions/test.h"
#include "../../loader/match.h"
#include "../abi.h"
#include "act.h"

struct gate {
	enum kf_hook hook;
	const char *name;
	struct bpf_object *obj;
	struct bpf_program *prog;
	int functions, addrs, accounts;
	struct kf_tables *mapped;
	struct kf_cached *cache; /* by CPU */
	struct kf_cached6 *cache6;
	struct match tables[2];	 /* what each generation holds */
	int base;		 /* the account's index of verdict 0 */
	uint16_t cont;		 /* after what a chain goes on by default */
	int go_on, final;	 /* verdicts: one that continues a chain by default, one that does not */
	int pass, drop, invalid; /* what the gate itself returns: no verdict stood, a brake dropped, no such verdict */
};

extern struct gate gates[KF_HOOKS];
extern struct bpf_object *functions;
extern struct kf_control *control; /* shared by the three, as are: */
extern struct kf_policy *policies;
extern struct kf_meter *meters;
extern struct act *acts; /* by letter - 'a' */
extern struct trace *trace;
extern unsigned wire; /* an interface that is not lo */

void rig_open(bool frags); /* in a network namespace of our own; FRAGS: XDP takes frames of several buffers */
void rig_close(void);
void rig_command(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* a shell command that must succeed */
void rig_sysctl(const char *path, const char *value);			      /* below /proc/sys/net */
void rig_addresses(void); /* own ones, others, and what the gate asks for them by */
uint64_t rig_now(void);	  /* ns */

/* The Nth of a table is letter 'a' + N. */
struct function {
	const char *on; /* triggers, separated by commas */
	int prio;
	bool local;
	uint16_t cont;	/* 0: the default */
	uint16_t flags; /* KF_STEP_LIMIT, KF_STEP_FUSE */
	bool missing;	/* leave its slot empty */
	struct kf_policy policy;
};
#define FUNCTION_ID(n)	 ((n) ? KF_FUNCTIONS - (n) : 0) /* the lowest and the highest; not the slot's number */
#define FUNCTION_SLOT(n) (200 + (n))

/* Fill generation GEN of G alone; all acts become "return G's final verdict" and all accounts and meters of the table
 * zero. install: the generation that is not in force, and flip to it. */
void rig_fill(struct gate *g, uint32_t gen, const struct function *table, size_t n);
void rig_install(struct gate *g, const struct function *table, size_t n);
void rig_changed(void); /* the generation in force is another now: what is cached is void */
/* From now on what frames to this UDP port lead to, a chain of one step without `to`, is in that slot. */
void rig_point(struct gate *g, uint16_t port, uint16_t slot);
void rig_sample(uint32_t one_in);			  /* of the generation in force */
void rig_put(struct gate *g, uint32_t slot, char letter); /* 0: empty the slot */
void rig_put_program(struct gate *g, uint32_t slot, const char *name);

struct kf_account rig_account(struct gate *g, unsigned n); /* of function N, over all CPUs */
void rig_account_reset(struct gate *g, unsigned n);
uint64_t rig_samples(const struct kf_account *a); /* in the histogram */

/* Build P for G's direction: on the way out, addresses and ports change sides. */
size_t rig_frame(struct gate *g, const struct packet *p, uint8_t *frame);
/* Run; clears the trace first. The result is overwritten by the next run. */
struct test_run *rig_run(struct gate *g, const void *frame, size_t len, uint32_t repeat);
struct test_run *rig_packet(struct gate *g, const struct packet *p, uint32_t repeat);
/* Did the run give this verdict, run these functions and leave this frame? Says what is different. */
bool rig_saw(const struct test_run *r, int verdict, const char *who, const void *frame, size_t len);

struct row {
	const char *name;
	struct packet in;
	const char *want; /* the letters that run */
};
/* Every row on every hook; all functions return the final verdict and leave the frame alone. */
void rig_rows(const struct function *table, size_t n, const struct row *rows, size_t n_rows);
#define RIG_ROWS(table, rows) rig_rows(table, ARRAY_LEN(table), rows, ARRAY_LEN(rows))

#define UDP(port) .proto = IPPROTO_UDP, .sport = 40000, .dport = (port)
#define TCP(port) .proto = IPPROTO_TCP, .sport = 40000, .dport = (port)
#define V6	  .family = 6

/* The subjects. */
void test_match(void);
void test_parse(void);
void test_chain(void);
void test_slots(void);
void test_account(void);
void test_brakes(void);
void test_scope(void);
void test_cache(void);
void test_race(void);
void test_mutate(void);
void test_live(void);
void test_resize(void);
void test_price(void); /* the benchmark */

#endif
