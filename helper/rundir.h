/* SPDX-License-Identifier: ISC */
/* A private folder for the files of one run, gone when the run is. */
#ifndef HELPER_RUNDIR_H
#define HELPER_RUNDIR_H

#include <limits.h>
#include <stddef.h>

#define RUNDIR_CONFIG "ssh_config"
#define RUNDIR_KNOWN_HOSTS "known_hosts"

struct rundir {
	char path[PATH_MAX]; /* "" : none */
	int lock;	     /* held as long as the run lasts: says that it does; -1: none */
};

/* Makes a folder (0700) below the first that can hold one: $XDG_RUNTIME_DIR, ~/.cache/mysocket, $TMPDIR, /tmp. A place
 * whose path cannot stand in an ssh_config is passed over. What earlier runs have left there, killed with all that would
 * have cleaned up after them, is removed. 0 or a negative errno. */
int rundir_make(struct rundir *ret_dir);

/* "<folder>/<name>" in a static buffer of the caller's. 0 or -ENAMETOOLONG. */
int rundir_path(const struct rundir *dir, const char *name, char *buf, size_t size);

/* Removes the files named above and the folder. Only async-signal-safe calls. */
void rundir_remove(const struct rundir *dir);

#endif
