/* SPDX-License-Identifier: ISC */
/* Certificates for host names of their owners' own, from mysocket-api into HAProxy. It has them until it is started again;
 * across its reloads they are kept in files (edge_cert_files.h). The map of edge_settings.h says which ones it has: so its
 * lines (edge_map.h) are what there is to do. Those of live names are kept here, too: a new process of HAProxy gets them,
 * whether the API is there or not.
 *
 * One costs HAProxy some milliseconds, in which it serves nobody, and routes are told to it over the same connection. So
 * they wait until it has all routes, and go there one after the other, each once the one before is in: what else is to be
 * told comes between them.
 *
 * What HAProxy refuses is logged, and tried again with each comparison; what it had before stays.
 *
 * MUST 1: a certificate is used for the one name that it was given for, whatever other names are in it (an SNI filter):
 *         who brought it may have written any names of other people into it. */
#ifndef NODE_EDGE_CERTS_H
#define NODE_EDGE_CERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "node/edge_cert_files.h"
#include "node/edge_keys.h"

struct edge_cli;
struct edge_map;
struct event_base;
struct node_http;

#define EDGE_CERTS_RETRY_MS 5000
#define EDGE_CERTS_TIMEOUT_MS 10000
#define EDGE_CERTS_PEM_MAX 19000 /* HAProxy's tune.bufsize holds it */

/* The one that was sent, until HAProxy's last answer about it. */
struct edge_certs_load {
	struct edge_cert *cert; /* NULL: it is not wanted any more */
	char domain[EDGE_KEY_SIZE];
	bool is_new; /* HAProxy had none for the name */
	size_t successes;
};

struct edge_certs {
	struct event_base *base;
	struct node_http *http;
	struct edge_cli *cli; /* set by who makes it, before anything is to be sent */
	struct edge_cert_files files;
	LIST_HEAD(, edge_cert) list; /* of live names; or asked for, or to be asked for again */
	TAILQ_HEAD(, edge_cert) due; /* those of them that wait to be loaded */
	bool is_open;		     /* HAProxy has the routes */
	bool is_loading;
	struct edge_certs_load load;
};

/* `folder` (edge_cert_files.h) is kept. 0 or -ENOMEM. */
int edge_certs_init(struct edge_certs *certs, struct event_base *base, struct node_http *http,
		    const char *folder);
void edge_certs_clear(struct edge_certs *certs);

/* The connection is gone: what was sent to HAProxy is not answered, nor what waits wanted. */
void edge_certs_forget(struct edge_certs *certs);
/* None is sent from here on: what HAProxy has is about to be known. */
void edge_certs_hold(struct edge_certs *certs);
/* Lines of `show ssl crt-list`, then of `show map` for `map`. A process may have read the one before and the other after they
 * were written: what it lists and nobody wants goes, what it only has in its map is none. What it has and the files have
 * not is different from what is wanted. */
void edge_certs_sync_listed(struct edge_certs *certs, const struct edge_map *map, const char *line);
void edge_certs_sync_line(struct edge_certs *certs, struct edge_map *map, const char *line);
/* What waits is sent, and what comes. */
void edge_certs_go(struct edge_certs *certs);

/* Is it a command about the map of certificates? Then it is sent once the certificate is loaded: unless it is kept
 * in that version, the API is asked for it, again and again until there is an answer. */
bool edge_certs_take(struct edge_certs *certs, const char *command);

#endif
