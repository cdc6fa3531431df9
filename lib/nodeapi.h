/* SPDX-License-Identifier: ISC */
/* What mysocket-node asks of mysocket-api, over HTTP. Every request carries
 * "Authorization: Bearer <node secret>" (conf: node_secret_file) and "X-Mysocket-Node: <node name>"; without the right secret the
 * answer is 404, as if these routes were not there. Errors as in REST.md.
 *
 * GET /node/login/<ssh user>	(account's or tunnel's 32 hex digits)
 *	200 {"user_id", "user_name", "suspended": bool, "confirmed": bool, "seq": <feed position>,
 *	     "keys": [{"type", "blob"}],
 *	     "tunnels": [{"tunnel_id", "socket_id", "socket_name", "dnsname", "socket_type", "url",
 *	                  "local_port": <int>, "public_port": <int>, "protected": <secret>,
 *	                  "settings": {...}}]}
 *	public_port = the port that visitors of a tcp or tls socket connect to; 0 for the others, which share theirs.
 *	secret = "" if anybody may visit the socket, else what visitors must prove to know: 16 hex digits of salt, ":",
 *	64 upper-case hex digits, the SHA-256 of <salt><username>:<password>. An answer without it is an error.
 *	settings = what is not at its default of the socket's settings (lib/socketconf.h); absent if all are. At most
 *	SOCKETCONF_TEXT_MAX bytes, and the same for each tunnel of a socket.
 *	404 {"error_message"}: no such user. A tunnel's user gets that one tunnel, an account's all.
 *
 * GET /node/certificate/<domain>	(one of a socket's `domains`, in lower case)
 *	200, application/x-pem-file: the certificate for visitors of that name, its chain, its private key; for the edge,
 *	never for a file that others can read. 404: there is none. A new one is told by socket_changed.
 *
 * GET /node/feed?since=<N>&wait=<seconds, at most 60>
 *	200, application/x-ndjson: one event per line, oldest first, at most 1,000; empty when nothing
 *	happened within `wait`. Then ask again with the last line's seq. since=-1: no events, one line
 *	{"seq": <newest>, "event": "start"} at once: where a new node begins.
 *	410: `since` is older than what is kept, or newer than the newest (the database was replaced): drop all
 *	caches, check every session again with /node/login, go on with since=-1.
 *	{"seq", "event", "user_id", "user_name", "socket_id", "tunnel_id", "node"}: fields that do not apply are absent.
 *	event = socket_created | socket_deleted | socket_changed | tunnel_created | tunnel_deleted | key_added |
 *	        key_deleted | account_changed (suspended or not, confirmed) | tunnel_up | tunnel_down
 *	socket_changed: its settings, a certificate, or its name and thereby dnsname and url. Type, ports and protection never change. Ask
 *	/node/login again for the account; sessions and relays stay, routes and what the edge knows follow within a second.
 *
 * POST /node/tunnel/<tunnel_id>/up	{"node": <name>, "address": <public address or name of this tunnel server>}	204
 * POST /node/tunnel/<tunnel_id>/down	{"node": <name>}	204
 *	`up` sets the tunnel's tunnel_server; 404 if the tunnel was deleted.
 */
#ifndef LIB_NODEAPI_H
#define LIB_NODEAPI_H

#include <stdbool.h>

#define NODEAPI_LOGIN "/node/login/"
#define NODEAPI_FEED "/node/feed"
#define NODEAPI_CERTIFICATE "/node/certificate/"
#define NODEAPI_TUNNEL "/node/tunnel/"
#define NODEAPI_NODE_HEADER "X-Mysocket-Node"

#define NODEAPI_SALT_LEN 16
#define NODEAPI_HASH_LEN 64
#define NODEAPI_SECRET_SIZE (NODEAPI_SALT_LEN + 1 + NODEAPI_HASH_LEN + 1)

/* Reasons for a row in the feed; order is the protocol's spelling table in nodeapi.c. */
enum nodeapi_event {
	NODEAPI_START,
	NODEAPI_SOCKET_CREATED,
	NODEAPI_SOCKET_DELETED,
	NODEAPI_TUNNEL_CREATED,
	NODEAPI_TUNNEL_DELETED,
	NODEAPI_KEY_ADDED,
	NODEAPI_KEY_DELETED,
	NODEAPI_ACCOUNT_CHANGED,
	NODEAPI_TUNNEL_UP,
	NODEAPI_TUNNEL_DOWN,
	NODEAPI_SOCKET_CHANGED,
	NODEAPI_EVENT_COUNT,
};

const char *nodeapi_event_name(enum nodeapi_event e);
/* 0 with *ret_event, or -EINVAL. */
int nodeapi_event_parse(const char *name, enum nodeapi_event *ret_event);

/* Is it a secret as above, or ""? */
bool nodeapi_secret_is_valid(const char *secret);

#endif
