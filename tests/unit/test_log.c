// SPDX-License-Identifier: Apache-2.0
/* What people read: one line, the program's name, the reason. */
#include "base/log.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>

#define THREADS 4
#define LINES 200

static int saved_stderr;
static FILE *captured;

/* Sends stderr to a file until end_capture(). */
static void begin_capture(void)
{
	fflush(stderr);
	captured = tmpfile();
	assert_non_null(captured);
	saved_stderr = dup(STDERR_FILENO);
	assert_true(saved_stderr >= 0);
	assert_true(dup2(fileno(captured), STDERR_FILENO) >= 0);
}

static void end_capture(char *text, size_t size)
{
	size_t n;

	assert_true(dup2(saved_stderr, STDERR_FILENO) >= 0);
	close(saved_stderr);
	rewind(captured);
	n = fread(text, 1, size - 1, captured);
	text[n] = '\0';
	fclose(captured);
}

static void test_forms(void **state)
{
	char text[1024];

	begin_capture();
	log_error(-ENOENT, "opening %s", "/x");
	log_error(0, "no reason");
	log_warning(-EIO, "slow");
	log_info("%d done", 3);
	end_capture(text, sizeof(text));
	assert_string_equal(text,
			        "prog: opening /x: No such file or directory\n"
			    "prog: no reason\n"
			    "prog: warning: slow: Input/output error\n"
			    "prog: 3 done\n");
}

static void test_errno_is_kept(void **state)
{
	char text[256];

	begin_capture();
	errno = EXDEV;
	log_error(-ENOENT, "x");
	assert_int_equal(errno, EXDEV);
	end_capture(text, sizeof(text));
}

/* A file's name can hold anything. */
static void test_control_characters(void **state)
{
	char text[256];

	begin_capture();
	log_info("a\nb\033[31m\x7f\xc3\xa9");
	end_capture(text, sizeof(text));
	assert_string_equal(text, "prog: a?b?[31m?\xc3\xa9\n");
	/* C1, with which an 8-bit terminal's commands begin, alone and in
	 * UTF-8; what looks like a longer character and is not. */
	begin_capture();
	log_info("\x9b 31m \xc2\x9b\xc2\xa0 \xe2\x82\xac \xe2\x9b[ \xf0\x9f\x98\x80\xc3");
	end_capture(text, sizeof(text));
	assert_string_equal(text, "prog: ? 31m ??\xc2\xa0 \xe2\x82\xac ??[ \xf0\x9f\x98\x80?\n");
}

static void test_long_line_is_cut(void **state)
{
	static char text[40000], name[30000];

	memset(name, 'n', sizeof(name) - 1);
	begin_capture();
	log_error(-EIO, "%s", name);
	end_capture(text, sizeof(text));
	assert_true(strlen(text) > 10000 && strlen(text) < 20000);
	assert_non_null(strstr(text, "n: Input/output error\n"));
	assert_memory_equal(text, "prog: nnn", 9);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void *chatter(void *arg)
{
	int i;

	for (i = 0; i < LINES; i++)
		log_info("%s", (const char *)arg);
	return NULL;
}

static void test_threads_do_not_mix(void **state)
{
	static char text[THREADS * LINES * 40], *line, *rest;
	static const char *const words[THREADS] = { "one", "two-two",
						    "three-three-three", "4" };
	pthread_t threads[THREADS];
	char want[64];
	int i, n = 0;

	begin_capture();
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, chatter, (void *)words[i]);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	end_capture(text, sizeof(text));
	rest = text;
	while ((line = strsep(&rest, "\n")) && *line) {
		for (i = 0; i < THREADS; i++) {
			snprintf(want, sizeof(want), "prog: %s", words[i]);
			if (strcmp(line, want) == 0)
				break;
		}
		assert_true(i < THREADS);
		n++;
	}
	assert_int_equal(n, THREADS * LINES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_errno_is_kept),
		cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_long_line_is_cut),
		cmocka_unit_test(test_threads_do_not_mix),
	};

	log_init("prog");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
