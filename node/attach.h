/* SPDX-License-Identifier: ISC */
/* The connection of a session's mysocket-session: what the node tells the user (lib/nodewire.h, the stream after
 * `attach`). Never waits for the reader: lines that come faster than ATTACH_PACE_MS times LOG_QUEUE_LINES are dropped,
 * oldest first, and counted. */
#ifndef NODE_ATTACH_H
#define NODE_ATTACH_H

#include <stdbool.h>

#include "lib/denial.h"

#define ATTACH_PACE_MS 100
#define ATTACH_SNDBUF 16384

struct attach;
struct edge_record;
struct relay_listener;
struct session;

/* Takes over fd (also on failure) and answers `ok`; an earlier attach of the session is closed. 0 or -ENOMEM. */
int attach_new(struct session *session, int fd);
void attach_free(struct attach *attach);

/* The listener's role or names. */
void attach_tunnel(struct attach *attach, const struct relay_listener *listener);
/* Its origin's health. */
void attach_origin(struct attach *attach, const struct relay_listener *listener);
/* `of`: for a command, which names the tunnel as well; else NULL. */
void attach_log(struct attach *attach, const struct edge_record *record,
		const struct relay_listener *of);
void attach_notice(struct attach *attach, const char *text);
void attach_end(struct attach *attach, enum denial why);

/* ---- answers to a command ---- */
struct strbuf;
/* A message that is never dropped. */
void attach_send(struct attach *attach, struct strbuf *sb);
/* Adds a field of text from outside. */
void attach_add_escaped(struct strbuf *sb, const char *name, const char *value);
/* The last one. `text` may be "". */
void attach_done(struct attach *attach, bool ok, const char *text);

#endif
