/* SPDX-License-Identifier: Apache-2.0 */
/* conf.h - config text into plain structs and back: the one INI grammar of manifests, config
 * files, option words and records. Nothing here touches the kernel.
 *
 * A function's settings come in layers: the object's manifest, the config
 * file's section, the command line. Each layer is applied with conf_set on the
 * same struct; a later layer replaces what an earlier one said (lists as a
 * whole, set.KEY by key). */
#ifndef KF_CONF_H
#define KF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "trigger.h"

enum mode { MODE_AUTO, MODE_NATIVE, MODE_GENERIC, MODE_OFFLOAD };
enum require { REQUIRE_NATIVE = 1, REQUIRE_MULTIPROG = 2, REQUIRE_FRAGS = 4 };
enum scope { SCOPE_LOCAL, SCOPE_ANY };
enum over { OVER_PASS, OVER_DROP };

struct pair {
	char *key, *value;
	char *digest; /* of a data file, SHA-256 in hex: what was loaded, or is in it now; NULL: not known */
};

struct function_conf {
	char *name;	    /* deployed name: [A-Za-z0-9_.-], at most KF_NAME_MAX - 1, starts with a letter or digit */
	char *object;	    /* as written: a name for the function path, or a path with a '/' or ending in .o */
	struct trigger *on; /* sorted (trigger_compare), each once */
	size_t n_on;
	int prio; /* 0..65535, default 50; lower runs first */
	enum scope scope;
	unsigned continue_xdp;		/* bit V: after verdict V the chain goes on */
	unsigned continue_tc;		/* bit V + 1 */
	unsigned long long limit_rate;	/* packets a second, 0: no limit */
	unsigned long long limit_burst; /* packets; default: a tenth of a second's worth, at least 1 */
	enum over on_limit;
	unsigned budget_ns; /* 0: no fuse */
	enum over on_fuse;
	int component;	  /* libxdp run priority 0..65535 of a component of its own, or -1 */
	struct pair *set; /* settings, sorted by key */
	size_t n_set;
	struct pair *data; /* data.MAP = FILE, sorted by key */
	size_t n_data;
	unsigned layer_on; /* private: which layer wrote `on` */
	char *description; /* from the manifest, or NULL; not part of the canonical text */
};

struct conf {
	enum mode mode;
	int run_prio;			 /* 0..65535, default 50 */
	unsigned require;		 /* bits of enum require */
	unsigned sample;		 /* time one packet in SAMPLE: 0 or a power of two up to 65536; default 256 */
	struct function_conf *functions; /* in the order of the file */
	size_t n_functions;
};

/* Layers, lowest first. */
enum conf_layer { LAYER_DEFAULT, LAYER_MANIFEST, LAYER_FILE, LAYER_ARGS, LAYER_RECORD };

void conf_init(struct conf *c);
void conf_free(struct conf *c); /* NULL and half-built are fine; so for all *_free */
/* Read a config file's text ("[interface]", "[function NAME]"). WHERE names it in errors
 * ("WHERE:LINE: ..."). Function sections hold what the file says over the defaults; use
 * conf_layer_text to lay the same sections over a manifest. */
int conf_parse(struct conf *c, const char *text, size_t len, const char *where);
/* What function_conf_record() gave: one function. */
int conf_parse_record(struct function_conf *f, const char *text);

void function_conf_init(struct function_conf *f);
void function_conf_free(struct function_conf *f);
int conf_set_string(char **to, const char *value); /* a copy of VALUE in the place of *TO */
int function_conf_copy(struct function_conf *dst, const struct function_conf *src);
/* Apply one key; WHERE for errors ("eth0.conf:12", "--set"). Unknown key: error that names it. */
int function_conf_set(struct function_conf *f, enum conf_layer layer, const char *key, const char *value,
		      const char *where);
/* A manifest: keys without a section header, as in the object's .kfaas section. */
int function_conf_manifest(struct function_conf *f, const char *text, size_t len, const char *where);
/* Apply section [function NAME] of a config file's text over F. */
int function_conf_section(struct function_conf *f, const char *name, const char *text, size_t len, const char *where);
/* Data files with a relative path are below DIR (absolute). */
int function_conf_paths(struct function_conf *f, const char *dir);
/* Why VALUE would not come back from a config file as it went in; NULL: it would. */
const char *conf_unwritable(const char *value);
bool function_name_valid(const char *name);
/* What cannot be judged key by key: a function without a trigger and not a component, budget... */
int function_conf_check(const struct function_conf *f, const char *where);

/* Canonical text: "[interface]" / "[function NAME]" sections with every key that differs from the
 * default. Parsing it again gives an equal struct; equal structs give equal text. malloc'ed. */
char *function_conf_text(const struct function_conf *f);
/* The same, with what no file says: the digests of its data. */
char *function_conf_record(const struct function_conf *f);
/* The same, but every key that differs from BASE: what a config file has to say over a manifest. */
char *function_conf_text_over(const struct function_conf *f, const struct function_conf *base);
char *conf_interface_text(const struct conf *c);

const char *mode_name(enum mode m);
int mode_parse(const char *s, enum mode *m);
int require_parse(const char *s, unsigned *bits); /* comma-separated */
void require_print(unsigned bits, char *buf, size_t size);
/* Whole numbers to the last character, MIN..MAX; -EINVAL without a message. */
int parse_u64(const char *s, unsigned long long min, unsigned long long max, unsigned long long *out);

#endif
