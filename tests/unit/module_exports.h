/* SPDX-License-Identifier: ISC */
/* What a shared module offers to the process that loads it, read with nm(1). */
#ifndef TESTS_UNIT_MODULE_EXPORTS_H
#define TESTS_UNIT_MODULE_EXPORTS_H

#include "lib/spawn.h"

/* The module's path below BUILD_DIR, which `make check-unit` sets. */
static inline void module_path(const char *name, char *ret_path, size_t size)
{
	const char *folder = getenv("BUILD_DIR");

	assert_non_null(folder);
	assert_true(snprintf(ret_path, size, "%s/%s", folder, name) < (int)size);
	if (*folder != '/') {
		auto_free char *real = realpath(ret_path, NULL);

		assert_non_null(real);
		assert_true(snprintf(ret_path, size, "%s", real) < (int)size);
	}
}

/* Fails unless the defined dynamic symbols are exactly `names` (sorted, NULL at the end). */
static inline void assert_exports(const char *path, const char *const *names)
{
	const char *const argv[] = { "nm", "-D", "--defined-only", "-P", path, NULL };
	auto_free char *out = NULL;
	char *line, *save = NULL;
	int status = -1;

	assert_int_equal(spawn_capture(argv, 65536, 10000, &out, &status), 0);
	assert_int_equal(status, 0);
	for (line = strtok_r(out, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		line[strcspn(line, " ")] = '\0';
		if (!*names)
			fail_msg("'%s' is exported as well", line);
		assert_string_equal(line, *names++);
	}
	if (*names)
		fail_msg("'%s' is not exported", *names);
}

#endif
