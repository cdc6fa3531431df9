/* SPDX-License-Identifier: ISC */
/* Describes a new socket to the API. */
#include "helper/socket_request.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "helper/ctl.h"
#include "helper/password.h"
#include "helper/resource.h"
#include "helper/table.h"
#include "lib/cleanup.h"

const char *const socket_types[] = { "http", "https", "tcp", "tls", NULL };

static int check(struct ctl *ctl, const struct socket_request *q)
{
	if (!q->is_protected && (q->username || q->password || q->password_file))
		return ctl_usage(ctl, "--%s belongs to --protected: give that, too",
				 q->username   ? "username"
				 : q->password ? "password"
					       : "password-file");
	if (q->password && q->password_file)
		return ctl_usage(ctl, "give --password or --password-file, not both");
	if (!q->is_protected)
		return 0;
	if (strcmp(q->type, "http") != 0 && strcmp(q->type, "https") != 0)
		return ctl_usage(ctl, "--protected works with the types http and https, not '%s'",
				 q->type);
	if (!q->username || !*q->username)
		return ctl_usage(ctl, "--protected needs --username, the name that visitors give");
	return 0;
}

/* NULL adds nothing. */
static bool add_string(struct json_object *o, const char *name, const char *value)
{
	return !value || json_object_object_add(o, name, json_object_new_string(value)) == 0;
}

static struct json_object *make_body(const struct socket_request *q)
{
	struct json_object *o = ctl_json_strings("name", q->name, "socket_type", q->type, NULL);
	struct json_object *flag = json_object_new_boolean(q->is_protected);

	if (!o || !flag || json_object_object_add(o, "protected_socket", flag) < 0) {
		json_object_put(flag);
		json_object_put(o);
		return NULL;
	}
	if (!q->is_protected)
		return o;
	if (!add_string(o, "protected_username", q->username) ||
	    !add_string(o, "protected_password", q->password)) {
		json_object_put(o);
		return NULL;
	}
	return o;
}

static int read_answer(struct ctl *ctl, struct json_object **answer, struct socket_info *ret_socket)
{
	char why[RESOURCE_WHY_SIZE];

	if (socket_info_read(*answer, ret_socket, why) == 0)
		return 0;
	json_object_put(take_ptr(*answer));
	return ctl_bad_answer(ctl, why);
}

int socket_request_prepare(struct ctl *ctl, struct socket_request *request)
{
	struct password_source source = { .option = request->password,
					  .file = request->password_file,
					  .prompt = "Password for visitors" };
	char why[PASSWORD_WHY_SIZE];
	int r = check(ctl, request);

	if (r < 0 || !request->is_protected)
		return r;
	r = password_get(&source, &request->asked_password, why);
	if (r == -ENOTTY)
		return 0; /* the service makes one, which is printed */
	if (r < 0)
		return ctl_fail(ctl, r, "%s", why);
	request->password = request->asked_password;
	return 0;
}

void socket_request_clear(struct socket_request *request)
{
	password_free(request->asked_password);
	request->asked_password = NULL;
	request->password = NULL;
}

int socket_request_send(struct ctl *ctl, const struct socket_request *request, const char *path,
			struct json_object **ret_answer, struct socket_info *ret_socket)
{
	struct json_object *body = make_body(request), *answer = NULL;
	int r;

	if (!body)
		return ctl_fail(ctl, -ENOMEM, "out of memory");
	r = settings_request_add(ctl, &request->settings, body);
	if (r == 0)
		r = ctl_call(ctl, "POST", path, body, &answer);
	if (r == 0)
		settings_request_warn(ctl, body, answer);
	json_object_put(body);
	if (r == 0)
		r = read_answer(ctl, &answer, ret_socket);
	if (r == 0)
		*ret_answer = answer;
	return r;
}

int socket_request_print_login(struct ctl *ctl, const struct socket_request *request,
			       const struct socket_info *socket)
{
	static const struct table_column columns[] = { { "username" }, { "password" } };
	struct table t;
	int r;

	if (!socket->protected_socket)
		return 0;
	r = ctl_print(ctl, "\nProtected Socket, login details:\n");
	if (r < 0)
		return r;
	table_init(&t, columns, ARRAY_SIZE(columns));
	table_add(&t, (const char *const[]){ request->username, socket->protected_password });
	r = ctl_print_table(ctl, &t);
	table_clear(&t);
	return r;
}
