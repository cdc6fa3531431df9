/* SPDX-License-Identifier: ISC */
/* Why ssh ended, learned from what it and the server printed. */
#ifndef HELPER_SSHLINE_H
#define HELPER_SSHLINE_H

#include <stdbool.h>

#include "helper/supervisor.h"
#include "lib/denial.h"

/* The larger a reason, the more it tells: it stays when a smaller one follows. */
enum ssh_reason {
	SSH_REASON_NONE,
	SSH_REASON_CLOSED,	    /* the connection ended or broke */
	SSH_REASON_SILENT,	    /* the peer answers no more */
	SSH_REASON_CONNECT,	    /* no connection */
	SSH_REASON_RESOLVE,	    /* no such host */
	SSH_REASON_PROXY,	    /* no connection through the proxy */
	SSH_REASON_FORWARD,	    /* the relay port was refused */
	SSH_REASON_KEY,		    /* no key was taken */
	SSH_REASON_KEY_FILE,	    /* nor was one tried that others may read */
	SSH_REASON_KEYS,	    /* too many keys were offered before the right one */
	SSH_REASON_OPTIONS,	    /* ssh did not take an option */
	SSH_REASON_VERSION,	    /* the two sides have no algorithm in common */
	SSH_REASON_HOST_KEY,	    /* the server is not the one that the API named */
	SSH_REASON_NO_PROXYCOMMAND, /* ssh cannot run mysocket-proxycommand */
	SSH_REASON_NO_SSH,	    /* there is no ssh to run */
	SSH_REASON_DENIED,	    /* the service said why */
	SSH_REASON_COUNT,
};

struct sshline {
	enum ssh_reason reason;
	enum denial denial;   /* with SSH_REASON_DENIED */
	bool passed_over_key; /* ssh did not use one that others may read */
};

/* A line that ssh wrote to standard error (banners of the server included). */
void sshline_from_ssh(struct sshline *s, const char *line);

/* A line of the session's output, without colours. Only one that begins with the service's own words counts: requests of
 * visitors are printed there too. */
void sshline_from_session(struct sshline *s, const char *line);

/* True if the line only says what we, or the session, say ourselves: "Connection to ... closed.", and for each visitor
 * "connect_to <host> port <port>: failed." */
bool sshline_is_noise(const char *line);

/* What ssh's end means to the supervisor. */
enum supervisor_event sshline_event(const struct sshline *s);

/* What happened, and what to do about it: a sentence without a capital and a full stop. */
const char *sshline_explain(const struct sshline *s);

#endif
