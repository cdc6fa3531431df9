/* SPDX-License-Identifier: ISC */
/* What a login may ask for instead of a tunnel (lib/nodewire.h, `command`).
 *
 * MUST 1: a command sees and ends only what its login could open: tunnels of the account, or the one tunnel of a tunnel's
 *         own login.
 * MUST 2: its session has no listeners: what its client forwarded meanwhile never got traffic, or the command is refused. */
#ifndef NODE_COMMAND_H
#define NODE_COMMAND_H

#define COMMAND_ROWS 200 /* that `who` shows */

struct session;

/* Takes over fd (also on failure) and answers. `argument` may be NULL. */
void command_run(struct session *session, int fd, const char *name, const char *argument);

#endif
