/* SPDX-License-Identifier: ISC */
/* What runs of mysocketctl tell each other: each keeps a small JSON document up to date, which `status` reads.
 *
 *	<folder>/<pid>.json	{"pid", "command", "file", "started", "message", "tunnels": [{"name", "type", "url",
 *				"origin", "socket_id", "tunnel_id", "state", "since", "reconnects", "retry_ms",
 *				"error", "code"}]}
 *	<folder>/<pid>.lock	flock(2)ed by that run for as long as it lives, however it ends
 *
 * The folder is private: $XDG_RUNTIME_DIR/mysocket, else ~/.cache/mysocket/runs. A lock says more than a process id, which
 * somebody else may have by now. */
#ifndef HELPER_RUNSTATUS_H
#define HELPER_RUNSTATUS_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/supervise.h"

struct json_object;

/* One connection; strings are kept by reference, none is NULL. */
struct runstatus_tunnel {
	const char *name, *type, *url, *socket_id, *tunnel_id;
	const char *host; /* with `port`, the origin */
	int64_t port;
	struct supervise_status status;
};

struct runstatus {
	char path[PATH_MAX]; /* without ".json"; "": nothing is published */
	int lock_fd;
	int64_t started;     /* seconds since the epoch */
	const char *command; /* "up"; kept by reference, as are the next two */
	const char *file;    /* the file of `up`; "": none */
	const char *message; /* what it waits for, if not for its tunnels; "": nothing */
	struct runstatus_tunnel *tunnels; /* the caller's */
	size_t count;
};

/* Makes the two files, and removes those that killed runs have left. 0; or a negative errno, and then the others do
 * nothing: a run can do its work without. */
int runstatus_begin(struct runstatus *ret_s, const char *command, const char *file);

/* Writes the document anew. */
void runstatus_write(const struct runstatus *s);

/* Removes both files; the folder too, if it is empty. */
void runstatus_end(struct runstatus *s);

/* The document as it is written; NULL if out of memory. */
struct json_object *runstatus_json(const struct runstatus *s);

/* Reads the documents of all runs of this user, oldest first, and removes those of runs that are gone. 0 with *ret_list (a
 * JSON array, json_object_put() it), or -ENOMEM. */
int runstatus_list(struct json_object **ret_list);

#endif
