// SPDX-License-Identifier: Apache-2.0
/* log_test.c - the one failure of a command, levels, and the line that matters in a verifier's log. */
#include <errno.h>
#include <unistd.h>

#include "unit.h"
#undef fail

static char *captured(void (*act)(void))
{
	static char text[4096];
	int saved = dup(2), fd;
	char path[] = "/tmp/kfaas-log-test-XXXXXX";
	ssize_t n;

	fd = mkstemp(path);
	assert_true(fd >= 0);
	unlink(path);
	fflush(stderr);
	dup2(fd, 2);
	act();
	fflush(stderr);
	dup2(saved, 2);
	close(saved);
	n = pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void speak(void)
{
	say("said %d", 1);
	detail("detail %d", 2);
	warning("warned %d", 3);
}

static void test_levels(void **state)
{
	(void)state;
	log_level = LOG_QUIET;
	assert_string_equal(captured(speak), "warning: warned 3\n");
	log_level = LOG_VERBOSE;
	assert_string_equal(captured(speak), "said 1\ndetail 2\nwarning: warned 3\n");
	log_level = LOG_NORMAL;
	assert_string_equal(captured(speak), "said 1\nwarning: warned 3\n");
}

static void test_failure(void **state)
{
	(void)state;
	assert_string_equal(fail_text(), "");
	assert_int_equal(fail(-ENOENT, "no %s\nhere", "eth9"), -ENOENT);
	assert_int_equal(fail_input("second"), -EINVAL);
	assert_string_equal(fail_text(), "no eth9 here");
	assert_int_equal(fail_in(-ENOENT, "a.conf"), -ENOENT);
	assert_string_equal(fail_text(), "a.conf: no eth9 here");
	assert_false(fail_is_input());
	fail_clear();
	assert_int_equal(fail_input("wrong"), -EINVAL);
	assert_int_equal(fail_in(0, "a.conf"), 0);
	assert_int_equal(fail_in(-EINVAL, NULL), -EINVAL);
	assert_string_equal(fail_text(), "wrong");
	assert_true(fail_is_input());
	fail_clear();
	assert_false(fail_is_input());
}

static void expect_verifier(const char *body, const char *line)
{
	char text[2048];

	snprintf(text, sizeof(text), "libbpf: prog 'f': -- BEGIN PROG LOAD LOG --\n%s-- END PROG LOAD LOG --\n", body);
	log_verifier_reset();
	log_library_line(LOG_LIBRARY_WARN, text);
	assert_string_equal(log_verifier_line(), line);
}

static void test_verifier_line(void **state)
{
	(void)state;
	expect_verifier(
		"0: R1=ctx(off=0,imm=0) R10=fp0\n; int f(struct xdp_md *ctx)\n0: (61) r1 = *(u32 *)(r1 +0)\n"
		"1: (71) r0 = *(u8 *)(r1 +0)\nR1 invalid mem access 'scalar'\nprocessed 2 insns (limit 1000000) "
		"max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n",
		"R1 invalid mem access 'scalar'");
	expect_verifier("func#0 @0\n0: R1=ctx() R10=fp0\nfrom 3 to 5: R0_w=0\nmath between pkt pointer and register "
			"with unbounded "
			"min value is not allowed\nverification time 40 usec\nstack depth 0\nprocessed 9 insns\n",
			"math between pkt pointer and register with unbounded min value is not allowed");
	expect_verifier(
		"BPF program is too large. Processed 1000001 insn\nverification time 2 usec\nprocessed 1000001 insns\n",
		"BPF program is too large. Processed 1000001 insn");
	expect_verifier("unreachable insn 4\nprocessed 0 insns\n", "unreachable insn 4");
	expect_verifier("12: (95) exit\nR0 !read_ok\nprocessed 1 insns\n", "R0 !read_ok");
	expect_verifier("processed 0 insns\n", "");
	expect_verifier("", "");
}

static void library(void)
{
	log_library_line(LOG_LIBRARY_DEBUG, "libbpf: chatter\n");
	log_library_line(LOG_LIBRARY_INFO, "libbpf: info\n");
	log_library_line(LOG_LIBRARY_WARN, "libbpf: map 'x': failed\n");
}

static void test_library_lines(void **state)
{
	(void)state;
	log_verifier_reset();
	assert_string_equal(captured(library), "");
	assert_string_equal(log_library_last(), "libbpf: map 'x': failed");
	log_level = LOG_VERBOSE;
	assert_string_equal(captured(library), "libbpf: info\nlibbpf: map 'x': failed\n");
	log_level = LOG_NORMAL;
	log_verifier_reset();
	assert_string_equal(log_library_last(), "");
	log_capture_libraries();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_verifier_line),
		cmocka_unit_test(test_library_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
