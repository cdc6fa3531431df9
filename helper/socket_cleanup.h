/* SPDX-License-Identifier: ISC */
/* Deletes the socket that `connect` made, when it ends. */
#ifndef HELPER_SOCKET_CLEANUP_H
#define HELPER_SOCKET_CLEANUP_H

struct ctl;

/* Tries for 10 s while the API is away; a Ctrl-C gives up. A socket that is gone already is fine. If it cannot be done,
 * prints the command that does it. 0 or a negative errno, said. */
int socket_cleanup(struct ctl *ctl, const char *socket_id);

#endif
