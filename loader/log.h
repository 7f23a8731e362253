/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - what the user reads on standard error: levels, and the one error of a command.
 *
 * Modules return 0 or -errno and describe a failure once, where it is
 * understood, with fail() or fail_input(); the first description wins. main
 * prints it and picks the exit code. */
#ifndef KF_LOG_H
#define KF_LOG_H

#include <stdarg.h>
#include <stdbool.h>

enum log_level { LOG_QUIET = -1, LOG_NORMAL = 0, LOG_VERBOSE = 1 };
extern enum log_level log_level;

/* Progress and remarks, a line each (no newline in FMT). say: unless -q. detail: only with -v. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void detail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
typedef void tell_fn(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* either */
/* A warning is shown even with -q; it never stops the command. */
void warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Keep this description of the command's failure unless there is one already; returns RC (-errno). */
int fail(int rc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for wrong usage or invalid input (exit 2); returns -EINVAL. */
int fail_input(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* If RC is not 0 put "WHERE: " before the description (NULL: nothing); returns RC. */
int fail_in(int rc, const char *where);
/* "out of memory"; returns -ENOMEM. */
int fail_memory(void);

const char *fail_text(void); /* "" if nothing failed */
bool fail_is_input(void);
void fail_clear(void);

/* Route libbpf's and libxdp's messages through us: kept, shown with -v. The last
 * verifier log line that carries meaning is available for an error's text. */
void log_capture_libraries(void);
const char *log_verifier_line(void); /* "" if none since the last log_verifier_reset */
void log_verifier_reset(void);	     /* forgets log_library_last too */

/* A library's message (one or more lines), for callbacks that log_capture_libraries cannot
 * set: hook_xdp.c hands libxdp's over. Debug messages are dropped. */
enum log_library { LOG_LIBRARY_WARN, LOG_LIBRARY_INFO, LOG_LIBRARY_DEBUG };
void log_library_line(enum log_library level, const char *text);
/* The last warning of a library that was not a verifier log; "" if none since the last reset. */
const char *log_library_last(void);

#endif
