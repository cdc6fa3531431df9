/* SPDX-License-Identifier: ISC */
/* Asks for all sockets of the account and looks for a name in them. */
#include "helper/socket_find.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "helper/ctl.h"
#include "helper/resource.h"
#include "lib/cleanup.h"

static bool is_called(const struct socket_info *s, const char *text)
{
	size_t label = strcspn(s->dnsname, ".");

	return (s->name && strcmp(s->name, text) == 0) || strcasecmp(s->dnsname, text) == 0 ||
	       (strlen(text) == label && strncasecmp(s->dnsname, text, label) == 0);
}

/* How many of the list are called so; the id of the last. */
static int count_called(struct ctl *ctl, struct json_object *list, const char *text,
			char ret_socket_id[ID_UUID_SIZE])
{
	char why[RESOURCE_WHY_SIZE];
	struct socket_info s;
	int count = 0;

	if (!json_object_is_type(list, json_type_array))
		return ctl_bad_answer(ctl, "a list of sockets is expected");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		if (socket_info_read(json_object_array_get_idx(list, i), &s, why) < 0)
			return ctl_bad_answer(ctl, why);
		if (is_called(&s, text)) {
			snprintf(ret_socket_id, ID_UUID_SIZE, "%s", s.socket_id);
			count++;
		}
		socket_info_clear(&s);
	}
	return count;
}

int socket_find(struct ctl *ctl, const char *text, char ret_socket_id[ID_UUID_SIZE])
{
	struct json_object *list = NULL;
	int r;

	if (id_is_uuid(text)) {
		snprintf(ret_socket_id, ID_UUID_SIZE, "%s", text);
		return 0;
	}
	r = ctl_call(ctl, "GET", "/socket", NULL, &list);
	if (r == 0)
		r = count_called(ctl, list, text, ret_socket_id);
	json_object_put(list);
	if (r == 0)
		return ctl_fail(ctl, -ENOENT,
				"you have no socket '%.60s': 'mysocketctl socket ls' lists them",
				text);
	if (r > 1)
		return ctl_fail(ctl, -EEXIST,
				"%d of your sockets are called '%.60s': give the id, as "
				"'mysocketctl socket ls' lists it",
				r, text);
	return r < 0 ? r : 0;
}
