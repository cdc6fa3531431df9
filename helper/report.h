/* SPDX-License-Identifier: ISC */
/* What running tunnels tell their user: sentences, or with --json one object per line on standard output:
 *
 *	{"event": "connecting", "server"}	{"event": "up", "reconnects"}	{"event": "log", "line"}
 *	{"event": "ssh", "line"}		{"event": "disconnected", "reason", "retry_ms"}
 *	{"event": "denied", "reason", "code"}	{"event": "ended"}
 *
 * One of several tunnels has a label: "[label] " in front of its sentences, "tunnel": label in its events.
 * Nothing here blocks: text goes to outlets. What ssh and its session say is voice.h's. */
#ifndef HELPER_REPORT_H
#define HELPER_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "helper/outlet.h"

struct sshline;

struct report {
	bool json;
	struct outlet out, err;
};

/* Whom an event is about. */
struct report_name {
	const char *server;
	const char *label; /* NULL: the only one */
};

void report_init(struct report *r, bool json);
void report_clear(struct report *r);

void report_connecting(struct report *r, const struct report_name *name);
void report_up(struct report *r, const struct report_name *name, unsigned reconnects);
/* A second ssh took the place of the first, and why it did not. */
void report_renewed(struct report *r, const struct report_name *name, unsigned reconnects);
void report_not_renewed(struct report *r, const struct report_name *name, const struct sshline *why,
			bool trying);
void report_closed(struct report *r, const struct report_name *name);
void report_reconnecting(struct report *r, const struct report_name *name,
			 const struct sshline *why, int64_t delay_ms);
void report_retry(struct report *r, const struct report_name *name, const struct sshline *why,
		  int64_t delay_ms);
void report_denied(struct report *r, const struct report_name *name, const struct sshline *why);
void report_bye(struct report *r);

/* With --json: an event with a line of text. */
void report_line(struct report *r, const struct report_name *name, const char *event,
		 const char *line);
/* Appends "[label] ", or nothing. */
void report_label(const struct report_name *name, struct strbuf *sb);

#endif
