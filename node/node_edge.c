/* SPDX-License-Identifier: ISC */
/* Keeps HAProxy's table of routes, and its maps of passwords and settings, as they are wanted. */
#include "node/node_edge.h"

#include <errno.h>
#include <event2/event.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "lib/paths.h"

/* The answer to a command that is not for the log. */
static void on_secret_answer(void *arg, const char *line)
{
	if (line && *line)
		log_error("tell HAProxy a name's password or settings: it says '%s'", line);
}

static void emit(void *arg, const char *command)
{
	struct node_edge *edge = arg;
	bool is_secret = strncmp(command, EDGE_MAP_ADD, strlen(EDGE_MAP_ADD)) == 0 ||
			 strncmp(command, EDGE_MAP_SET, strlen(EDGE_MAP_SET)) == 0;

	/* A line there says that a certificate is loaded: that comes first. */
	if (edge->cli && edge_certs_take(&edge->certs, command))
		return;
	if (edge->cli)
		edge_cli_send(edge->cli, command, is_secret ? on_secret_answer : NULL, NULL);
}

static void on_map_line(void *arg, const char *line)
{
	struct edge_map *map = arg;

	if (line)
		edge_map_sync_line(map, line);
	else
		edge_map_sync_end(map);
}

/* Those that it has, and the map of them. */
static void on_listed_line(void *arg, const char *line)
{
	struct node_edge *edge = arg;

	if (line)
		edge_certs_sync_listed(&edge->certs,
				       &edge->routes.settings.maps[EDGE_MAP_CERTIFICATES], line);
}

static void on_certificate_line(void *arg, const char *line)
{
	struct node_edge *edge = arg;
	struct edge_map *map = &edge->routes.settings.maps[EDGE_MAP_CERTIFICATES];

	if (line)
		edge_certs_sync_line(&edge->certs, map, line);
	else
		edge_map_sync_end(map);
}

static void on_table_line(void *arg, const char *line)
{
	struct node_edge *edge = arg;

	if (line) {
		edge_routes_sync_line(&edge->routes, line);
		return;
	}
	edge_routes_sync_end(&edge->routes);
	/* What was just sent comes before it. */
	if (!edge->is_ready)
		edge_cli_send(edge->cli, "add map ready.map node 1", NULL, NULL);
	edge->is_ready = true;
	edge_certs_go(&edge->certs);
}

/* Lines of ready.map: somebody told this process before (the node was started again). */
static void on_ready_line(void *arg, const char *line)
{
	struct node_edge *edge = arg;

	if (line && *line)
		edge->is_ready = true;
}

static void sync_table(struct node_edge *edge)
{
	char command[64];

	edge_certs_hold(&edge->certs);
	edge_routes_sync_begin(&edge->routes);
	edge_cli_send(edge->cli, "show ssl crt-list " PATHS_CERTIFICATES "/list", on_listed_line,
		      edge);
	for (size_t i = 0; i < EDGE_MAP_COUNT; i++) {
		struct edge_map *map = &edge->routes.settings.maps[i];

		snprintf(command, sizeof(command), "show map %s", map->name);
		if (i == EDGE_MAP_CERTIFICATES)
			edge_cli_send(edge->cli, command, on_certificate_line, edge);
		else
			edge_cli_send(edge->cli, command, on_map_line, map);
	}
	edge_cli_send(edge->cli, "show table mysocket/routes", on_table_line, edge);
}

static void on_recheck(evutil_socket_t fd, short what, void *arg)
{
	sync_table(arg);
}

static void on_up(void *arg)
{
	const struct timeval recheck = { .tv_sec = NODE_EDGE_RECHECK_MS / 1000 };
	struct node_edge *edge = arg;

	edge->is_ready = false;
	edge_cli_send(edge->cli, "show map ready.map", on_ready_line, edge);
	sync_table(edge);
	event_add(edge->recheck, &recheck);
}

static void on_down(void *arg)
{
	struct node_edge *edge = arg;

	edge_certs_forget(&edge->certs);
}

void node_edge_init(struct node_edge *edge)
{
	*edge = (struct node_edge){ 0 };
	edge_routes_init(&edge->routes, emit, edge);
}

int node_edge_start(struct node_edge *edge, struct event_base *base, struct node_http *http,
		    const char *path)
{
	const struct edge_cli_handler handler = { .up = on_up, .down = on_down, .arg = edge };
	int r = edge_certs_init(&edge->certs, base, http, PATHS_CERTIFICATES);

	if (r < 0)
		return r;
	edge->recheck = evtimer_new(base, on_recheck, edge);
	r = edge->recheck ? edge_cli_new(base, path, &handler, &edge->cli) : -ENOMEM;
	edge->certs.cli = edge->cli;
	return r;
}

void node_edge_clear(struct node_edge *edge)
{
	edge_certs_clear(&edge->certs); /* while it is up: what waits is written */
	edge_cli_free(edge->cli);
	edge->cli = NULL;
	if (edge->recheck)
		event_free(edge->recheck);
	edge->recheck = NULL;
	edge_routes_clear(&edge->routes);
}
