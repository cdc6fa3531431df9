/* SPDX-License-Identifier: ISC */
/* mysocketctl socket create */
#include <json-c/json.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/resource.h"
#include "helper/socket_request.h"
#include "helper/socket_table.h"
#include "lib/cleanup.h"

struct options {
	struct ctl_common common;
	struct socket_request socket;
};

static const struct ctl_option table[] = {
	{ "name", CTL_OPTION_STRING, SOCKET_REQUEST_OPTION(struct options, name), .metavar = "TEXT",
	  .help = "What you call it", .required = true },
	SOCKET_REQUEST_OPTIONS(struct options),
};

static int print(struct ctl *ctl, const struct socket_request *request, struct json_object *answer,
		 const struct socket_info *socket)
{
	int r;

	if (ctl->json)
		return ctl_print_json(ctl, answer);
	r = socket_table_print(ctl, socket, 1);
	return r < 0 ? r : socket_request_print_login(ctl, request, socket);
}

static int run(struct ctl *ctl, const void *values)
{
	struct socket_request request = ((const struct options *)values)->socket;
	struct json_object *answer = NULL;
	struct socket_info socket;
	int r = socket_request_prepare(ctl, &request);

	if (r == 0)
		r = socket_request_send(ctl, &request, "/socket", &answer, &socket);
	if (r == 0) {
		r = print(ctl, &request, answer, &socket);
		socket_info_clear(&socket);
	}
	json_object_put(answer);
	socket_request_clear(&request);
	return r;
}

const struct ctl_command cmd_socket_create = {
	.name = "socket create",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_TOKEN,
	.summary = "Create a socket: a public name, and for tcp and tls a port.",
};
