/* SPDX-License-Identifier: ISC */
/* Asks a service's API for type and port of a socket (GET /lookup/<public name>, api/lookup.c on the other side). No
 * token is needed, and none is sent. */
#ifndef PROXYCOMMAND_LOOKUP_H
#define PROXYCOMMAND_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "proxycommand/net.h"
#include "proxycommand/target.h"

struct strbuf;

/* The base URL to ask about names below `domain`, and what it needs to be: https, or http to this host itself; no user,
 * query or fragment. `given` (--api) if it is not NULL; else `configured` (may be NULL) if its host is api.<domain>,
 * and then *ret_configured is true; else https://api.<domain>. 0 with *ret_url (heap) and its host; -EINVAL with a
 * sentence; -ENOMEM. */
int lookup_api(const char *given, const char *configured, const char *domain, char **ret_url,
	       char ret_host[TARGET_HOST_SIZE], bool *ret_configured, char *ret_why, size_t size);

/* The domain that `host` is one label below, if the API that is named (--api, else configured) is that domain's: then the
 * host may be a socket whose owner chose its name. NULL if not, and for the service's own names, api and ssh. Points into
 * `host`. */
const char *lookup_chosen(const char *given, const char *configured, const char *host);

/* May `host` be a host name of a socket owner's own? Any that is not below the domain of the API that --api names; not
 * asked unless that is given, since no API is told where its user connects to without being asked. */
bool lookup_may_be_own(const char *given, const char *host);

/* Fills in ret_target's port and tls; its host is set. 0; else a negative errno with a sentence: -ENOENT: no tcp or tls
 * socket has this name; others as net_why(), and -EBADMSG: who answered is no such API. */
int lookup_ask(const struct net *net, const char *api, const char *api_host,
	       struct target *ret_target, char *ret_why, size_t size);

/* The answer's part of it, for the tests: what `status` and `body` mean. */
int lookup_read(const char *api, long status, const char *body, size_t len,
		struct target *ret_target, char *ret_why, size_t size);

#endif
