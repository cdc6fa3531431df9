/* SPDX-License-Identifier: ISC */
/* What every unit test includes first: cmocka and the headers that it wants before it, and a scratch
 * folder. A test is a function named as a fact; prove(1) shows the names. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* After those four. */
#include <cmocka.h>

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A new folder; *ret_path is `size` bytes of the caller's. */
static inline void unit_folder_make(char *ret_path, size_t size)
{
	assert_true(snprintf(ret_path, size, "/tmp/mysocket-unit.XXXXXX") < (int)size);
	assert_non_null(mkdtemp(ret_path));
}

/* How many files are in it (a test that leaves none behind can prove it). */
static inline int unit_folder_count(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(d);
	return n;
}

/* Removes it and the files in it (no folders below). */
static inline void unit_folder_remove(const char *path)
{
	char file[PATH_MAX];
	DIR *d = opendir(path);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d))) {
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && unlink(file) < 0)
			rmdir(file);
	}
	closedir(d);
	rmdir(path);
}

#endif
