/* SPDX-License-Identifier: ISC */
/* The client of the REST API: JSON in and out over libcurl. Certificates are always verified, redirects never followed,
 * answers bounded, every call has a deadline. Failures come with a sentence that names the remedy. */
#ifndef HELPER_REST_H
#define HELPER_REST_H

#include <stdbool.h>

struct json_object;
struct rest;

#define REST_WHY_SIZE 800
#define REST_CODE_SIZE 32
#define REST_TIMEOUT_MS 30000

struct rest_config {
	const char *api;     /* base URL without a slash at the end (settings_api()) */
	const char *ca_file; /* NULL: the system's certificates */
	/* Asked about four times a second while a call runs: true gives it up with -EINTR. May be NULL. */
	bool (*cancelled)(void *context);
	void *context;
};

/* The strings are kept by reference. 0 with *ret_rest, or -ENOMEM. */
int rest_new(const struct rest_config *config, struct rest **ret_rest);
void rest_free(struct rest *rest);

/* The token for later calls (copied; NULL: none). 0 or -ENOMEM. */
int rest_set_token(struct rest *rest, const char *token);

/* The deadline of later calls; REST_TIMEOUT_MS at first. */
void rest_set_timeout(struct rest *rest, int timeout_ms);

/* Sends `body` (may be NULL; the caller keeps it) and waits. 0 with *ret_answer: the document, or NULL where
 * there was none (204); json_object_put() it. Else, with rest_error() saying it:
 * -EINVAL (400 and other refusals of what was sent), -EACCES (401), -EPERM (403), -ENOENT (404), -EEXIST (409), -EMSGSIZE (413, or an
 * answer past the bound), -EAGAIN (429), -EHOSTDOWN (no answer, or 5xx), -ETIMEDOUT, -EPROTO (TLS: who answers is not
 * who we asked), -EBADMSG (an answer that is not ours), -EINTR (cancelled), -ENOMEM. */
int rest_call(struct rest *rest, const char *method, const char *path, struct json_object *body,
	      struct json_object **ret_answer);

/* The same in the background, one call at a time: rest_begin(), then rest_step() at least each 200 ms until it
 * returns something else than -EINPROGRESS: the result, as of rest_call(). */
int rest_begin(struct rest *rest, const char *method, const char *path, struct json_object *body);
int rest_step(struct rest *rest, struct json_object **ret_answer);

/* True between rest_begin() and its result. rest_begin() gives up a call that runs: whoever shares the client waits. */
bool rest_is_busy(const struct rest *rest);
/* Gives up a call that runs. */
void rest_cancel(struct rest *rest);

/* The sentence of the last failure; "" if there was none. */
const char *rest_error(const struct rest *rest);
/* The API's own word for it (lib/denial.h); "" if it gave none. */
const char *rest_code(const struct rest *rest);

/* True if a failure may go away by itself: no answer, 5xx, 429, timeouts. */
bool rest_is_temporary(int r);

#endif
