/* SPDX-License-Identifier: ISC */
/* mysocketctl domain add: claims a host name, or leads one that is claimed to another socket. */
#include <errno.h>
#include <json-c/json.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/domain.h"
#include "helper/rest.h"
#include "helper/socket_find.h"
#include "lib/cleanup.h"

struct options {
	struct ctl_common common;
	const char *socket;
};

static const struct ctl_option table[] = {
	{ "socket_id", CTL_OPTION_STRING, offsetof(struct options, socket), .metavar = "TEXT",
	  .help = "The socket that it leads to: its id, or what it is called" },
};

static int change(struct ctl *ctl, const char *path, const char *socket_id,
		  struct json_object **ret_answer)
{
	struct json_object *body = ctl_json_strings("socket_id", socket_id, NULL);
	int r = body ? ctl_call(ctl, "PATCH", path, body, ret_answer)
		     : ctl_fail(ctl, -ENOMEM, "out of memory");

	json_object_put(body);
	return r;
}

static int add(struct ctl *ctl, const char *path, const char *socket_id,
	       struct json_object **ret_answer)
{
	struct json_object *body = ctl_json_strings("domain", ctl->args.items[0], "socket_id",
						    socket_id ? socket_id : "", NULL);
	int r;

	if (!body)
		return ctl_fail(ctl, -ENOMEM, "out of memory");
	r = rest_call(ctl->rest, "POST", "/domain", body, ret_answer);
	json_object_put(body);
	if (r == -EEXIST && socket_id)
		return change(ctl, path, socket_id, ret_answer);
	return r < 0 ? ctl_say_rest(ctl, r) : 0;
}

static int run(struct ctl *ctl, const void *values)
{
	const struct options *options = values;
	struct json_object *answer = NULL;
	char path[DOMAIN_PATH_SIZE], socket_id[ID_UUID_SIZE];
	int r = domain_path(ctl, "", path);

	if (r == 0 && options->socket)
		r = socket_find(ctl, options->socket, socket_id);
	if (r == 0)
		r = add(ctl, path, options->socket ? socket_id : NULL, &answer);
	if (r == 0)
		r = domain_print(ctl, answer);
	json_object_put(answer);
	return r;
}

const struct ctl_command cmd_domain_add = {
	.name = "domain add",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.args = "DOMAIN",
	.flags = CTL_NEEDS_TOKEN,
	.summary = "Lead a host name of your own to a socket.",
	.description =
		"It is yours once the DNS says so: what it must say is printed. One that you have "
		"added before is led to the socket given now. This is for sockets of type http, "
		"https and tls; a tcp socket shows no certificate, and a name that is a CNAME of its "
		"public name is enough.",
};
