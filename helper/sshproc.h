/* SPDX-License-Identifier: ISC */
/* One run of ssh: started with its output in pipes, asked to end, ended.
 *
 * Its standard input is a terminal of our own (the size of the user's) if a session with colours is wanted, so that ssh tells
 * the server the size, yet the user's terminal stays as it is: Ctrl-C is a signal to us, not a byte to the server,
 * and a killed ssh leaves no terminal in raw mode. Passphrases are asked for on /dev/tty, as ever: ssh stays in
 * our process group for that. */
#ifndef HELPER_SSHPROC_H
#define HELPER_SSHPROC_H

#include <stdbool.h>
#include <sys/types.h>

struct sshproc {
	pid_t pid;	 /* 0: not running */
	int in_fd;	 /* our end of its input; never written to */
	int out_fd;	 /* the session's output; non-blocking; -1 at its end */
	int err_fd;	 /* ssh's own messages; likewise */
	unsigned indent; /* columns of the user's terminal that its own does not have */
};

void sshproc_init(struct sshproc *p);

/* 0; -ENOENT if there is no such program; another negative errno. */
int sshproc_start(const char *const *argv, bool pty, struct sshproc *p);

/* True once it has ended (and is reaped). */
bool sshproc_reap(struct sshproc *p);

void sshproc_signal(const struct sshproc *p, int sig);

/* Passes the size of the user's terminal on. */
void sshproc_resize(const struct sshproc *p);

/* Closes the descriptors. */
void sshproc_close(struct sshproc *p);

#endif
