/* SPDX-License-Identifier: ISC */
/* Names of their owners' own: /domain. */
#ifndef API_DOMAIN_H
#define API_DOMAIN_H

#include "api/store_domain.h"

/* What stands in front of a name where a TXT record proves it. */
#define DOMAIN_CHALLENGE "_mysocket-challenge."

struct http_request;
struct json_object;

/* The path's name in lower case, as the account's claim; or answered 404. */
int api_domain_find(struct http_request *rq, struct store_domain *ret_domain);
/* Answers 200 with the claim as it is now. */
int api_domain_answer(struct http_request *rq, const char *domain);
/* Nodes that have a session of `user_id` look at the socket's names and certificates again; "": there is none. */
int api_domain_tell(struct http_request *rq, const char *user_id, const char *socket_id);
/* A new object: the ids of the account's sockets that names lead to which are proven, each with an object of the members
 * `domains` and `certificates` (lib/socketconf.h). 0 or a negative errno. */
int api_domain_lists(struct http_request *rq, const char *user_id, struct json_object **ret_o);

#endif
