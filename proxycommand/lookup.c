/* SPDX-License-Identifier: ISC */
/* One GET, and its small answer. */
#include "proxycommand/lookup.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/strbuf.h"

#define ANSWER_MAX 65536
#define URL_SIZE 1000

static void easy_free(CURL **easy)
{
	curl_easy_cleanup(*easy);
}

static void url_free(CURLU **u)
{
	curl_url_cleanup(*u);
}

static void headers_free(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

static void put_json(struct json_object **o)
{
	json_object_put(*o);
}

/* ---- which API ----------------------------------------------------------------------------------------- */

static bool has_part(CURLU *u, CURLUPart what)
{
	char *text = NULL;
	bool has = curl_url_get(u, what, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

static int host_of(CURLU *u, char ret_host[TARGET_HOST_SIZE])
{
	char *text = NULL;
	int r = curl_url_get(u, CURLUPART_HOST, &text, 0) == CURLUE_OK ? target_host(text, ret_host)
								       : -EINVAL;

	curl_free(text);
	return r;
}

/* NULL, or what is wrong with it. */
static const char *url_trouble(const char *url, char ret_host[TARGET_HOST_SIZE])
{
	auto_call(url_free) CURLU *u = curl_url();

	if (!u)
		return "cannot be read: out of memory";
	if (strncasecmp(url, "https://", 8) != 0 && strncasecmp(url, "http://", 7) != 0)
		return "must begin with https://";
	if (strlen(url) > URL_SIZE / 2 || curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    host_of(u, ret_host) < 0)
		return "is no URL";
	if (has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_PASSWORD) ||
	    has_part(u, CURLUPART_QUERY) || has_part(u, CURLUPART_FRAGMENT))
		return "must be a plain address: no user, '?' or '#' in it";
	if (strncasecmp(url, "https://", 8) != 0 && !target_is_loopback(ret_host))
		return "must begin with https://";
	return NULL;
}

static bool is_api_of(const char *host, const char *domain)
{
	const char *rest = strchr(host, '.');

	return rest && rest - host == 3 && !memcmp(host, "api", 3) && !strcmp(rest + 1, domain);
}

const char *lookup_chosen(const char *given, const char *configured, const char *host)
{
	const char *chosen = given ? given : configured, *dot = strchr(host, '.');
	char api_host[TARGET_HOST_SIZE];

	if (!chosen || !dot || url_trouble(chosen, api_host) || !is_api_of(api_host, dot + 1) ||
	    !strncmp(host, "api.", 4) || !strncmp(host, "ssh.", 4))
		return NULL;
	return dot + 1;
}

bool lookup_may_be_own(const char *given, const char *host)
{
	const char *dot = strchr(host, '.');
	char api_host[TARGET_HOST_SIZE];

	return given && dot && !strchr(host, ':') && host[strspn(host, "0123456789.")] &&
	       !url_trouble(given, api_host) && !is_api_of(api_host, dot + 1);
}

int lookup_api(const char *given, const char *configured, const char *domain, char **ret_url,
	       char ret_host[TARGET_HOST_SIZE], bool *ret_configured, char *ret_why, size_t size)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(URL_SIZE);
	const char *chosen = given ? given : configured;
	char host[TARGET_HOST_SIZE] = "";
	const char *trouble = chosen ? url_trouble(chosen, host) : NULL;
	bool is_configured = !given && configured && is_api_of(host, domain);
	size_t len;
	int r;

	if (trouble) {
		snprintf(ret_why, size,
			 "%s '%.200s' %s; it should look like https://api.example.com",
			 given ? "--api" : "MYSOCKET_API", chosen, trouble);
		return -EINVAL;
	}
	if (chosen && (given || is_configured)) {
		len = strlen(chosen);
		while (chosen[len - 1] == '/')
			len--;
		strbuf_add(&sb, chosen, len);
	} else {
		strbuf_addf(&sb, "https://api.%s", domain);
		snprintf(host, sizeof(host), "api.%s", domain);
	}
	r = strbuf_take(&sb, ret_url);
	if (r < 0)
		return r;
	memcpy(ret_host, host, sizeof(host));
	*ret_configured = is_configured;
	return 0;
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

struct found {
	char *socket_type;
	int64_t port;
};

static const struct json_field found_fields[] = {
	{ "socket_type", JSON_STRING, offsetof(struct found, socket_type), .required = true },
	{ "port", JSON_INT, offsetof(struct found, port), .required = true, .min_int = 1,
	  .max_int = 65535 },
};

static int read_found(struct json_object *o, struct target *ret_target)
{
	char why[JSON_ERROR_SIZE];
	struct found found;
	bool tls;
	int r = json_read(o, found_fields, ARRAY_SIZE(found_fields), &found, why);

	if (r < 0)
		return r;
	tls = !strcmp(found.socket_type, "tls");
	if (!tls && strcmp(found.socket_type, "tcp") != 0)
		r = -EINVAL;
	if (r == 0) {
		ret_target->tls = tls;
		ret_target->port = found.port;
	}
	json_clear(found_fields, ARRAY_SIZE(found_fields), &found);
	return r;
}

/* A 404 is the API's own only if it says so in its own way. */
static bool has_message(struct json_object *o)
{
	struct json_object *message;

	return json_object_is_type(o, json_type_object) &&
	       json_object_object_get_ex(o, "error_message", &message);
}

int lookup_read(const char *api, long status, const char *body, size_t len,
		struct target *ret_target, char *ret_why, size_t size)
{
	auto_call(put_json) struct json_object *o = NULL;
	int r = json_parse(body, len, ANSWER_MAX, &o);

	if (status == 200 && r == 0 && json_object_is_type(o, json_type_object) &&
	    read_found(o, ret_target) == 0)
		return 0;
	if (status == 404 && r == 0 && has_message(o)) {
		snprintf(ret_why, size,
			 "%s has no tcp or tls socket '%s'; check the name, and that it was not "
			 "made as an http socket",
			 api, ret_target->host);
		return -ENOENT;
	}
	if (status == 429 || status >= 500) {
		snprintf(ret_why, size,
			 "%s cannot tell the port of '%s' now (status %ld); try again in a moment",
			 api, ret_target->host, status);
		return -EHOSTDOWN;
	}
	snprintf(
		ret_why, size,
		"what answers at %s is no mysocket API (status %ld); if '%s' is not a socket's name, "
		"add --type tcp",
		api, status, ret_target->host);
	return -EBADMSG;
}

/* ---- the question -------------------------------------------------------------------------------------- */

static size_t on_data(char *data, size_t size, size_t count, void *context)
{
	struct strbuf *answer = context;

	strbuf_add(answer, data, size * count);
	return strbuf_error(answer) ? 0 : size * count;
}

int lookup_ask(const struct net *net, const char *api, const char *api_host,
	       struct target *ret_target, char *ret_why, size_t size)
{
	auto_call(strbuf_clear) struct strbuf answer = STRBUF_INIT(ANSWER_MAX);
	auto_call(easy_free) CURL *easy = curl_easy_init();
	auto_call(headers_free) struct curl_slist *headers =
		curl_slist_append(NULL, "Accept: application/json");
	char error_buffer[CURL_ERROR_SIZE], why[700], url[URL_SIZE];
	CURLcode code;
	long status = 0;
	int r;

	if (!easy || !headers) {
		snprintf(ret_why, size, "out of memory");
		return -ENOMEM;
	}
	snprintf(url, sizeof(url), "%s/lookup/%s", api, ret_target->host);
	net_setup(easy, net, api_host, error_buffer);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
	code = curl_easy_perform(easy);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK)
		return lookup_read(api, status, answer.buf, answer.len, ret_target, ret_why, size);
	r = net_why(easy, net, api_host, code, error_buffer, why, sizeof(why));
	snprintf(ret_why, size, "cannot ask %s for the port of '%s': %s", api, ret_target->host,
		 why);
	return r;
}
