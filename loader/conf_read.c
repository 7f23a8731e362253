// SPDX-License-Identifier: Apache-2.0
/* conf_read.c - INI text into the config structs, by libinih.
 *
 * libinih hands out keys and values. Sections are read here, in the reader that feeds it lines: it
 * keeps 49 characters of a section's name, and does not tell of a section without keys. Its line
 * buffer is made as large as the text's longest line, so nothing is ever cut short. */
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "conf_read.h"
#include "log.h"
#include "suggest.h"

#define TEXT_MAX (16u << 20)

enum section { SECTION_NONE, SECTION_INTERFACE, SECTION_FUNCTION };

struct reading {
	const char *text, *end; /* what is left */
	const char *where;	/* the text's name */
	int line;
	int rc; /* the first error */

	bool manifest;		    /* keys without a section */
	bool record;		    /* what the loader itself wrote */
	struct conf *conf;	    /* the whole file, or: */
	struct function_conf *only; /* one function, */
	const char *only_name;	    /* the one with this name */
	bool found;

	enum section section;
	struct function_conf *function; /* of the section; NULL: skip its keys */
	bool seen_interface;
	char **seen; /* the section's keys so far */
	size_t n_seen;
};

static void forget_keys(struct reading *r)
{
	for (size_t i = 0; i < r->n_seen; i++)
		free(r->seen[i]);
	free(r->seen);
	r->seen = NULL;
	r->n_seen = 0;
}

static void place(const struct reading *r, char *buf, size_t size)
{
	snprintf(buf, size, "%s:%d", r->where, r->line);
}

static struct function_conf *add_function(struct conf *c, const char *name)
{
	struct function_conf *f;

	if (!(c->n_functions & (c->n_functions - 1))) {
		f = realloc(c->functions, (c->n_functions ? 2 * c->n_functions : 1) * sizeof(*f));
		if (!f)
			return NULL;
		c->functions = f;
	}
	f = &c->functions[c->n_functions];
	function_conf_init(f);
	f->name = strdup(name);
	if (!f->name)
		return NULL;
	c->n_functions++;
	return f;
}

static int enter_function(struct reading *r, const char *name, const char *where)
{
	r->section = SECTION_FUNCTION;
	r->function = NULL;
	if (!function_name_valid(name))
		return fail_input(
			"%s: bad function name '%.80s': letters, digits, '_', '.' and '-', at most 63 of them, first a "
			"letter or digit",
			where, name);
	if (r->only_name) {
		if (strcmp(name, r->only_name))
			return 0;
		if (r->found)
			return fail_input("%s: section [function %s] is there twice: merge the two", where, name);
		r->found = true;
		r->function = r->only;
		return 0;
	}
	for (size_t i = 0; i < r->conf->n_functions; i++)
		if (!strcmp(r->conf->functions[i].name, name))
			return fail_input("%s: section [function %s] is there twice: merge the two, or rename one",
					  where, name);
	r->function = add_function(r->conf, name);
	return r->function ? 0 : fail_memory();
}

/* NAME is what stands between the brackets. */
static int enter_section(struct reading *r, char *name)
{
	static const char *const sections[] = {"interface", "function"};
	char where[256], hint[SUGGEST_TEXT_MAX];
	size_t word;

	place(r, where, sizeof(where));
	forget_keys(r);
	while (isspace((unsigned char)*name))
		name++;
	for (size_t n = strlen(name); n && isspace((unsigned char)name[n - 1]); n--)
		name[n - 1] = '\0';
	if (r->manifest)
		return fail_input("%s: a manifest has no sections: remove [%.80s], only keys go here", where, name);
	if (!strcmp(name, "interface")) {
		if (r->seen_interface)
			return fail_input("%s: section [interface] is there twice: merge the two", where);
		r->seen_interface = true;
		r->section = SECTION_INTERFACE;
		return 0;
	}
	word = strcspn(name, " \t");
	if (word == 8 && !strncmp(name, "function", 8)) {
		name += word + strspn(name + word, " \t");
		if (!*name)
			return fail_input("%s: section [function] has no name: write [function NAME]", where);
		return enter_function(r, name, where);
	}
	if (word == 9 && !strncmp(name, "interface", 9))
		return fail_input(
			"%s: section [%.80s]: write [interface], a config is of one interface, whose name is not "
			"in it",
			where, name);
	name[word] = '\0';
	suggest_text(name, sections, 2, hint, sizeof(hint));
	return fail_input("%s: unknown section [%.80s]%s", where, name,
			  *hint ? hint : ": the sections are [interface] and [function NAME]");
}

/* A line that begins with '['. */
static int section_line(struct reading *r, const char *line, size_t n)
{
	const char *close = memchr(line, ']', n), *p;
	char where[256], *name;
	int rc;

	place(r, where, sizeof(where));
	if (!close)
		return fail_input("%s: the section's ']' is missing", where);
	for (p = close + 1; p < line + n && isspace((unsigned char)*p); p++)
		;
	if (p < line + n && *p != ';' && *p != '#')
		return fail_input("%s: there is something after the section's ']': keys go on lines of their own",
				  where);
	name = strndup(line + 1, close - line - 1);
	if (!name)
		return fail_memory();
	rc = enter_section(r, name);
	free(name);
	return rc;
}

/* libinih's fgets. It asks for a line, calls the handler for it, then asks for the next, so r->line
 * and the section are those of the key at hand. */
static char *read_line(char *buf, int size, void *stream)
{
	struct reading *r = stream;
	const char *line = r->text, *newline;
	size_t n;

	if (r->rc || line == r->end)
		return NULL;
	newline = memchr(line, '\n', r->end - line);
	n = newline ? newline - line + 1 : r->end - line;
	if (n >= (size_t)size) {
		r->rc = fail(-EFBIG, "%s:%d: line too long", r->where, r->line + 1);
		return NULL;
	}
	r->text += n;
	r->line++;
	memcpy(buf, line, n);
	buf[n] = '\0';
	while (n && isspace((unsigned char)*line)) {
		line++;
		n--;
	}
	if (n && *line == '[') {
		r->rc = section_line(r, line, n);
		if (r->rc)
			return NULL;
		strcpy(buf, "\n");
	}
	return buf;
}

/* `on` may be there many times; anything else twice is a mistake. */
static int note_key(struct reading *r, const char *key, const char *where)
{
	char **seen;

	if (r->section != SECTION_INTERFACE && !strcmp(key, "on"))
		return 0;
	for (size_t i = 0; i < r->n_seen; i++)
		if (!strcmp(r->seen[i], key))
			return fail_input("%s: key '%.60s' is there twice in its section: leave one out", where, key);
	seen = realloc(r->seen, (r->n_seen + 1) * sizeof(*seen));
	if (!seen)
		return fail_memory();
	r->seen = seen;
	seen[r->n_seen] = strdup(key);
	if (!seen[r->n_seen])
		return fail_memory();
	r->n_seen++;
	return 0;
}

static int take_key(struct reading *r, const char *key, const char *value)
{
	char where[256];
	int rc;

	place(r, where, sizeof(where));
	if (r->section == SECTION_NONE && !r->manifest)
		return fail_input(
			"%s: key '%.60s' stands before any section: put it under [interface] or [function NAME]", where,
			key);
	rc = note_key(r, key, where);
	if (rc)
		return rc;
	if (r->manifest)
		return function_conf_set(r->only, LAYER_MANIFEST, key, value, where);
	if (r->section == SECTION_INTERFACE)
		return r->conf ? conf_set_interface(r->conf, key, value, where) : 0;
	if (!r->function)
		return 0;
	return function_conf_set(r->function, r->record ? LAYER_RECORD : LAYER_FILE, key, value, where);
}

static int on_key(void *user, const char *section, const char *key, const char *value)
{
	struct reading *r = user;

	(void)section;
	r->rc = take_key(r, key, value);
	return !r->rc;
}

static size_t longest_line(const char *text, size_t len)
{
	size_t longest = 0, n = 0;

	for (size_t i = 0; i < len; i++) {
		n = text[i] == '\n' ? 0 : n + 1;
		longest = n > longest ? n : longest;
	}
	return longest;
}

static int read_text(struct reading *r, const char *text, size_t len)
{
	int bad;

	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	if (len > TEXT_MAX)
		return fail(-EFBIG, "%s: too large for a config: more than %u MiB", r->where, TEXT_MAX >> 20);
	if (memchr(text, '\0', len))
		return fail_input("%s: not a text: it holds a zero byte", r->where);
	r->text = text;
	r->end = text + len;
	ini_use_stack = false;
	ini_allow_realloc = false;
	ini_initial_alloc = ini_max_line = longest_line(text, len) + 4; /* line end, zero, and its own check for more */
	ini_allow_multiline = false; /* else an indented key is taken for more of the value above it */
	ini_allow_bom = false;
	ini_stop_on_first_error = true;
	bad = ini_parse_stream(read_line, r, on_key, r);
	forget_keys(r);
	if (r->rc)
		return r->rc;
	if (bad > 0)
		return fail_input("%s:%d: this line is not 'key = value', a [section] or a comment", r->where, bad);
	return bad ? fail_memory() : 0;
}

int conf_parse(struct conf *c, const char *text, size_t len, const char *where)
{
	struct reading r = {.where = where, .conf = c};
	int rc = read_text(&r, text, len);

	for (size_t i = 0; !rc && i < c->n_functions; i++) {
		if (c->functions[i].object)
			continue;
		c->functions[i].object = strdup(c->functions[i].name);
		if (!c->functions[i].object)
			rc = fail_memory();
	}
	return rc;
}

int conf_parse_record(struct function_conf *f, const char *text)
{
	struct conf c;
	struct reading r = {.where = "record", .conf = &c, .record = true};
	int rc;

	conf_init(&c);
	rc = read_text(&r, text, strlen(text));
	if (!rc && c.n_functions != 1)
		rc = fail(-EPROTO, "it is not one function");
	if (!rc)
		rc = function_conf_copy(f, &c.functions[0]);
	conf_free(&c);
	return rc;
}

int function_conf_manifest(struct function_conf *f, const char *text, size_t len, const char *where)
{
	struct reading r = {.where = where, .manifest = true, .only = f};

	return read_text(&r, text, len);
}

int function_conf_section(struct function_conf *f, const char *name, const char *text, size_t len, const char *where)
{
	struct reading r = {.where = where, .only = f, .only_name = name};
	int rc = read_text(&r, text, len);

	if (!rc && !r.found)
		rc = fail_input("%s: there is no section [function %s]", where, name);
	return rc;
}
