/* SPDX-License-Identifier: ISC */
/* What anybody may know: what this is, whether it works, and the tunnel servers' host keys. */
#include <errno.h>

#include "api/api.h"
#include "api/hostkeys.h"
#include "api/info.h"
#include "api/route.h"
#include "lib/cleanup.h"

/* What one JSON table writes of info. */
struct info {
	const char *service, *version, *domain, *api;
};

static const struct json_field info_fields[] = {
	{ "service", JSON_STRING, offsetof(struct info, service) },
	{ "version", JSON_STRING, offsetof(struct info, version) },
	{ "domain", JSON_STRING, offsetof(struct info, domain) },
	{ "api", JSON_STRING, offsetof(struct info, api) },
};

int api_info(struct http_request *rq)
{
	struct json_object *o = json_object_new_object();
	struct info info = {
		.service = rq->api->conf.service_name,
		.version = MYSOCKET_VERSION,
		.domain = rq->api->conf.domain,
		.api = "POST /user creates an account, POST /login gives a token, POST /connect a "
		       "public name; mysocketctl does all three",
	};

	if (o && json_write(o, info_fields, ARRAY_SIZE(info_fields), &info) < 0) {
		json_object_put(o);
		o = NULL;
	}
	return api_http_json(rq, 200, o);
}

int api_health(struct http_request *rq)
{
	struct json_object *o;
	int64_t pruned, newest;
	int r = store_feed_range(rq->db, &pruned, &newest);

	if (r < 0)
		return api_http_retry(rq, 503, 5, "the database cannot be read");
	o = json_object_new_object();
	if (o)
		json_object_object_add(o, "status", json_object_new_string("ok"));
	return api_http_json(rq, 200, o);
}

int api_info_add_ssh(struct http_request *rq, struct json_object *o)
{
	struct json_object *keys = hostkeys_json(rq->api->hostkeys);

	if (!keys)
		return -ENOMEM;
	json_object_object_add(o, "ssh_server", json_object_new_string(rq->api->conf.ssh_host));
	json_object_object_add(o, "ssh_port", json_object_new_int64(rq->api->conf.ssh_port));
	json_object_object_add(o, "ssh_host_keys", keys);
	return 0;
}

int api_ssh(struct http_request *rq)
{
	struct json_object *o = json_object_new_object();

	if (o && api_info_add_ssh(rq, o) < 0) {
		json_object_put(o);
		o = NULL;
	}
	return api_http_json(rq, 200, o);
}
