// SPDX-License-Identifier: Apache-2.0
/* log.c - lines on standard error, the command's one failure, and what the libraries have to say. */
#include "log.h"

#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum log_level log_level = LOG_NORMAL;

static char failure[1024];
static bool failure_is_input;
static char verifier_line[512];
static char library_line[512];

static void print_line(const char *prefix, const char *fmt, va_list ap)
{
	/* One write a line, so that lines of concurrent commands do not mix. */
	char *text = NULL, *line = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		return;
	if (asprintf(&line, "%s%s\n", prefix, text) >= 0)
		fputs(line, stderr);
	free(line);
	free(text);
}

void say(const char *fmt, ...)
{
	va_list ap;

	if (log_level < LOG_NORMAL)
		return;
	va_start(ap, fmt);
	print_line("", fmt, ap);
	va_end(ap);
}

void detail(const char *fmt, ...)
{
	va_list ap;

	if (log_level < LOG_VERBOSE)
		return;
	va_start(ap, fmt);
	print_line("", fmt, ap);
	va_end(ap);
}

void warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line("warning: ", fmt, ap);
	va_end(ap);
}

/* An error is one line, whatever a file name or a library put into it. */
static void keep_failure(bool input, const char *fmt, va_list ap)
{
	if (failure[0])
		return;
	vsnprintf(failure, sizeof(failure), fmt, ap);
	for (char *p = failure; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = ' ';
	failure_is_input = input;
}

int fail(int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep_failure(false, fmt, ap);
	va_end(ap);
	return rc;
}

int fail_input(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep_failure(true, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int fail_in(int rc, const char *where)
{
	char text[sizeof(failure)];

	if (!rc || !where || !failure[0])
		return rc;
	strcpy(text, failure);
	failure[0] = '\0';
	if (failure_is_input)
		fail_input("%s: %s", where, text);
	else
		fail(rc, "%s: %s", where, text);
	return rc;
}

int fail_memory(void)
{
	return fail(-ENOMEM, "out of memory");
}

const char *fail_text(void)
{
	return failure;
}

bool fail_is_input(void)
{
	return failure_is_input;
}

void fail_clear(void)
{
	failure[0] = '\0';
	failure_is_input = false;
}

static bool starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/* "12: (85) call ...", "R1=ctx(off=0)...", "; source", "from 3 to 9: ..." tell where, not what is wrong. */
static bool is_trace(const char *s)
{
	static const char *const prefixes[] = {
		"processed ",	"verification time", "stack depth", "max_states", "-- ",	 "; ",
		"from ",	"last_idx",	     "regs=",	    "parent ",	  "propagating", "func#",
		"mark_precise",
	};
	const char *p = s;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (starts(s, prefixes[i]))
			return true;
	while (isdigit((unsigned char)*p))
		p++;
	if (p > s && *p == ':') {
		for (p++; *p == ' '; p++)
			;
		s = p; /* an instruction, or the registers before one */
		if (*s == '(' || *s == '\0')
			return true;
	}
	if (*s == 'R' && isdigit((unsigned char)s[1])) {
		for (p = s + 1; isdigit((unsigned char)*p) || *p == '_'; p++)
			;
		return *p == '=' || *p == 'w' || *p == 'r';
	}
	return false;
}

/* Between libbpf's BEGIN and END marks lies the verifier's log, in one message. */
static void keep_verifier_line(char *text)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strstr(line, "-- BEGIN PROG LOAD LOG --") || strstr(line, "-- END PROG LOAD LOG --"))
			continue;
		if (*line && !is_trace(line))
			snprintf(verifier_line, sizeof(verifier_line), "%s", line);
	}
}

void log_library_line(enum log_library level, const char *text)
{
	char *copy;

	if (level == LOG_LIBRARY_DEBUG)
		return;
	copy = strdup(text);
	if (!copy)
		return;
	for (size_t n = strlen(copy); n && copy[n - 1] == '\n'; n--)
		copy[n - 1] = '\0';
	detail("%s", copy);
	if (strstr(copy, "-- BEGIN PROG LOAD LOG --"))
		keep_verifier_line(copy);
	else if (level == LOG_LIBRARY_WARN)
		snprintf(library_line, sizeof(library_line), "%s", copy);
	free(copy);
}

static int __attribute__((format(printf, 2, 0))) from_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char *text = NULL;

	if (level == LIBBPF_DEBUG)
		return 0;
	if (vasprintf(&text, fmt, ap) < 0)
		return 0;
	log_library_line(level == LIBBPF_WARN ? LOG_LIBRARY_WARN : LOG_LIBRARY_INFO, text);
	free(text);
	return 0;
}

void log_capture_libraries(void)
{
	libbpf_set_print(from_libbpf);
}

const char *log_library_last(void)
{
	return library_line;
}

const char *log_verifier_line(void)
{
	return verifier_line;
}

void log_verifier_reset(void)
{
	verifier_line[0] = '\0';
	library_line[0] = '\0';
}
