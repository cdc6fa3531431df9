/* SPDX-License-Identifier: ISC */
/* helper/rundir.h: what runs that were killed have left is removed, and nothing else. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "helper/rundir.h"
#include "lib/cleanup.h"
#include "lib/file.h"

static char base[64];

static int set_up(void **state)
{
	unit_folder_make(base, sizeof(base));
	setenv("XDG_RUNTIME_DIR", base, 1);
	return 0;
}

static int tear_down(void **state)
{
	unit_folder_remove(base);
	return 0;
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static void make_run_folder(struct rundir *dir)
{
	static const char *const names[] = { RUNDIR_CONFIG, RUNDIR_KNOWN_HOSTS };
	char path[PATH_MAX];
	size_t i;

	assert_int_equal(rundir_make(dir), 0);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(rundir_path(dir, names[i], path, sizeof(path)), 0);
		assert_int_equal(file_write(path, "x", 1, 0600), 0);
	}
}

/* By a run that is killed with -9, and its guard with it. */
static void leave_a_folder(char path[PATH_MAX])
{
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		struct rundir dir;

		make_run_folder(&dir);
		(void)!write(ends[1], dir.path, sizeof(dir.path));
		raise(SIGKILL);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], path, PATH_MAX), PATH_MAX);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(is_there(path));
}

static void what_a_killed_run_has_left_goes_with_the_next_one(void **state)
{
	char left[PATH_MAX];
	struct rundir running, next;

	leave_a_folder(left);
	make_run_folder(&running);
	assert_false(is_there(left));
	make_run_folder(&next);
	assert_true(is_there(running.path));
	rundir_remove(&next);
	rundir_remove(&running);
	assert_int_equal(unit_folder_count(base), 0);
}

static void what_a_person_has_put_there_stays(void **state)
{
	char left[PATH_MAX], kept[PATH_MAX + 8];
	struct rundir dir;

	leave_a_folder(left);
	snprintf(kept, sizeof(kept), "%s/mine", left);
	assert_int_equal(file_write(kept, "x", 1, 0600), 0);
	make_run_folder(&dir);
	assert_true(is_there(kept));
	rundir_remove(&dir);
	unlink(kept);
	make_run_folder(&dir);
	assert_false(is_there(left));
	rundir_remove(&dir);
}

static void a_link_is_not_followed(void **state)
{
	char link[100], elsewhere[64], file[100];
	struct rundir dir;

	unit_folder_make(elsewhere, sizeof(elsewhere));
	snprintf(file, sizeof(file), "%s/" RUNDIR_CONFIG, elsewhere);
	assert_int_equal(file_write(file, "x", 1, 0600), 0);
	snprintf(link, sizeof(link), "%s/mysocketctl-abcdef", base);
	assert_int_equal(symlink(elsewhere, link), 0);
	make_run_folder(&dir);
	assert_true(is_there(file));
	rundir_remove(&dir);
	unlink(link);
	unit_folder_remove(elsewhere);
}

static void runs_that_begin_at_once_do_not_take_each_others_folders(void **state)
{
	enum { RUNS = 20, ROUNDS = 20 };
	int i, status, failed = 0;

	for (i = 0; i < RUNS; i++)
		if (fork() == 0) {
			int round;

			for (round = 0; round < ROUNDS; round++) {
				struct rundir dir;

				if (rundir_make(&dir) < 0 || !is_there(dir.path))
					_exit(1);
				rundir_remove(&dir);
			}
			_exit(0);
		}
	for (i = 0; i < RUNS; i++) {
		assert_true(wait(&status) > 0);
		failed += status != 0;
	}
	assert_int_equal(failed, 0);
	assert_int_equal(unit_folder_count(base), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_killed_run_has_left_goes_with_the_next_one),
		cmocka_unit_test(what_a_person_has_put_there_stays),
		cmocka_unit_test(a_link_is_not_followed),
		cmocka_unit_test(runs_that_begin_at_once_do_not_take_each_others_folders),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
