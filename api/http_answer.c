/* SPDX-License-Identifier: ISC */
/* Setting a request's answer. Sending it is http.c's. */
#include "api/http.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/route.h"
#include "lib/cleanup.h"
#include "lib/log.h"

#define ANSWER_MAX ((size_t)64 * 1024 * 1024)

static void answer_set(struct http_request *rq, int status, const char *type, char *answer,
		       size_t len)
{
	free(rq->answer);
	rq->status = status;
	rq->type = type;
	rq->answer = answer;
	rq->answer_len = len;
}

int api_http_json(struct http_request *rq, int status, struct json_object *o)
{
	size_t len = 0;
	const char *text = NULL;
	char *copy = NULL;

	if (o)
		text = json_object_to_json_string_length(o,
							 JSON_C_TO_STRING_PLAIN |
								 JSON_C_TO_STRING_NOSLASHESCAPE,
							 &len);
	if (text && len <= ANSWER_MAX)
		copy = malloc(len + 2);
	if (copy) {
		memcpy(copy, text, len);
		memcpy(copy + len, "\n", 2);
	}
	json_object_put(o);
	if (!copy)
		return -ENOMEM;
	answer_set(rq, status, "application/json", copy, len + 1);
	return 0;
}

int api_http_empty(struct http_request *rq)
{
	answer_set(rq, 204, NULL, NULL, 0);
	return 0;
}

int api_http_text(struct http_request *rq, int status, const char *type, struct strbuf *sb)
{
	char *text;
	size_t len = sb->len;
	int r = strbuf_take(sb, &text);

	if (r < 0)
		return r;
	answer_set(rq, status, type, text, len);
	return 0;
}

static bool add_text(struct json_object *o, const char *name, const char *value)
{
	struct json_object *text = json_object_new_string(value);

	if (o && text && json_object_object_add(o, name, text) == 0)
		return true;
	json_object_put(text);
	return false;
}

/* `code` may be NULL. */
static int answer_error(struct http_request *rq, int status, const char *message, const char *code)
{
	struct json_object *o = json_object_new_object();

	if (!add_text(o, "error_message", message) || (code && !add_text(o, "code", code))) {
		json_object_put(o);
		o = NULL;
	}
	/* Without memory for a text, the status alone must do. */
	if (api_http_json(rq, status, o) < 0)
		answer_set(rq, status, NULL, NULL, 0);
	return -ECANCELED;
}

int api_http_error(struct http_request *rq, int status, const char *fmt, ...)
{
	char message[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return answer_error(rq, status, message, NULL);
}

int api_http_denied(struct http_request *rq, enum denial why, const char *fmt, ...)
{
	char message[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return answer_error(rq, 401, message, denial_code(why));
}

int api_http_retry(struct http_request *rq, int status, int seconds, const char *message)
{
	rq->retry_after = seconds < 1 ? 1 : seconds;
	return api_http_error(rq, status, "%s, try again in %d second%s", message, rq->retry_after,
			      rq->retry_after == 1 ? "" : "s");
}

const char *api_http_name(const struct http_request *rq)
{
	return rq->route ? rq->route->path : rq->path;
}

int api_http_failed(struct http_request *rq, int r)
{
	log_error_r(r, "answer '%s %s' with an error", rq->method, api_http_name(rq));
	if (r == -EBUSY)
		return api_http_retry(rq, 503, 2, "the service is busy");
	if (r == -ENOSPC || r == -EROFS)
		return api_http_error(
			rq, 503, "the service cannot store anything now, its operator must act");
	return api_http_error(rq, 500, "the service failed, please try again or tell its operator");
}
