/* SPDX-License-Identifier: ISC */
/* On which terms HAProxy serves the visitors of a name: flags beside the number of relays in its route (edge_routes.h),
 * and the lines of its maps (haproxy.d) that these announce:
 *
 *	protected.map	<label> <secret of lib/nodeapi.h>			EDGE_PROTECTED
 *	settings.map	<label> <rate>:<headers>:<host>				EDGE_RATE, EDGE_HEADERS, EDGE_HOST
 *			headers = base64 of lines "-<name>" and "+<name>: <value>"
 *	networks.map	<key of edge_networks.h> allow|deny			EDGE_NETWORKS
 *	domains.map	<host name of its owner's own> <label>, and of a tls socket, whose label is its port, the same for the
 *			first part of its public name
 *	certificates	<such a host name> <label>/<version of its certificate>, written when that is loaded
 *
 * Maps are empty after each start and reload of HAProxy, but for that of certificates (edge_cert_files.h), the routes are
 * not: a name whose route announces a line is not served before that is there.
 *
 * MUST 1: lines are written before the route that announces them, and removed after it. A certificate goes before the
 *         line in domains.map that says whose it is: what shows it by then still knows.
 * MUST 2: what comes from outside reaches a command checked (lib/socketconf.h) and in base64, or of characters that
 *         are harmless there. */
#ifndef NODE_EDGE_SETTINGS_H
#define NODE_EDGE_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/paths.h"
#include "node/edge_map.h"

#define EDGE_CERTIFICATES_MAP PATHS_CERTIFICATES "/map"

/* In a route's count; the same numbers are in haproxy.d. */
enum edge_flag {
	EDGE_PROTECTED = 1 << 16, /* visitors need a password */
	EDGE_HTTPS = 1 << 17,	  /* plain http leads to https */
	EDGE_NETWORKS = 1 << 18,
	EDGE_RATE = 1 << 19,
	EDGE_HEADERS = 1 << 20,
	EDGE_HOST = 1 << 21,
	EDGE_PROXY = 1 << 22,  /* the origin gets PROXY protocol v2 */
	EDGE_STICKY = 1 << 23, /* visitors keep to their tunnel */
};

/* Strings as node_tunnel has them (node_login.h): "" is none; `settings` is JSON of lib/socketconf.h; `name` is the first
 * label of the public name, which only a tls socket needs, NULL if there is none. `owner` is the socket_id, NULL if it
 * does not matter. */
struct edge_terms {
	const char *type, *secret, *settings, *name, *owner;
};

enum edge_map_id {
	EDGE_MAP_PROTECTED,
	EDGE_MAP_SETTINGS,
	EDGE_MAP_NETWORKS,
	EDGE_MAP_CERTIFICATES, /* before the next: lines are removed in this order */
	EDGE_MAP_DOMAINS,
	EDGE_MAP_COUNT,
};

struct edge_settings {
	struct edge_map maps[EDGE_MAP_COUNT];
	struct strmap labels; /* of those that have settings */
};

void edge_settings_init(struct edge_settings *settings,
			void (*emit)(void *arg, const char *command), void *arg);
void edge_settings_clear(struct edge_settings *settings);

/* From now on these are the label's terms (NULL: http, open to all): emits new lines. 0 with *ret_flags; -ENOMEM, or
 * -EINVAL for settings that were never checked: then the label must not be routed by anything new. */
int edge_settings_set(struct edge_settings *settings, const char *label,
		      const struct edge_terms *terms, uint32_t *ret_flags);
/* The route has these flags by now: emits the removal of lines that edge_settings_set() left over. */
void edge_settings_trim(struct edge_settings *settings, const char *label, uint32_t flags);
/* The route is gone: so are all lines. */
void edge_settings_remove(struct edge_settings *settings, const char *label);

/* All maps at once: see edge_map.h. */
void edge_settings_sync_begin(struct edge_settings *settings);
void edge_settings_sync_prune(struct edge_settings *settings);

#endif
