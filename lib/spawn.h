/* SPDX-License-Identifier: ISC */
/* Starts programs from an argument vector: no shell, no inherited descriptors beyond those named. */
#ifndef LIB_SPAWN_H
#define LIB_SPAWN_H

#include <sys/types.h>

struct spawn {
	const char *const *argv; /* argv[0] is looked up in PATH if it has no slash */
	char *const *env;	 /* NULL: the caller's own */
	int fds[3]; /* become 0, 1, 2; -1: /dev/null; SPAWN_INHERIT: the caller's own */
	int parent_death_signal; /* Linux: sent to the child when the starting thread ends; 0: none */
	int new_process_group; /* the child gets a process group of its own (no Ctrl-C of the terminal) */
};

#define SPAWN_INHERIT (-2)

/* 0 with *ret_pid. A program that cannot be executed is reported here (-ENOENT, -EACCES ...), not by the
 * child's exit status. Signal mask and handlers are reset to default in the child. */
int spawn_start(const struct spawn *s, pid_t *ret_pid);

/* Waits; *ret_status as waitpid(2) gives it. */
int spawn_wait(pid_t pid, int *ret_status);

/* Runs to the end with standard input from /dev/null, standard error inherited, and keeps at most `max` bytes of
 * standard output (more: -EMSGSIZE and the child is killed; later than timeout_ms: -ETIMEDOUT, likewise).
 * 0 with *ret_out (heap, NUL-terminated, caller frees) and *ret_status. */
int spawn_capture(const char *const *argv, size_t max, int timeout_ms, char **ret_out,
		  int *ret_status);

#endif
