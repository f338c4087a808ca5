// SPDX-License-Identifier: Apache-2.0
#include "fs/caller.h"

#include "tests/unit/unit.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

/* What caller_is_admin() says of a child after it has run `become`. */
static bool ask_of_child(int (*become)(void))
{
	int ready[2];
	char c = 0;
	pid_t pid;
	bool admin;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		c = become() < 0 ? 'n' : 'y';
		if (write(ready[1], &c, 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	admin = caller_is_admin(pid);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(ready[0]);
	close(ready[1]);
	if (c != 'y')
		skip();
	return admin;
}

static int stay_root(void)
{
	return 0;
}

static int drop_root(void)
{
	return setuid(1000);
}

static int enter_userns(void)
{
	return unshare(CLONE_NEWUSER);
}

static void test_root(void **state)
{
	if (geteuid() != 0)
		skip();
	assert_true(caller_is_admin(getpid()));
	assert_true(ask_of_child(stay_root));
}

static void test_cap(void **state)
{
	if (geteuid() != 0)
		skip();
	assert_true(caller_has_cap(getpid(), 0));
	assert_false(caller_has_cap(getpid(), 63));
}

static void test_user(void **state)
{
	if (geteuid() != 0)
		skip();
	assert_false(ask_of_child(drop_root));
}

/* All capabilities, but over nothing of ours. */
static void test_userns(void **state)
{
	assert_false(ask_of_child(enter_userns));
}

static void test_nobody(void **state)
{
	assert_false(caller_is_admin(0));
	assert_false(caller_is_admin(-1));
	assert_false(caller_is_admin(0x7fffffff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_userns),
		cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
