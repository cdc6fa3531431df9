/* SPDX-License-Identifier: ISC */
/* Manual pages, as tests read them. Heap; a failure is the test's. */
#ifndef TESTS_UNIT_MANUAL_PAGE_H
#define TESTS_UNIT_MANUAL_PAGE_H

#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "tests/unit/unit.h"

/* gcc 12 believes in a dangling pointer where this is inlined. */
__attribute__((noinline)) static char *manual_page(const char *path)
{
	char *page;

	assert_int_equal(file_read(path, 1 << 20, &page, NULL), 0);
	return page;
}

/* What stands between the line `heading` and the next heading of its rank or above. */
static inline char *manual_section(const char *page, const char *heading)
{
	char wanted[200];
	const char *begin, *end, *other;

	snprintf(wanted, sizeof(wanted), "\n%s\n", heading);
	begin = strstr(page, wanted);
	if (!begin) {
		fail_msg("the manual page has no line '%s'", heading);
		return NULL; /* gcc does not know that it never comes here */
	}
	begin += strlen(wanted) - 1;
	end = strstr(begin, "\n.Sh ");
	other = heading[2] == 's' ? strstr(begin, "\n.Ss ") : NULL;
	if (!end || (other && other < end))
		end = other ? other : begin + strlen(begin);
	return strndup(begin, (size_t)(end - begin) + 1);
}

#endif
