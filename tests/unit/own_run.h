/* SPDX-License-Identifier: ISC */
/* A /run of its own for tests of what has fixed paths there (PATHS_RUN): an empty tmpfs in a private mount
 * namespace, for this process and its children. Needs root. */
#ifndef TESTS_UNIT_OWN_RUN_H
#define TESTS_UNIT_OWN_RUN_H

#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "lib/paths.h"

/* 0 with PATHS_RUN an empty folder; -1 if this system or user may not: skip() then. */
static inline int own_run_make(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") < 0)
		return -1;
	return mkdir(PATHS_RUN, 0755);
}

#endif
