/* SPDX-License-Identifier: ISC */
/* A command: one question to the node, its answers to the client, the end. */
#ifndef AUTHKEYS_SESSION_ASK_H
#define AUTHKEYS_SESSION_ASK_H

struct session_command;
struct session_node;

/* 0 if it was done, or the client is gone; -EPERM if it was not, for a reason that was shown; another negative errno if
 * the node could not be asked. */
int session_ask(struct session_node *node, const struct session_command *command);

#endif
