/* SPDX-License-Identifier: ISC */
/* What a probe says to an origin, so that it answers as it would a visitor: a request with the socket's Host, behind a
 * PROXY header if the socket's settings ask for one (of the kind LOCAL, which says that it is for nobody else). */
#ifndef NODE_QUESTION_H
#define NODE_QUESTION_H

#include <stdbool.h>

struct node_tunnel;
struct strbuf;

#define QUESTION_MAX 4096
#define QUESTION_HEALTH_AGENT "mysocket-health"
#define QUESTION_DOCTOR_AGENT "mysocket-doctor"

/* Appends it; `method` is HEAD or GET. True if an answer is due: nothing is asked of a tcp or tls socket, who knows
 * which end is to speak first? */
bool question_write(struct strbuf *sb, const struct node_tunnel *tunnel, const char *method,
		    const char *agent);

#endif
