/* SPDX-License-Identifier: ISC */
/* lib/log.h: the form of a line, and that nothing in it acts on a terminal. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "lib/cleanup.h"
#include "lib/log.h"

/* Standard error goes to a file in memory while a test logs. */
static int capture_fd = -1, real_stderr = -1;
static char captured[16384];

static int begin(void **state)
{
	unsetenv("JOURNAL_STREAM");
	capture_fd = memfd_create("stderr", MFD_CLOEXEC);
	real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (capture_fd < 0 || real_stderr < 0 || dup2(capture_fd, STDERR_FILENO) < 0)
		return -1;
	return 0;
}

static int end(void **state)
{
	int r = dup2(real_stderr, STDERR_FILENO);

	close(real_stderr);
	close(capture_fd);
	unsetenv("JOURNAL_STREAM");
	return r < 0 ? -1 : 0;
}

/* What was logged since the last call. */
static const char *logged(void)
{
	ssize_t n = pread(capture_fd, captured, sizeof(captured) - 1, 0);

	assert_true(n >= 0);
	captured[n] = '\0';
	assert_int_equal(ftruncate(capture_fd, 0), 0);
	assert_int_equal(lseek(STDERR_FILENO, 0, SEEK_SET), 0);
	return captured;
}

static void a_line_is_program_and_text(void **state)
{
	log_init("prog", LOG_LEVEL_INFO, 0);
	log_info("opened '%s', %d left", "x", 3);
	assert_string_equal(logged(), "prog: opened 'x', 3 left\n");
}

static void lines_above_the_level_are_not_written(void **state)
{
	log_init("prog", LOG_LEVEL_WARN, 0);
	log_debug("d");
	log_info("i");
	log_warn("w");
	log_error("e");
	assert_string_equal(logged(), "prog: w\nprog: e\n");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("d");
	assert_string_equal(logged(), "prog: d\n");
}

static void control_bytes_and_newlines_are_escaped(void **state)
{
	log_init("prog", LOG_LEVEL_INFO, 0);
	log_info("got '%s'", "a\033[2Jb\nprog: forged");
	assert_string_equal(logged(), "prog: got 'a\\x1b[2Jb\\x0aprog: forged'\n");
}

static void stamps_are_utc_with_milliseconds(void **state)
{
	int year, month, day, hour, minute, second, ms, n = 0;

	log_init("prog", LOG_LEVEL_INFO, 1);
	log_info("x");
	assert_int_equal(sscanf(logged(), "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ prog: x\n%n", &year, &month,
				&day, &hour, &minute, &second, &ms, &n),
			 7);
	assert_int_equal(n, strlen(captured));
}

static void the_journal_gets_priorities_and_no_stamps(void **state)
{
	setenv("JOURNAL_STREAM", "8:1", 1);
	log_init("prog", LOG_LEVEL_DEBUG, 1);
	log_error("e");
	log_warn("w");
	log_info("i");
	log_debug("d");
	assert_string_equal(logged(), "<3>prog: e\n<4>prog: w\n<6>prog: i\n<7>prog: d\n");
}

static void error_r_appends_the_reason_and_returns_it(void **state)
{
	log_init("prog", LOG_LEVEL_ERROR, 0);
	assert_int_equal(log_error_r(-ENOENT, "cannot read '%s'", "f"), -ENOENT);
	assert_string_equal(logged(), "prog: cannot read 'f': No such file or directory\n");
}

static void errno_survives(void **state)
{
	log_init("prog", LOG_LEVEL_INFO, 0);
	errno = EXDEV;
	log_info("x");
	assert_int_equal(errno, EXDEV);
	log_debug("x");
	assert_int_equal(errno, EXDEV);
}

static void a_long_text_is_cut_and_marked(void **state)
{
	char text[5000];
	const char *line;

	memset(text, '\033', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_init("prog", LOG_LEVEL_INFO, 0);
	log_info("%s", text);
	line = logged();
	assert_true(strlen(line) < sizeof(captured) - 1);
	assert_string_equal(line + strlen(line) - 8, "\\x1b...\n");
}

static void a_text_that_just_fits_is_not_cut(void **state)
{
	char text[2048];
	const char *line;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_init("prog", LOG_LEVEL_INFO, 0);
	log_info("%s", text);
	line = logged();
	assert_int_equal(strlen(line), strlen("prog: ") + 2047 + 1);
	assert_null(strchr(line, '.'));
	/* with a reason, too */
	text[2047 - strlen(": No such file or directory")] = '\0';
	log_error_r(-ENOENT, "%s", text);
	line = logged();
	assert_int_equal(strlen(line), strlen("prog: ") + 2047 + 1);
	assert_null(strchr(line, '.'));
}

static void a_reason_that_does_not_fit_is_cut_too(void **state)
{
	char text[2046];
	const char *line;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_init("prog", LOG_LEVEL_INFO, 0);
	log_error_r(-ENOENT, "%s", text);
	line = logged();
	assert_string_equal(line + strlen(line) - 5, "x...\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_is_program_and_text, begin, end),
		cmocka_unit_test_setup_teardown(lines_above_the_level_are_not_written, begin, end),
		cmocka_unit_test_setup_teardown(control_bytes_and_newlines_are_escaped, begin, end),
		cmocka_unit_test_setup_teardown(stamps_are_utc_with_milliseconds, begin, end),
		cmocka_unit_test_setup_teardown(the_journal_gets_priorities_and_no_stamps, begin,
						end),
		cmocka_unit_test_setup_teardown(error_r_appends_the_reason_and_returns_it, begin,
						end),
		cmocka_unit_test_setup_teardown(errno_survives, begin, end),
		cmocka_unit_test_setup_teardown(a_long_text_is_cut_and_marked, begin, end),
		cmocka_unit_test_setup_teardown(a_text_that_just_fits_is_not_cut, begin, end),
		cmocka_unit_test_setup_teardown(a_reason_that_does_not_fit_is_cut_too, begin, end),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
