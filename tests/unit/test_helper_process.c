/* SPDX-License-Identifier: ISC */
/* helper/guard.h, helper/rundir.h, helper/sshproc.h, helper/outlet.h, helper/signals.h: with real processes. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

#include "helper/guard.h"
#include "helper/origin.h"
#include "helper/outlet.h"
#include "helper/rundir.h"
#include "helper/signals.h"
#include "helper/sshproc.h"
#include "lib/cleanup.h"
#include "lib/file.h"

#define DEADLINE_MS 10000

/* Polls `done` until it is true; false after the deadline. */
static bool wait_until(bool (*done)(void *context), void *context)
{
	int waited;

	for (waited = 0; waited < DEADLINE_MS; waited += 5) {
		if (done(context))
			return true;
		(void)poll(NULL, 0, 5);
	}
	return false;
}

static bool folder_is_gone(void *context)
{
	return access(context, F_OK) < 0 && errno == ENOENT;
}

/* A killed process of a parent that is gone too: nobody of ours can wait for it. */
static bool process_is_gone(void *context)
{
	return kill(*(pid_t *)context, 0) < 0 && errno == ESRCH;
}

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

static void make_run_folder(struct rundir *dir)
{
	char path[PATH_MAX];

	assert_int_equal(rundir_make(dir), 0);
	assert_int_equal(rundir_path(dir, RUNDIR_CONFIG, path, sizeof(path)), 0);
	assert_int_equal(file_write(path, "x", 1, 0600), 0);
	assert_int_equal(rundir_path(dir, RUNDIR_KNOWN_HOSTS, path, sizeof(path)), 0);
	assert_int_equal(file_write(path, "x", 1, 0600), 0);
}

static void the_run_folder_is_private_and_goes_with_its_files(void **state)
{
	struct rundir dir;
	struct stat st;

	make_run_folder(&dir);
	assert_int_equal(strncmp(dir.path, base, strlen(base)), 0);
	assert_int_equal(stat(dir.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	rundir_remove(&dir);
	assert_true(folder_is_gone(dir.path));
}

static void a_place_that_ssh_cannot_name_is_passed_over(void **state)
{
	struct rundir dir;

	setenv("XDG_RUNTIME_DIR", "/tmp/%h", 1);
	setenv("HOME", "/nonexistent", 1);
	setenv("TMPDIR", base, 1);
	assert_int_equal(rundir_make(&dir), 0);
	assert_int_equal(strncmp(dir.path, base, strlen(base)), 0);
	rundir_remove(&dir);
	unsetenv("TMPDIR");
}

static void the_guard_removes_the_folder_when_it_is_stopped(void **state)
{
	struct rundir dir;
	struct guard guard;

	make_run_folder(&dir);
	assert_int_equal(guard_start(&dir, &guard), 0);
	guard_stop(&guard);
	assert_true(folder_is_gone(dir.path));
	guard_stop(&guard); /* twice is fine */
}

/* A supervisor that is killed with -9: its guard kills "ssh" and removes the folder. */
static void the_guard_cleans_up_after_kill_9(void **state)
{
	struct rundir dir;
	pid_t supervisor, ssh = -1;
	int ends[2];

	make_run_folder(&dir);
	assert_int_equal(pipe(ends), 0);
	supervisor = fork();
	if (supervisor == 0) {
		static const char *const argv[] = { "sleep", "1000", NULL };
		struct guard guard;
		struct sshproc p;

		sshproc_init(&p);
		if (guard_start(&dir, &guard) < 0 || sshproc_start(argv, false, &p) < 0)
			_exit(1);
		guard_add(&guard, p.pid);
		(void)!write(ends[1], &p.pid, sizeof(p.pid));
		pause();
		_exit(0);
	}
	assert_int_equal(read(ends[0], &ssh, sizeof(ssh)), sizeof(ssh));
	kill(supervisor, SIGKILL);
	waitpid(supervisor, NULL, 0);
	assert_true(wait_until(folder_is_gone, dir.path));
	assert_true(wait_until(process_is_gone, &ssh));
	close(ends[0]);
	close(ends[1]);
}

/* Of two, the one that ended is not looked after any more, and its place is taken by a third. */
static void the_guard_looks_after_those_that_run(void **state)
{
	static const char *const argv[] = { "sleep", "1000", NULL };
	struct sshproc p[3];
	struct rundir dir;
	struct guard guard;
	int i, status;

	make_run_folder(&dir);
	assert_int_equal(guard_start(&dir, &guard), 0);
	for (i = 0; i < 3; i++) {
		sshproc_init(&p[i]);
		assert_int_equal(sshproc_start(argv, false, &p[i]), 0);
		guard_add(&guard, p[i].pid);
	}
	guard_remove(&guard, p[0].pid);
	guard_stop(&guard);
	for (i = 1; i < 3; i++) {
		assert_int_equal(waitpid(p[i].pid, &status, 0), p[i].pid);
		assert_int_equal(WTERMSIG(status), SIGKILL);
	}
	assert_int_equal(waitpid(p[0].pid, &status, WNOHANG), 0);
	kill(p[0].pid, SIGKILL);
	assert_int_equal(waitpid(p[0].pid, &status, 0), p[0].pid);
	for (i = 0; i < 3; i++)
		sshproc_close(&p[i]);
}

static bool reaped(void *context)
{
	return sshproc_reap(context);
}

static void a_program_that_is_not_there_is_told_at_once(void **state)
{
	static const char *const argv[] = { "mysocket-no-such-ssh", NULL };
	struct sshproc p;

	sshproc_init(&p);
	assert_int_equal(sshproc_start(argv, false, &p), -ENOENT);
	assert_int_equal(p.pid, 0);
	assert_int_equal(p.in_fd, -1);
}

static void output_and_messages_come_apart(void **state)
{
	static const char *const argv[] = { "sh", "-c", "echo out; echo err >&2; cat", NULL };
	char text[16] = "";
	struct sshproc p;

	sshproc_init(&p);
	assert_int_equal(sshproc_start(argv, false, &p), 0);
	close(take_fd(&p.in_fd)); /* the end of its input ends cat */
	assert_true(wait_until(reaped, &p));
	assert_int_equal(read(p.out_fd, text, sizeof(text)), 4);
	assert_memory_equal(text, "out\n", 4);
	assert_int_equal(read(p.err_fd, text, sizeof(text)), 4);
	assert_memory_equal(text, "err\n", 4);
	sshproc_close(&p);
}

static void with_a_terminal_ssh_finds_one_on_its_input_only(void **state)
{
	static const char *const argv[] = { "sh", "-c",
					    "test -t 0 && ! test -t 1 && ! test -t 2 && "
					    "echo yes",
					    NULL };
	char text[16] = "";
	struct sshproc p;

	sshproc_init(&p);
	assert_int_equal(sshproc_start(argv, true, &p), 0);
	assert_true(wait_until(reaped, &p));
	assert_int_equal(read(p.out_fd, text, sizeof(text)), 4);
	assert_memory_equal(text, "yes\n", 4);
	sshproc_close(&p);
}

static void what_is_asked_to_stop_stops(void **state)
{
	static const char *const argv[] = { "sleep", "1000", NULL };
	struct sshproc p;

	sshproc_init(&p);
	assert_int_equal(sshproc_start(argv, false, &p), 0);
	assert_false(sshproc_reap(&p));
	sshproc_signal(&p, SIGTERM);
	assert_true(wait_until(reaped, &p));
	sshproc_signal(&p, SIGTERM); /* nobody: no harm */
	sshproc_close(&p);
}

static void an_outlet_never_blocks_and_keeps_the_rest(void **state)
{
	struct outlet o;
	int ends[2], flags, i;
	size_t total = 0;
	char text[4096];
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	outlet_init(&o, ends[1]);
	for (i = 0; i < 100; i++)
		strbuf_addf(&o.pending, "%02047d\n", i);
	assert_false(outlet_has_room(&o));
	outlet_write(&o); /* nobody reads: this returns all the same */
	assert_true(outlet_has_pending(&o));
	flags = fcntl(ends[1], F_GETFL);
	assert_int_equal(flags & O_NONBLOCK, 0);
	while (total < 204800) {
		n = read(ends[0], text, sizeof(text));
		assert_true(n > 0);
		total += (size_t)n;
		outlet_write(&o);
	}
	assert_false(outlet_has_pending(&o));
	assert_true(outlet_has_room(&o));
	outlet_clear(&o);
	close(ends[0]);
	close(ends[1]);
}

/* Twice what an outlet holds passes through one that is never empty. */
static void an_outlet_whose_reader_lags_loses_nothing(void **state)
{
	const unsigned lines = (2 << 20) / 8;
	unsigned made = 0, arrived = 0;
	char text[4096], expected[9];
	struct outlet o;
	int ends[2];
	ssize_t n, i;

	assert_int_equal(pipe(ends), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, sizeof(text)) > 0);
	outlet_init(&o, ends[1]);
	while (arrived < lines) {
		for (; made < lines && outlet_has_room(&o); made++)
			strbuf_addf(&o.pending, "%07u\n", made);
		assert_int_equal(strbuf_error(&o.pending), 0);
		outlet_write(&o);
		assert_true(made == lines || outlet_has_pending(&o));
		n = read(ends[0], text, sizeof(text)); /* whole lines: less than is in the pipe */
		assert_true(n > 0 && n % 8 == 0);
		for (i = 0; i < n; i += 8, arrived++) {
			snprintf(expected, sizeof(expected), "%07u\n", arrived);
			assert_memory_equal(text + i, expected, 8);
		}
	}
	outlet_clear(&o);
	close(ends[0]);
	close(ends[1]);
}

static void an_outlet_notices_that_nobody_reads(void **state)
{
	struct outlet o;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	outlet_init(&o, ends[1]);
	strbuf_adds(&o.pending, "x");
	outlet_flush(&o, 1000);
	assert_true(o.broken);
	assert_false(outlet_has_pending(&o));
	outlet_clear(&o);
	close(ends[1]);
}

static void signals_become_readable_and_are_counted(void **state)
{
	struct signals seen;
	struct pollfd p;

	assert_int_equal(signals_catch(), 0);
	p = (struct pollfd){ .fd = signals_fd(), .events = POLLIN };
	assert_int_equal(poll(&p, 1, 0), 0);
	raise(SIGINT);
	raise(SIGINT);
	raise(SIGWINCH);
	assert_int_equal(signals_end_requests(), 2);
	assert_int_equal(poll(&p, 1, 0), 1);
	signals_take(&seen);
	assert_int_equal(seen.interrupts, 2);
	assert_true(seen.resized);
	assert_false(seen.terminate);
	assert_int_equal(poll(&p, 1, 0), 0);
	raise(SIGTERM);
	signals_take(&seen);
	assert_true(seen.terminate);
	assert_int_equal(signals_end_requests(), 0);
	raise(SIGHUP);
	assert_int_equal(signals_end_requests(), 0);
	signals_take(&seen);
	assert_true(seen.renew);
	assert_false(seen.terminate);
	signals_release();
}

static void nohup_keeps_its_promise(void **state)
{
	struct signals seen;

	signal(SIGHUP, SIG_IGN);
	assert_int_equal(signals_catch(), 0);
	raise(SIGHUP);
	signals_take(&seen);
	assert_false(seen.terminate);
	assert_false(seen.renew);
	signals_release();
	signal(SIGHUP, SIG_DFL);
}

static void an_origin_that_does_not_listen_is_noticed(void **state)
{
	assert_int_equal(origin_probe("127.0.0.1", 1, 1000), -ECONNREFUSED);
	assert_int_equal(origin_probe("no-such-host.invalid", 80, 1000), -ENOENT);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(the_run_folder_is_private_and_goes_with_its_files),
		WITH_FOLDER(a_place_that_ssh_cannot_name_is_passed_over),
		WITH_FOLDER(the_guard_removes_the_folder_when_it_is_stopped),
		WITH_FOLDER(the_guard_cleans_up_after_kill_9),
		WITH_FOLDER(the_guard_looks_after_those_that_run),
		cmocka_unit_test(a_program_that_is_not_there_is_told_at_once),
		cmocka_unit_test(output_and_messages_come_apart),
		cmocka_unit_test(with_a_terminal_ssh_finds_one_on_its_input_only),
		cmocka_unit_test(what_is_asked_to_stop_stops),
		cmocka_unit_test(an_outlet_never_blocks_and_keeps_the_rest),
		cmocka_unit_test(an_outlet_whose_reader_lags_loses_nothing),
		cmocka_unit_test(an_outlet_notices_that_nobody_reads),
		cmocka_unit_test(signals_become_readable_and_are_counted),
		cmocka_unit_test(nohup_keeps_its_promise),
		cmocka_unit_test(an_origin_that_does_not_listen_is_noticed),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
