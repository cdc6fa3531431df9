/* SPDX-License-Identifier: ISC */
/* Certificates for host names of their owners' own, from mysocket-api into HAProxy, and never into a file. HAProxy keeps
 * them until it is started again or reloaded; certificates.map, which it forgets likewise, says which ones it has: so its
 * lines (edge_map.h) are what there is to do. Those of live names are kept here, too: a new process of HAProxy gets them,
 * whether the API is there or not.
 *
 * One costs HAProxy some milliseconds, in which it serves nobody, and routes are told to it over the same connection. So
 * they wait until it has all routes, and go there one after the other, each once the one before is in: what else is to be
 * told comes between them.
 *
 * MUST 1: a certificate is used for the one name that it was given for, whatever other names are in it (an SNI filter):
 *         who brought it may have written any names of other people into it. */
#ifndef NODE_EDGE_CERTS_H
#define NODE_EDGE_CERTS_H

#include <stdbool.h>
#include <sys/queue.h>

struct edge_cli;
struct event_base;
struct node_http;

#define EDGE_CERTS_RETRY_MS 5000
#define EDGE_CERTS_TIMEOUT_MS 10000
#define EDGE_CERTS_PEM_MAX 19000 /* HAProxy's tune.bufsize holds it */

struct edge_certs {
	struct event_base *base;
	struct node_http *http;
	LIST_HEAD(, edge_cert) list; /* of live names; or asked for, or to be asked for again */
	TAILQ_HEAD(, edge_cert) due; /* those of them that wait to be loaded */
	bool is_open;		     /* HAProxy has the routes */
	bool is_loading;	     /* its answer to the last one is to come */
};

void edge_certs_init(struct edge_certs *certs, struct event_base *base, struct node_http *http);
void edge_certs_clear(struct edge_certs *certs);

/* What was sent to HAProxy is not answered, nor what waits wanted: the connection is a new one. */
void edge_certs_forget(struct edge_certs *certs);
/* None is sent from here on: what HAProxy has is about to be known. */
void edge_certs_hold(struct edge_certs *certs);
/* What waits is sent, and what comes. */
void edge_certs_go(struct edge_certs *certs);

/* Is it a command about certificates.map? Then it is sent to `cli` once the certificate is loaded: unless it is kept
 * in that version, the API is asked for it, again and again until there is an answer. */
bool edge_certs_take(struct edge_certs *certs, struct edge_cli *cli, const char *command);

#endif
