/* SPDX-License-Identifier: ISC */
/* The options of `socket create`, `socket set` and `connect` that say how the edge is to serve a socket, and the members
 * of a request's body that they become (lib/socketconf.h). The service checks what they mean. */
#ifndef HELPER_SETTINGS_REQUEST_H
#define HELPER_SETTINGS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "helper/options.h"

struct ctl;
struct json_object;

struct settings_request {
	bool sticky, no_sticky;
	bool proxy_protocol, no_proxy_protocol;
	struct ctl_list allow, deny; /* networks; several may stand in one, with commas */
	struct ctl_list add_header;  /* "Name: value" */
	struct ctl_list remove_header;
	const char *host_header;
	const char *rate_limit;
	const char *subdomain;
};

/* Rows of an option table; `base`: the offset of the struct settings_request in the options struct. */
#define SETTINGS_REQUEST_AT(base, member) ((base) + offsetof(struct settings_request, member))
/* clang-format off */
#define SETTINGS_REQUEST_OPTIONS(base)                                                                  \
	{ "subdomain", CTL_OPTION_STRING, SETTINGS_REQUEST_AT(base, subdomain), .metavar = "NAME",      \
	  .help = "First part of the public name, if nobody has it; kept for you" },                    \
	{ "sticky", CTL_OPTION_FLAG, SETTINGS_REQUEST_AT(base, sticky),                                 \
	  .help = "A visitor keeps to one tunnel (http and https)" },                                   \
	{ "proxy-protocol", CTL_OPTION_FLAG, SETTINGS_REQUEST_AT(base, proxy_protocol),                 \
	  .help = "Tell the local service the visitor's address by the PROXY protocol, version 2" },    \
	{ "allow", CTL_OPTION_LIST, SETTINGS_REQUEST_AT(base, allow), .metavar = "CIDR",                \
	  .help = "Let in visitors from this network alone; may be given several times" },              \
	{ "deny", CTL_OPTION_LIST, SETTINGS_REQUEST_AT(base, deny), .metavar = "CIDR",                  \
	  .help = "Refuse visitors from this network; may be given several times" },                    \
	{ "host-header", CTL_OPTION_STRING, SETTINGS_REQUEST_AT(base, host_header),                     \
	  .metavar = "HOST", .help = "What the local service gets as Host (http and https)" },          \
	{ "add-header", CTL_OPTION_LIST, SETTINGS_REQUEST_AT(base, add_header),                         \
	  .metavar = "HEADER",                                                                          \
	  .help = "'Name: value' that the local service gets with each request, in place of the "       \
		  "visitor's; may be given several times" },                                            \
	{ "remove-header", CTL_OPTION_LIST, SETTINGS_REQUEST_AT(base, remove_header),                   \
	  .metavar = "NAME",                                                                            \
	  .help = "Header that the local service does not get; may be given several times" },           \
	{ "rate-limit", CTL_OPTION_STRING, SETTINGS_REQUEST_AT(base, rate_limit),                       \
	  .metavar = "COUNT",                                                                           \
	  .help = "Requests per second of one visitor's address (tcp and tls: connections); 0: any" }
/* Of a socket that exists. */
#define SETTINGS_REQUEST_NEGATIONS(base)                                                                \
	{ "no-sticky", CTL_OPTION_FLAG, SETTINGS_REQUEST_AT(base, no_sticky),                           \
	  .help = "Visitors need not keep to one tunnel any more" },                                    \
	{ "no-proxy-protocol", CTL_OPTION_FLAG, SETTINGS_REQUEST_AT(base, no_proxy_protocol),           \
	  .help = "No PROXY protocol any more" }
/* clang-format on */

/* Adds what was given to a body; "none" empties a list. 0, or a negative errno, said. */
int settings_request_add(struct ctl *ctl, const struct settings_request *request,
			 struct json_object *body);
/* The same of a request whose spelling has been checked: 0 or -ENOMEM. */
int settings_request_body(const struct settings_request *request, struct json_object *body);
/* Warns if the service has not taken a setting of `body` (it is older than they are). */
void settings_request_warn(const struct ctl *ctl, struct json_object *body,
			   struct json_object *answer);

#endif
