/* SPDX-License-Identifier: ISC */
/* One easy handle in one multi handle, kept between calls so that the connection is. */
#include "helper/rest.h"

#include <curl/curl.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/proxyenv.h"
#include "helper/rest_why.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/strbuf.h"

#define ANSWER_MAX (4 << 20)
#define BODY_MAX (1 << 20)
#define CONNECT_TIMEOUT_MS 10000L
#define STEP_MS 250

struct rest {
	struct rest_config config;
	CURLM *multi;
	CURL *easy;
	bool running;
	bool proxied; /* the environment has a proxy that leads to the API */
	struct curl_slist *headers;
	char *token;
	int timeout_ms;
	char *body; /* of the running call */
	struct strbuf answer;
	long retry_after;
	char curl_error[CURL_ERROR_SIZE];
	char why[REST_WHY_SIZE];
	char code[REST_CODE_SIZE];
};

static size_t on_data(char *data, size_t size, size_t count, void *context)
{
	struct rest *rest = context;

	strbuf_add(&rest->answer, data, size * count);
	return strbuf_error(&rest->answer) ? 0 : size * count;
}

static bool is_proxied(const char *api)
{
	CURLU *url = curl_url();
	char *host = NULL;
	bool proxied = false;

	if (url && curl_url_set(url, CURLUPART_URL, api, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		proxied = strcmp(host, "[::1]") != 0 && proxyenv_leads_to(host);
	curl_free(host);
	curl_url_cleanup(url);
	return proxied;
}

int rest_new(const struct rest_config *config, struct rest **ret_rest)
{
	struct rest *rest = calloc(1, sizeof(*rest));

	if (!rest)
		return -ENOMEM;
	rest->config = *config;
	rest->timeout_ms = REST_TIMEOUT_MS;
	strbuf_init(&rest->answer, ANSWER_MAX);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
		rest->multi = curl_multi_init();
		rest->easy = curl_easy_init();
	}
	if (!rest->multi || !rest->easy) {
		rest_free(rest);
		return -ENOMEM;
	}
	rest->proxied = is_proxied(config->api);
	*ret_rest = rest;
	return 0;
}

static void end_call(struct rest *rest)
{
	if (rest->running)
		curl_multi_remove_handle(rest->multi, rest->easy);
	rest->running = false;
	curl_slist_free_all(rest->headers);
	rest->headers = NULL;
	if (rest->body)
		explicit_bzero(rest->body, strlen(rest->body));
	free(take_ptr(rest->body));
}

void rest_cancel(struct rest *rest)
{
	end_call(rest);
}

void rest_free(struct rest *rest)
{
	if (!rest)
		return;
	end_call(rest);
	if (rest->easy)
		curl_easy_cleanup(rest->easy);
	if (rest->multi)
		curl_multi_cleanup(rest->multi);
	(void)rest_set_token(rest, NULL);
	strbuf_clear(&rest->answer);
	free(rest);
	curl_global_cleanup();
}

int rest_set_token(struct rest *rest, const char *token)
{
	char *copy = token ? strdup(token) : NULL;

	if (token && !copy)
		return -ENOMEM;
	if (rest->token)
		explicit_bzero(rest->token, strlen(rest->token));
	free(rest->token);
	rest->token = copy;
	return 0;
}

void rest_set_timeout(struct rest *rest, int timeout_ms)
{
	rest->timeout_ms = timeout_ms;
}

const char *rest_error(const struct rest *rest)
{
	return rest->why;
}

const char *rest_code(const struct rest *rest)
{
	return rest->code;
}

bool rest_is_busy(const struct rest *rest)
{
	return rest->running;
}

bool rest_is_temporary(int r)
{
	return r == -EHOSTDOWN || r == -ETIMEDOUT || r == -EAGAIN;
}

static int add_header(struct rest *rest, const char *header)
{
	struct curl_slist *longer = curl_slist_append(rest->headers, header);

	if (!longer)
		return -ENOMEM;
	rest->headers = longer;
	return 0;
}

static int add_headers(struct rest *rest)
{
	auto_call(strbuf_clear) struct strbuf token = STRBUF_INIT(16384);
	int r = add_header(rest, "Accept: application/json");

	if (r == 0 && rest->body)
		r = add_header(rest, "Content-Type: application/json");
	/* curl would wait for "100 Continue" before a larger body. */
	if (r == 0)
		r = add_header(rest, "Expect:");
	if (r < 0 || !rest->token)
		return r;
	strbuf_addf(&token, "x-access-token: %s", rest->token);
	r = strbuf_error(&token);
	return r < 0 ? r : add_header(rest, token.buf);
}

static int write_body(struct rest *rest, struct json_object *body)
{
	const char *text;
	size_t len;

	if (!body)
		return 0;
	text = json_object_to_json_string_length(body,
						 JSON_C_TO_STRING_PLAIN |
							 JSON_C_TO_STRING_NOSLASHESCAPE,
						 &len);
	if (!text)
		return -ENOMEM;
	if (len > BODY_MAX)
		return -EMSGSIZE;
	rest->body = strdup(text);
	return rest->body ? 0 : -ENOMEM;
}

/* The options of every call; curl_easy_reset() has gone before. */
static void set_options(struct rest *rest, const char *method, const char *url)
{
	CURL *easy = rest->easy;

	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, rest->headers);
	if (rest->body)
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, rest->body);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, rest);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, rest->curl_error);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "mysocketctl/" MYSOCKET_VERSION);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	if (!rest->proxied)
		curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (rest->config.ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, rest->config.ca_file);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)rest->timeout_ms);
}

int rest_begin(struct rest *rest, const char *method, const char *path, struct json_object *body)
{
	auto_call(strbuf_clear) struct strbuf url = STRBUF_INIT(2000);
	int r;

	end_call(rest);
	strbuf_reset(&rest->answer);
	rest->why[0] = rest->code[0] = rest->curl_error[0] = '\0';
	curl_easy_reset(rest->easy);
	strbuf_addf(&url, "%s%s", rest->config.api, path);
	r = strbuf_error(&url);
	if (r == 0)
		r = write_body(rest, body);
	if (r == 0)
		r = add_headers(rest);
	if (r == 0) {
		set_options(rest, method, url.buf);
		r = curl_multi_add_handle(rest->multi, rest->easy) == CURLM_OK ? 0 : -ENOMEM;
	}
	if (r < 0) {
		end_call(rest);
		snprintf(rest->why, sizeof(rest->why), "cannot ask the API: %s", strerror(-r));
		return r;
	}
	rest->running = true;
	return 0;
}

/* The result of the finished transfer, if it has finished. */
static bool transfer_done(struct rest *rest, CURLcode *ret_code)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(rest->multi, &left)))
		if (msg->msg == CURLMSG_DONE && msg->easy_handle == rest->easy) {
			*ret_code = msg->data.result;
			return true;
		}
	return false;
}

static long retry_after(CURL *easy)
{
	curl_off_t seconds = 0;

	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
	return (long)seconds;
}

static void take_code(struct rest *rest, struct json_object *error)
{
	struct json_object *code = NULL;

	if (json_object_is_type(error, json_type_object) &&
	    json_object_object_get_ex(error, "code", &code) &&
	    json_object_is_type(code, json_type_string))
		snprintf(rest->code, sizeof(rest->code), "%s", json_object_get_string(code));
}

/* A complete HTTP answer: document or error. */
static int judge(struct rest *rest, struct json_object **ret_answer)
{
	struct json_object *o = NULL;
	long status = 0;
	int r = 0;

	curl_easy_getinfo(rest->easy, CURLINFO_RESPONSE_CODE, &status);
	if (rest->answer.len)
		r = json_parse(rest->answer.buf, rest->answer.len, ANSWER_MAX, &o);
	if (status >= 200 && status < 300 && r == 0) {
		*ret_answer = o;
		return 0;
	}
	if (status >= 200 && status < 300)
		r = rest_why_answer(rest->config.api, rest->why, sizeof(rest->why));
	else
		r = rest_why_status(rest->config.api, status, r == 0 ? o : NULL,
				    retry_after(rest->easy), rest->why, sizeof(rest->why));
	if (r < 0)
		take_code(rest, o);
	json_object_put(o);
	return r;
}

/* Without an answer: is it the proxy's doing? */
static bool is_proxys(const struct rest *rest, CURLcode code)
{
	long status = 0;

	curl_easy_getinfo(rest->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	return rest->proxied &&
	       (code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_COULDNT_CONNECT ||
		code == CURLE_PROXY || status >= 300);
}

int rest_step(struct rest *rest, struct json_object **ret_answer)
{
	CURLcode code = CURLE_OK;
	int still = 0, r;

	if (curl_multi_perform(rest->multi, &still) != CURLM_OK)
		code = CURLE_OUT_OF_MEMORY;
	else if (!transfer_done(rest, &code))
		return -EINPROGRESS;
	if (code == CURLE_OK)
		r = judge(rest, ret_answer);
	else if (strbuf_error(&rest->answer))
		r = rest_why_large(rest->config.api, rest->why, sizeof(rest->why));
	else if (is_proxys(rest, code))
		r = rest_why_proxy(rest->config.api, rest->curl_error, rest->why,
				   sizeof(rest->why));
	else
		r = rest_why_transfer(rest->config.api, code, rest->curl_error, rest->why,
				      sizeof(rest->why));
	end_call(rest);
	return r;
}

int rest_call(struct rest *rest, const char *method, const char *path, struct json_object *body,
	      struct json_object **ret_answer)
{
	int r = rest_begin(rest, method, path, body);

	if (r < 0)
		return r;
	while ((r = rest_step(rest, ret_answer)) == -EINPROGRESS) {
		curl_multi_poll(rest->multi, NULL, 0, STEP_MS, NULL);
		if (rest->config.cancelled && rest->config.cancelled(rest->config.context)) {
			end_call(rest);
			snprintf(rest->why, sizeof(rest->why), "interrupted");
			return -EINTR;
		}
	}
	return r;
}
