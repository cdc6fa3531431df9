/* SPDX-License-Identifier: ISC */
/* The client's end: the terminal that sshd made for it, or none. */
#ifndef AUTHKEYS_SESSION_TTY_H
#define AUTHKEYS_SESSION_TTY_H

#include <stdbool.h>

struct session_style;

/* Makes lines end properly and Ctrl-C work, whatever modes the client asked for: some ask for raw ones.
 * Nothing without a terminal. */
void session_tty_prepare(void);
/* Columns and colours as they are now. */
void session_tty_style(struct session_style *ret_style);

/* From now on Ctrl-C ends the whole login, quietly: exit status 0, and should the connection still be there
 * after a moment (a client waits for its forwarded connections), it is closed. */
void session_tty_end_on_interrupt(void);

#endif
