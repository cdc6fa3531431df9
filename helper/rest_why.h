/* SPDX-License-Identifier: ISC */
/* What went wrong with a call to the API, as one sentence with its remedy. Each returns the negative errno that rest.h
 * documents. */
#ifndef HELPER_REST_WHY_H
#define HELPER_REST_WHY_H

#include <stddef.h>

struct json_object;

/* No HTTP answer: `code` is a CURLcode, `detail` curl's own text ("" if it has none). */
int rest_why_transfer(const char *api, int code, const char *detail, char *why, size_t size);

/* A proxy of the environment does not lead to the API: `detail` as above. */
int rest_why_proxy(const char *api, const char *detail, char *why, size_t size);

/* An HTTP answer with an error status; `answer` is its document or NULL. */
int rest_why_status(const char *api, long status, struct json_object *answer, long retry_after,
		    char *why, size_t size);

/* A good status with a body that is not JSON. */
int rest_why_answer(const char *api, char *why, size_t size);

/* An answer past our bound. */
int rest_why_large(const char *api, char *why, size_t size);

#endif
