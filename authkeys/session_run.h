/* SPDX-License-Identifier: ISC */
/* The session itself: from the node to the client's terminal until either of them ends it. */
#ifndef AUTHKEYS_SESSION_RUN_H
#define AUTHKEYS_SESSION_RUN_H

struct session_node;

/* Returns 0 when the client is gone, and -EPERM when the node ended or refused the session (the reason was
 * shown), or another negative errno. Memory stays bounded: what the client does not take is not read. */
int session_run(struct session_node *node);

#endif
