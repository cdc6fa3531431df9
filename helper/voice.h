/* SPDX-License-Identifier: ISC */
/* What one ssh and its session say, on its way to the user: safe for the terminal, whole lines where several speak, and
 * heard for the reason of an end. */
#ifndef HELPER_VOICE_H
#define HELPER_VOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "helper/linebuf.h"
#include "helper/report.h"
#include "helper/termfilter.h"

struct sshline;

/* The session begins with a welcome:
 *
 *	Welcome to <service>! ... Logs / ======= / UTC client method ... */
enum voice_welcome {
	VOICE_GREETING, /* before "Logs" */
	VOICE_LOGS,	/* the line below it */
	VOICE_HEADING,	/* then the columns' names */
	VOICE_REQUESTS, /* after it */
};

struct voice {
	struct report *report;
	const struct report_name *name;
	bool colors;
	bool quiet; /* the welcome is not shown */
	enum voice_welcome welcome;
	unsigned welcome_lines;
	struct termfilter filter; /* where nobody else speaks: bytes are shown as they come */
	struct linebuf session_line, ssh_line;
	struct sshline *learn; /* what lines teach about ssh's end */
};

void voice_init(struct voice *v, struct report *report, const struct report_name *name, bool colors,
		bool quiet, struct sshline *learn);

/* Bytes of the session's output, and of ssh's standard error. */
void voice_session(struct voice *v, const char *data, size_t len);
void voice_ssh(struct voice *v, const char *data, size_t len);
/* ssh has ended: unfinished lines and colours end too. */
void voice_end(struct voice *v);

#endif
