/* SPDX-License-Identifier: ISC */
/* curl's codes and HTTP's statuses in words a user can act on. */
#include "helper/rest_why.h"

#include <curl/curl.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"

/* "<what> <api>: <curl's own text>; <remedy>" */
static const struct {
	CURLcode code;
	int error;
	const char *what;
	const char *remedy;
} transfers[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, -EHOSTDOWN, "cannot find the host of the API at",
	  "check MYSOCKET_API and your network" },
	{ CURLE_COULDNT_CONNECT, -EHOSTDOWN, "cannot connect to the API at",
	  "check that the service runs, and that MYSOCKET_API is right" },
	{ CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT, "no answer in time from the API at",
	  "try again in a moment" },
	{ CURLE_PEER_FAILED_VERIFICATION, -EPROTO, "cannot trust the certificate of",
	  "if the service has a CA of its own, set MYSOCKET_CA_FILE to its certificate" },
	{ CURLE_SSL_CACERT_BADFILE, -EPROTO, "cannot use the CA file for",
	  "set MYSOCKET_CA_FILE to a PEM file with the service's CA certificate" },
	{ CURLE_SSL_CONNECT_ERROR, -EPROTO, "cannot set up TLS with",
	  "check that MYSOCKET_API names an https port" },
	{ CURLE_WEIRD_SERVER_REPLY, -EBADMSG, "no HTTP is spoken at",
	  "check that MYSOCKET_API is right" },
	{ CURLE_UNSUPPORTED_PROTOCOL, -EBADMSG, "no HTTP is spoken at",
	  "check that MYSOCKET_API is right" },
	{ CURLE_GOT_NOTHING, -EHOSTDOWN, "the connection was closed without an answer by",
	  "try again in a moment" },
	{ CURLE_RECV_ERROR, -EHOSTDOWN, "the connection broke to", "try again in a moment" },
	{ CURLE_SEND_ERROR, -EHOSTDOWN, "the connection broke to", "try again in a moment" },
	{ CURLE_OUT_OF_MEMORY, -ENOMEM, "out of memory asking", "close some programs" },
};

int rest_why_transfer(const char *api, int code, const char *detail, char *why, size_t size)
{
	size_t i;

	if (!*detail)
		detail = curl_easy_strerror((CURLcode)code);
	for (i = 0; i < ARRAY_SIZE(transfers); i++)
		if ((int)transfers[i].code == code) {
			snprintf(why, size, "%s %s: %s; %s", transfers[i].what, api, detail,
				 transfers[i].remedy);
			return transfers[i].error;
		}
	snprintf(why, size, "cannot ask the API at %s: %s", api, detail);
	return -EHOSTDOWN;
}

int rest_why_proxy(const char *api, const char *detail, char *why, size_t size)
{
	/* curl quotes an address that it cannot use, the password included. */
	if (strchr(detail, '@'))
		detail = "its address is none that can be used";
	snprintf(
		why, size,
		"cannot reach the API at %s through the proxy: %s; check https_proxy or ALL_PROXY, "
		"and that the proxy allows it; NO_PROXY names hosts to reach without",
		api, detail);
	return -EHOSTDOWN;
}

static const struct {
	long status;
	int error;
} statuses[] = {
	{ 401, -EACCES }, { 403, -EPERM },    { 404, -ENOENT },
	{ 409, -EEXIST }, { 413, -EMSGSIZE }, { 429, -EAGAIN },
};

static int status_error(long status)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].error;
	if (status >= 500)
		return -EHOSTDOWN;
	return status >= 400 ? -EINVAL : -EBADMSG;
}

static const char *error_message(struct json_object *answer)
{
	struct json_object *message = NULL;

	if (!json_object_is_type(answer, json_type_object) ||
	    !json_object_object_get_ex(answer, "error_message", &message) ||
	    !json_object_is_type(message, json_type_string))
		return NULL;
	return json_object_get_string_len(message) ? json_object_get_string(message) : NULL;
}

int rest_why_status(const char *api, long status, struct json_object *answer, long retry_after,
		    char *why, size_t size)
{
	const char *message = error_message(answer);
	int r = status_error(status);

	if (message && r == -EAGAIN && retry_after > 0)
		snprintf(why, size, "%.500s; try again in %ld s", message, retry_after);
	else if (message)
		snprintf(why, size, "%.600s", message);
	else if (r == -EHOSTDOWN)
		snprintf(why, size,
			 "the API at %s is out of order (status %ld); try again in a moment", api,
			 status);
	else
		snprintf(why, size,
			 "%s answered with status %ld and no explanation; is it a mysocket API? "
			 "Check MYSOCKET_API",
			 api, status);
	return r;
}

int rest_why_answer(const char *api, char *why, size_t size)
{
	snprintf(why, size,
		 "what answers at %s does not speak JSON; is it a mysocket API? Check MYSOCKET_API",
		 api);
	return -EBADMSG;
}

int rest_why_large(const char *api, char *why, size_t size)
{
	snprintf(why, size,
		 "the answer of %s is too large; is it a mysocket API? Check MYSOCKET_API", api);
	return -EMSGSIZE;
}
