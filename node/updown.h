/* SPDX-License-Identifier: ISC */
/* Tells the API which tunnels are up here (POST /node/tunnel/<id>/up and /down, lib/nodeapi.h): in order, one at a time,
 * again until the API has it. Of several reports about a tunnel that still wait, only the last is sent. */
#ifndef NODE_UPDOWN_H
#define NODE_UPDOWN_H

#include <stdbool.h>

struct event_base;
struct node_http;
struct updown;

#define UPDOWN_WAITING 65536 /* reports that wait; past it the oldest is dropped, and logged */
#define UPDOWN_RETRY_MS 500
#define UPDOWN_RETRY_MAX_MS 10000

/* 0 with *ret_updown; -ENOMEM. `address`: where clients reach this tunnel server. */
int updown_new(struct event_base *base, struct node_http *http, const char *node_name,
	       const char *address, struct updown **ret_updown);
/* What still waits is forgotten. */
void updown_free(struct updown *updown);
void updown_report(struct updown *updown, const char *tunnel_id, bool up);

#endif
