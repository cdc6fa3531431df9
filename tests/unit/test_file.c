/* SPDX-License-Identifier: ISC */
/* lib/file.h: bounded reads, secrets only the owner can read, writes that happen whole or not at all. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/file.h"

static char folder[64];
static char path[128], other[128];

static int begin(void **state)
{
	unit_folder_make(folder, sizeof(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	return 0;
}

static int end(void **state)
{
	unit_folder_remove(folder);
	return 0;
}

static void make(const char *at, const char *text, mode_t mode)
{
	auto_close int fd = open(at, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
}

static void assert_content(const char *at, const char *expected)
{
	auto_free char *data = NULL;
	size_t len;

	assert_int_equal(file_read(at, 10000, &data, &len), 0);
	assert_string_equal(data, expected);
	assert_int_equal(len, strlen(expected));
}

static void a_file_of_exactly_the_maximum_is_read(void **state)
{
	auto_free char *data = NULL;
	size_t len;

	make(path, "12345", 0644);
	assert_int_equal(file_read(path, 5, &data, &len), 0);
	assert_string_equal(data, "12345");
	assert_int_equal(len, 5);
}

static void a_longer_file_is_too_big(void **state)
{
	char *data = NULL;

	make(path, "123456", 0644);
	assert_int_equal(file_read(path, 5, &data, NULL), -EFBIG);
	assert_null(data);
}

static void an_empty_file_is_an_empty_string(void **state)
{
	auto_free char *data = NULL;
	size_t len = 9;

	make(path, "", 0644);
	assert_int_equal(file_read(path, 5, &data, &len), 0);
	assert_string_equal(data, "");
	assert_int_equal(len, 0);
}

static void a_file_without_a_size_is_read_to_its_end(void **state)
{
	auto_free char *data = NULL;

	assert_int_equal(file_read("/proc/self/status", 100000, &data, NULL), 0);
	assert_non_null(strstr(data, "Name:"));
}

static void what_cannot_be_read_says_why(void **state)
{
	char *data = NULL;

	assert_int_equal(file_read(path, 5, &data, NULL), -ENOENT);
	assert_int_equal(file_read(folder, 5, &data, NULL), -EISDIR);
	assert_null(data);
}

static void a_secret_loses_one_newline(void **state)
{
	auto_free char *one = NULL, *two = NULL;
	size_t len;

	make(path, "secret\n", 0600);
	assert_int_equal(file_read_secret(path, 100, &one, &len), 0);
	assert_string_equal(one, "secret");
	assert_int_equal(len, 6);
	make(path, "secret\n\n", 0400);
	assert_int_equal(file_read_secret(path, 100, &two, &len), 0);
	assert_string_equal(two, "secret\n");
}

static void a_secret_that_others_may_touch_is_refused(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0610, 0601, 0644 };
	char *data = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		make(path, "secret", modes[i]);
		assert_int_equal(file_read_secret(path, 100, &data, NULL), -EACCES);
	}
	assert_null(data);
}

static void a_secret_that_somebody_else_owns_is_refused(void **state)
{
	char *data = NULL;

	if (geteuid() != 0)
		skip(); /* only root can give a file away */
	make(path, "secret", 0600);
	assert_int_equal(chown(path, 12345, 12345), 0);
	assert_int_equal(file_read_secret(path, 100, &data, NULL), -EACCES);
	assert_null(data);
}

static void an_empty_secret_is_invalid(void **state)
{
	char *data = NULL;

	make(path, "\n", 0600);
	assert_int_equal(file_read_secret(path, 100, &data, NULL), -EINVAL);
	make(path, "", 0600);
	assert_int_equal(file_read_secret(path, 100, &data, NULL), -EINVAL);
	assert_null(data);
}

static void a_long_secret_is_too_big(void **state)
{
	char *data = NULL;

	make(path, "123456", 0600);
	assert_int_equal(file_read_secret(path, 5, &data, NULL), -EFBIG);
	assert_null(data);
}

static void a_write_makes_the_file_with_exactly_the_mode(void **state)
{
	mode_t before = umask(077);
	struct stat st;

	assert_int_equal(file_write(path, "new", 3, 0644), 0);
	umask(before);
	assert_content(path, "new");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(unit_folder_count(folder), 1);
}

static void a_write_replaces_content_and_mode(void **state)
{
	struct stat st;

	make(path, "a longer old text", 0644);
	assert_int_equal(file_write(path, "new", 3, 0600), 0);
	assert_content(path, "new");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(unit_folder_count(folder), 1);
}

static void an_open_reader_keeps_the_old_file(void **state)
{
	char text[10] = "";
	auto_close int fd = -1;

	make(path, "old", 0644);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(file_write(path, "new", 3, 0644), 0);
	assert_int_equal(read(fd, text, sizeof(text)), 3);
	assert_string_equal(text, "old");
}

static void a_write_follows_a_symlink(void **state)
{
	struct stat st;

	make(path, "old", 0644);
	assert_int_equal(symlink("file", other), 0);
	assert_int_equal(file_write(other, "new", 3, 0644), 0);
	assert_content(path, "new");
	assert_int_equal(lstat(other, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void a_write_follows_a_symlink_to_nothing_yet(void **state)
{
	assert_int_equal(symlink(path, other), 0);
	assert_int_equal(file_write(other, "new", 3, 0644), 0);
	assert_content(path, "new");
}

static void a_loop_of_symlinks_is_refused(void **state)
{
	assert_int_equal(symlink("other", path), 0);
	assert_int_equal(symlink("file", other), 0);
	assert_int_equal(file_write(path, "new", 3, 0644), -ELOOP);
	assert_int_equal(unit_folder_count(folder), 2);
}

static void a_failed_write_leaves_nothing_behind(void **state)
{
	/* A folder in its place: everything works but the last step. */
	assert_int_equal(file_mkdir(path, 0755), 0);
	assert_int_equal(file_write(path, "new", 3, 0644), -EISDIR);
	assert_int_equal(unit_folder_count(folder), 1);

	snprintf(other, sizeof(other), "%s/missing/file", folder);
	assert_int_equal(file_write(other, "new", 3, 0644), -ENOENT);
}

static void write_all_reports_a_bad_descriptor(void **state)
{
	assert_int_equal(file_write_all(-1, "x", 1), -EBADF);
	assert_int_equal(file_write_all(-1, "x", 0), 0);
}

static void mkdir_is_content_with_a_folder_that_is_there(void **state)
{
	struct stat st;

	assert_int_equal(file_mkdir(path, 0700), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(file_mkdir(path, 0700), 0);
}

static void mkdir_refuses_a_file_and_a_missing_parent(void **state)
{
	make(path, "", 0644);
	assert_int_equal(file_mkdir(path, 0700), -ENOTDIR);
	snprintf(other, sizeof(other), "%s/missing/folder", folder);
	assert_int_equal(file_mkdir(other, 0700), -ENOENT);
}

#define FACT(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(a_file_of_exactly_the_maximum_is_read),
		FACT(a_longer_file_is_too_big),
		FACT(an_empty_file_is_an_empty_string),
		FACT(a_file_without_a_size_is_read_to_its_end),
		FACT(what_cannot_be_read_says_why),
		FACT(a_secret_loses_one_newline),
		FACT(a_secret_that_others_may_touch_is_refused),
		FACT(a_secret_that_somebody_else_owns_is_refused),
		FACT(an_empty_secret_is_invalid),
		FACT(a_long_secret_is_too_big),
		FACT(a_write_makes_the_file_with_exactly_the_mode),
		FACT(a_write_replaces_content_and_mode),
		FACT(an_open_reader_keeps_the_old_file),
		FACT(a_write_follows_a_symlink),
		FACT(a_write_follows_a_symlink_to_nothing_yet),
		FACT(a_loop_of_symlinks_is_refused),
		FACT(a_failed_write_leaves_nothing_behind),
		FACT(write_all_reports_a_bad_descriptor),
		FACT(mkdir_is_content_with_a_folder_that_is_there),
		FACT(mkdir_refuses_a_file_and_a_missing_parent),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
