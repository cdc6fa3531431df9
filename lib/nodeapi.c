/* SPDX-License-Identifier: ISC */
/* The spelling of the feed's events and of secrets. */
#include "lib/nodeapi.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"

static const char *const event_names[NODEAPI_EVENT_COUNT] = {
	[NODEAPI_START] = "start",
	[NODEAPI_SOCKET_CREATED] = "socket_created",
	[NODEAPI_SOCKET_DELETED] = "socket_deleted",
	[NODEAPI_TUNNEL_CREATED] = "tunnel_created",
	[NODEAPI_TUNNEL_DELETED] = "tunnel_deleted",
	[NODEAPI_KEY_ADDED] = "key_added",
	[NODEAPI_KEY_DELETED] = "key_deleted",
	[NODEAPI_ACCOUNT_CHANGED] = "account_changed",
	[NODEAPI_TUNNEL_UP] = "tunnel_up",
	[NODEAPI_TUNNEL_DOWN] = "tunnel_down",
	[NODEAPI_SOCKET_CHANGED] = "socket_changed",
};

const char *nodeapi_event_name(enum nodeapi_event e)
{
	return event_names[e];
}

int nodeapi_event_parse(const char *name, enum nodeapi_event *ret_event)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(event_names); i++)
		if (!strcmp(event_names[i], name)) {
			*ret_event = (enum nodeapi_event)i;
			return 0;
		}
	return -EINVAL;
}

bool nodeapi_secret_is_valid(const char *secret)
{
	if (!secret[0])
		return true;
	return strspn(secret, "0123456789abcdef") == NODEAPI_SALT_LEN &&
	       secret[NODEAPI_SALT_LEN] == ':' &&
	       strspn(secret + NODEAPI_SALT_LEN + 1, "0123456789ABCDEF") == NODEAPI_HASH_LEN &&
	       secret[NODEAPI_SECRET_SIZE - 1] == '\0';
}
