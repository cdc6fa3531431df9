/* SPDX-License-Identifier: ISC */
/* The first label of a socket's public name. A chosen one that was given up rests: bookmarks, cookies and certificates
 * of its visitors shall not fall to a stranger. */
#include "api/socket_label.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/http.h"
#include "api/names.h"
#include "lib/clock.h"

#define LABEL_TRIES 32

static int make_label(struct http_request *rq, struct store_socket *socket)
{
	for (int i = 0; i < LABEL_TRIES; i++) {
		char label[NAMES_LABEL_SIZE];
		int r;

		names_pick(label);
		r = store_label_check(rq->db, label);
		if (r == -ENOENT) {
			memcpy(socket->label, label, sizeof(socket->label));
			return 0;
		}
		if (r < 0)
			return r;
	}
	return -EEXIST;
}

static int answer_taken(struct http_request *rq, const char *label)
{
	return api_http_error(rq, 409, "the name '%s' is taken: choose another one", label);
}

/* Resting names count, or one account could keep any number of them by changing its mind. */
static int check_count(struct http_request *rq, const struct store_socket *socket,
		       int64_t rest_since)
{
	int64_t count = 0;
	int r = store_label_count(rq->db, socket->user_id, rest_since, &count);

	if (r == 0 && count >= rq->api->conf.max_sockets)
		return api_http_error(
			rq, 403,
			"your account keeps %" PRId64
			" chosen names, which is its limit, names of deleted sockets for %" PRId64
			" days included: use one of these again",
			count, rq->api->conf.name_rest_days);
	return r;
}

static int take_chosen(struct http_request *rq, const char *wanted, struct store_socket *socket)
{
	int64_t rest_since = clock_wall_ms() - rq->api->conf.name_rest_days * API_DAY_MS;
	char owner[ID_UUID_SIZE];
	const char *why;
	int r;

	if (names_check_chosen(wanted, &why) < 0)
		return api_http_error(rq, 400, "%s", why);
	r = store_label_check(rq->db, wanted);
	if (r != -ENOENT)
		return r < 0 ? r : answer_taken(rq, wanted);
	r = store_label_owner(rq->db, wanted, rest_since, owner);
	if (r == 0 && strcmp(owner, socket->user_id) != 0)
		return answer_taken(rq, wanted);
	if (r == -ENOENT)
		r = check_count(rq, socket, rest_since);
	if (r < 0)
		return r;
	snprintf(socket->label, sizeof(socket->label), "%s", wanted);
	socket->label_chosen = true;
	return 0;
}

int api_label_take(struct http_request *rq, const char *wanted, struct store_socket *socket)
{
	return wanted && wanted[0] ? take_chosen(rq, wanted, socket) : make_label(rq, socket);
}
