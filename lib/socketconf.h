/* SPDX-License-Identifier: ISC */
/* The settings of one socket that its owner may change while it is live: fields of a socket in the REST API, and the
 * member `settings` of a tunnel in what a node is told (lib/nodeapi.h). Both ends check them by this one reader.
 *
 *	sticky			bool	http, https: a visitor keeps to the tunnel that served the first request
 *	proxy_protocol		bool	any type: the origin gets a PROXY protocol v2 header before each connection
 *	allowed_networks	list of networks (lib/cidr.h), any type: not empty = visitors from elsewhere are refused
 *	denied_networks		the same: visitors from there are refused, even if allowed_networks has them
 *	host_header		string	http, https: what the origin gets as Host; "": what the visitor sent
 *	remove_request_headers	list of names, http, https: the origin does not get these
 *	add_request_headers	list of {"name", "value"}, http, https: after the removal, and in place of whatever the
 *				visitor sent by that name; each name (in any case) once
 *	rate_limit		int	any type: requests per second of one client address, more are answered 429; of a tcp or tls
 *				socket connections, more are closed; 0: any
 *	domains			list of host names, http, https, tls: names of its owner's own under which the socket answers
 *				as well, proven. Only for nodes: the REST API has calls of its own.
 *	certificates		list of "<one of domains>/<version>": it has a certificate, which GET /node/certificate/ has; the
 *				version is another one for another certificate. Only for nodes, too.
 *
 * Absent or null = default = false, 0, "", empty. Unknown members are ignored, so that an older node serves on.
 *
 * Header names: tokens (RFC 9110 5.1) of at most 64 bytes; never what the edge itself decides (Host, Content-Length,
 * Connection and the other hop-by-hop headers, Expect, Forwarded, X-Forwarded-*, X-Real-IP, X-Mysocket-*; '_' counts as
 * '-' here, as it does for CGI programs). Values: 1 to 1,024 printable ASCII characters, no space at either end. */
#ifndef LIB_SOCKETCONF_H
#define LIB_SOCKETCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cidr.h"
#include "lib/json.h"

#define SOCKETCONF_NETWORKS_MAX 32
#define SOCKETCONF_HEADERS_MAX 16
#define SOCKETCONF_NAME_MAX 64
#define SOCKETCONF_VALUE_MAX 1024
#define SOCKETCONF_RATE_MAX 100000
#define SOCKETCONF_DOMAINS_MAX 8
#define SOCKETCONF_JSON_MAX 4096 /* all that owners set, as JSON without what is at its default */
#define SOCKETCONF_TEXT_MAX 9216 /* with domains and certificates */
#define SOCKETCONF_ERROR_SIZE 320

struct socketconf_header {
	char *name, *value;
};

struct socketconf {
	bool sticky;
	bool proxy_protocol;
	int64_t rate_limit;
	char *host_header; /* NULL: none */
	struct cidr *allowed, *denied;
	size_t allowed_count, denied_count;
	struct socketconf_header *add;
	size_t add_count;
	struct json_strings remove;
	struct json_strings domains;
	struct json_strings certificates;
};

/* Reads the members of `o` for a socket of `type` (http, https, tcp, tls). 0 (socketconf_clear() it); -EINVAL with
 * a sentence that names the field and the remedy; -ENOMEM. */
int socketconf_read(struct json_object *o, const char *type, struct socketconf *ret_conf,
		    char ret_why[SOCKETCONF_ERROR_SIZE]);
void socketconf_clear(struct socketconf *conf);
/* True if nothing is set. */
bool socketconf_is_default(const struct socketconf *conf);

/* Adds them to `o`, in their one spelling: all that owners set (what an answer of the REST API shows), or what is not
 * at its default (what a node is told). 0 or -ENOMEM. */
int socketconf_write_all(const struct socketconf *conf, struct json_object *o);
int socketconf_write(const struct socketconf *conf, struct json_object *o);

/* Puts what `from` has of what owners set into `into`; null takes one out. 0 or -ENOMEM. */
int socketconf_merge(struct json_object *into, struct json_object *from);
/* Is `name` one of the settings that owners set? */
bool socketconf_has(const char *name);

#endif
