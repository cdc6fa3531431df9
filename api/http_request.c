/* SPDX-License-Identifier: ISC */
/* What was asked: body, headers, query, and who asks. */
#include "api/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"

static void put_json(struct json_object **o)
{
	json_object_put(*o);
}

int api_http_object(struct http_request *rq, struct json_object **ret_o)
{
	auto_call(put_json) struct json_object *o = NULL;
	int r;

	if (rq->body.len == 0)
		return api_http_error(rq, 400, "the request has no body: send a JSON object");
	r = json_parse(rq->body.buf, rq->body.len, HTTP_BODY_MAX, &o);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return api_http_error(rq, 400, "the body is not valid JSON");
	if (!json_object_is_type(o, json_type_object))
		return api_http_error(rq, 400, "the body must be a JSON object");
	*ret_o = take_ptr(o);
	return 0;
}

int api_http_body(struct http_request *rq, const struct json_field *fields, size_t count, void *obj)
{
	auto_call(put_json) struct json_object *o = NULL;
	char why[JSON_ERROR_SIZE];
	int r = api_http_object(rq, &o);

	if (r < 0)
		return r;
	r = json_read(o, fields, count, obj, why);
	if (r == -EINVAL)
		return api_http_error(rq, 400, "%s", why);
	return r;
}

const char *api_http_header(const struct http_request *rq, const char *name)
{
	return MHD_lookup_connection_value(rq->connection, MHD_HEADER_KIND, name);
}

int api_http_query(struct http_request *rq, const char *name, int64_t min, int64_t max,
		   int64_t fallback, int64_t *ret_value)
{
	const char *text = MHD_lookup_connection_value(rq->connection, MHD_GET_ARGUMENT_KIND, name);
	char *end = NULL;
	long long value;

	if (!text) {
		*ret_value = fallback;
		return 0;
	}
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || *end || value < min || value > max)
		return api_http_error(rq, 400,
				      "'%s' must be an integer from %" PRId64 " to %" PRId64, name,
				      min, max);
	*ret_value = value;
	return 0;
}

const char *api_http_bearer(const struct http_request *rq)
{
	const char *value = api_http_header(rq, "Authorization");

	if (!value || strncasecmp(value, "Bearer ", 7) != 0)
		return NULL;
	value += 7;
	return value + strspn(value, " ");
}

/* An IPv4 address, also one inside IPv6 (RFC 4291 2.5.5.2), and IPv6 get one spelling each. */
static bool address_print(const struct sockaddr *sa, char ret_text[INET6_ADDRSTRLEN])
{
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;

		return inet_ntop(AF_INET, &in->sin_addr, ret_text, INET6_ADDRSTRLEN) != NULL;
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;

		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
			return inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], ret_text,
					 INET6_ADDRSTRLEN) != NULL;
		return inet_ntop(AF_INET6, &in6->sin6_addr, ret_text, INET6_ADDRSTRLEN) != NULL;
	}
	return false;
}

static bool address_is_local(const char *text)
{
	return strncmp(text, "127.", 4) == 0 || strcmp(text, "::1") == 0;
}

/* The last address is the one that our own proxy added; those before it are anybody's claim. */
static void client_from_proxy(struct http_request *rq)
{
	const char *list = api_http_header(rq, "X-Forwarded-For");
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} a = { 0 };
	char text[INET6_ADDRSTRLEN];
	const char *last;

	if (!list)
		return;
	last = strrchr(list, ',');
	last = last ? last + 1 : list;
	last += strspn(last, " \t");
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(last, " \t"), last);
	if (inet_pton(AF_INET, text, &a.in.sin_addr) == 1)
		a.sa.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &a.in6.sin6_addr) == 1)
		a.sa.sa_family = AF_INET6;
	else
		return;
	address_print(&a.sa, rq->client);
}

void api_http_client(struct http_request *rq)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(rq->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	if (!info || !info->client_addr || !address_print(info->client_addr, rq->client)) {
		snprintf(rq->client, sizeof(rq->client), "unknown");
		return;
	}
	rq->is_local = address_is_local(rq->client);
	if (rq->is_local)
		client_from_proxy(rq);
}

void api_http_client_key(const struct http_request *rq, char ret_key[INET6_ADDRSTRLEN])
{
	struct in6_addr a;

	snprintf(ret_key, INET6_ADDRSTRLEN, "%s", rq->client);
	if (inet_pton(AF_INET6, rq->client, &a) == 1) {
		memset(&a.s6_addr[8], 0, 8);
		inet_ntop(AF_INET6, &a, ret_key, INET6_ADDRSTRLEN);
	}
}
