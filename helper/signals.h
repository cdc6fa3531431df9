/* SPDX-License-Identifier: ISC */
/* Signals as bytes of a pipe, so that poll(2) sees them. One user at a time. */
#ifndef HELPER_SIGNALS_H
#define HELPER_SIGNALS_H

#include <stdbool.h>

/* Catches SIGINT, SIGTERM, SIGHUP (unless it was ignored: nohup), SIGCHLD and SIGWINCH. 0 or a negative errno. */
int signals_catch(void);
/* As it was before. */
void signals_release(void);

/* Readable when a signal has come. */
int signals_fd(void);

struct signals {
	unsigned interrupts; /* SIGINT, counted */
	bool terminate;	     /* SIGTERM, or SIGHUP of a terminal that is gone */
	bool renew;	     /* SIGHUP by hand */
	bool child;
	bool resized;
};

/* Interrupts and terminations since the last signals_take(), which still reports them. 0 if nothing is caught. */
unsigned signals_end_requests(void);

/* True once SIGTERM, or the end of the terminal, has come since signals_catch(): signals_take() does not change it. */
bool signals_terminated(void);

/* What came since the last call. */
void signals_take(struct signals *ret_seen);

#endif
