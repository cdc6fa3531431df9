/* SPDX-License-Identifier: ISC */
/* Reports to the API, in order. */
#include "node/updown.h"

#include <errno.h>
#include <event2/event.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "lib/cleanup.h"
#include "lib/id.h"
#include "lib/log.h"
#include "lib/nodeapi.h"
#include "node/logins.h"
#include "node/node_http.h"
#include "node/strmap.h"

struct report {
	struct strmap_node node; /* by tunnel_id, while it waits */
	TAILQ_ENTRY(report) entry;
	char tunnel_id[ID_UUID_SIZE];
	bool up;
};

struct updown {
	struct node_http *http;
	struct event *retry;
	char *body_up, *body_down;
	struct strmap waiting;
	TAILQ_HEAD(, report) reports;
	struct report *sending; /* not in `waiting` any more */
	struct node_http_request *request;
	int retry_ms;
	bool complained;
};

static void pump(struct updown *updown);

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	pump(arg);
}

static char *make_body(const char *node_name, const char *address)
{
	struct json_object *o = json_object_new_object();
	const char *text;
	char *copy = NULL;

	if (!o)
		return NULL;
	json_object_object_add(o, "node", json_object_new_string(node_name));
	if (address)
		json_object_object_add(o, "address", json_object_new_string(address));
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	if (text)
		copy = strdup(text);
	json_object_put(o);
	return copy;
}

int updown_new(struct event_base *base, struct node_http *http, const char *node_name,
	       const char *address, struct updown **ret_updown)
{
	struct updown *updown = calloc(1, sizeof(*updown));

	if (!updown)
		return -ENOMEM;
	TAILQ_INIT(&updown->reports);
	updown->http = http;
	updown->retry_ms = UPDOWN_RETRY_MS;
	updown->retry = evtimer_new(base, on_retry, updown);
	updown->body_up = make_body(node_name, address);
	updown->body_down = make_body(node_name, NULL);
	if (!updown->retry || !updown->body_up || !updown->body_down) {
		updown_free(updown);
		return -ENOMEM;
	}
	*ret_updown = updown;
	return 0;
}

static void report_remove(struct updown *updown, struct report *report)
{
	TAILQ_REMOVE(&updown->reports, report, entry);
	strmap_remove(&updown->waiting, &report->node);
}

void updown_free(struct updown *updown)
{
	struct report *report;

	if (!updown)
		return;
	node_http_cancel(updown->request);
	while ((report = TAILQ_FIRST(&updown->reports)) != NULL) {
		report_remove(updown, report);
		free(report);
	}
	free(updown->sending);
	strmap_clear(&updown->waiting);
	if (updown->retry)
		event_free(updown->retry);
	free(updown->body_up);
	free(updown->body_down);
	free(updown);
}

/* Puts a report back to the front, unless a newer one about the tunnel waits. */
static void take_back(struct updown *updown)
{
	struct report *report = take_ptr(updown->sending);

	if (strmap_add(&updown->waiting, &report->node, report->tunnel_id) < 0)
		free(report);
	else
		TAILQ_INSERT_HEAD(&updown->reports, report, entry);
}

static void retry_later(struct updown *updown)
{
	struct timeval tv = { .tv_sec = updown->retry_ms / 1000,
			      .tv_usec = updown->retry_ms % 1000 * 1000 };

	event_add(updown->retry, &tv);
	updown->retry_ms *= 2;
	if (updown->retry_ms > UPDOWN_RETRY_MAX_MS)
		updown->retry_ms = UPDOWN_RETRY_MAX_MS;
}

static void on_answer(void *arg, int status, char *body, size_t len)
{
	struct updown *updown = arg;
	bool again = status < 0 || status >= 500 || status == 429;

	updown->request = NULL;
	if (again) {
		if (!updown->complained)
			log_warn("report tunnel '%s' to the API: %s, retrying until it is there",
				 updown->sending->tunnel_id,
				 status < 0 ? strerror(-status) : "it has an error");
		updown->complained = true;
		take_back(updown);
		retry_later(updown);
		return;
	}
	/* 404: the tunnel was deleted meanwhile; the feed says so too. */
	if (status != 204 && status != 404)
		log_error("report tunnel '%s' to the API: it answers %d, dropping the report",
			  updown->sending->tunnel_id, status);
	updown->complained = false;
	updown->retry_ms = UPDOWN_RETRY_MS;
	free(take_ptr(updown->sending));
	pump(updown);
}

static void pump(struct updown *updown)
{
	char path[sizeof(NODEAPI_TUNNEL) + ID_UUID_SIZE + 8];
	struct report *report = TAILQ_FIRST(&updown->reports);
	struct node_http_call call = {
		.path = path,
		.timeout_ms = LOGINS_TIMEOUT_MS,
		.max = 65536,
		.done = on_answer,
		.arg = updown,
	};

	if (!report || updown->sending || evtimer_pending(updown->retry, NULL))
		return;
	snprintf(path, sizeof(path), NODEAPI_TUNNEL "%s/%s", report->tunnel_id,
		 report->up ? "up" : "down");
	call.body = report->up ? updown->body_up : updown->body_down;
	report_remove(updown, report);
	updown->sending = report;
	if (node_http_start(updown->http, &call, &updown->request) < 0) {
		take_back(updown);
		retry_later(updown);
	}
}

void updown_report(struct updown *updown, const char *tunnel_id, bool up)
{
	struct report *report =
		strmap_entry(strmap_get(&updown->waiting, tunnel_id), struct report, node);

	if (report) {
		report->up = up;
		return;
	}
	if (updown->waiting.count >= UPDOWN_WAITING) {
		report = TAILQ_FIRST(&updown->reports);
		log_error("report tunnel '%s' to the API: too many wait, dropping this one",
			  report->tunnel_id);
		report_remove(updown, report);
	} else {
		report = malloc(sizeof(*report));
	}
	if (!report) {
		log_error("report tunnel '%s' to the API: no memory, dropping it", tunnel_id);
		return;
	}
	*report = (struct report){ .up = up };
	snprintf(report->tunnel_id, sizeof(report->tunnel_id), "%s", tunnel_id);
	if (strmap_add(&updown->waiting, &report->node, report->tunnel_id) < 0) {
		free(report);
		return;
	}
	TAILQ_INSERT_TAIL(&updown->reports, report, entry);
	pump(updown);
}
