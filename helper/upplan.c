/* SPDX-License-Identifier: ISC */
/* Sockets are told apart by their names, of which the file has each once. */
#include "helper/upplan.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/json_text.h"
#include "helper/table.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

/* ---- what is to run ---- */
static void add_jobs(struct upplan *plan, const struct upsocket *s,
		     const struct tunnel_request *request)
{
	int64_t i;

	for (i = 0; i < s->conf->tunnels; i++) {
		char *label = plan->labels[plan->job_count];

		if (s->conf->tunnels > 1)
			snprintf(label, UPPLAN_LABEL_SIZE, "%s %d", s->conf->name, (int)i + 1);
		else
			snprintf(label, UPPLAN_LABEL_SIZE, "%s", s->conf->name);
		plan->jobs[plan->job_count++] = (struct tunnel_job){
			.request = request,
			.socket = &s->info,
			.tunnel = &s->info.tunnels[i],
			.label = label,
			.quiet = true,
		};
	}
}

int upplan_make_jobs(struct upplan *plan)
{
	size_t i;

	plan->requests = calloc(plan->sockets.count, sizeof(*plan->requests));
	plan->jobs = calloc(TUNNEL_JOBS_MAX, sizeof(*plan->jobs));
	plan->labels = calloc(TUNNEL_JOBS_MAX, sizeof(*plan->labels));
	if (!plan->requests || !plan->jobs || !plan->labels)
		return -ENOMEM;
	for (i = 0; i < plan->sockets.count; i++) {
		const struct upconf_socket *s = plan->sockets.items[i].conf;

		plan->requests[i] = (struct tunnel_request){
			.port = s->port,
			.host = s->host,
			.identity = s->identity,
			.ssh_options = s->ssh_options,
		};
		add_jobs(plan, &plan->sockets.items[i], &plan->requests[i]);
	}
	return 0;
}

void upplan_clear(struct upplan *plan)
{
	free(plan->requests);
	free(plan->jobs);
	free(plan->labels);
	upsockets_clear(&plan->sockets);
	upconf_clear(&plan->conf);
	*plan = (struct upplan){ 0 };
}

/* ---- comparing ---- */
bool upplan_same_file(const struct upconf *a, const struct upconf *b)
{
	size_t i;

	for (i = 0; a->count == b->count && i < a->count; i++)
		if (!upconf_socket_equal(&a->sockets[i], &b->sockets[i]))
			return false;
	return a->count == b->count;
}

enum news { SAME, ADDED, CHANGED };

static const struct upsocket *find(const struct upplan *plan, const char *name)
{
	size_t i;

	for (i = 0; i < plan->sockets.count; i++)
		if (!strcmp(plan->sockets.items[i].conf->name, name))
			return &plan->sockets.items[i];
	return NULL;
}

/* One that was deleted, or has another type now, is another socket. */
static enum news news_of(const struct upsocket *s, const struct upplan *before)
{
	const struct upsocket *old = find(before, s->conf->name);

	if (!old || strcmp(old->info.socket_id, s->info.socket_id) != 0)
		return ADDED;
	return upconf_socket_equal(old->conf, s->conf) ? SAME : CHANGED;
}

/* ---- telling ---- */
static void add_row(struct table *t, const struct upsocket *s)
{
	char origin[300];

	snprintf(origin, sizeof(origin), strchr(s->conf->host, ':') ? "[%s]:%d" : "%s:%d",
		 s->conf->host, (int)s->conf->port);
	table_add(t, (const char *const[]){ s->conf->name, s->info.url, origin, s->conf->type });
}

/* Takes the object over. */
static int add_event(struct strbuf *sb, struct json_object *o)
{
	int r = o ? json_text_add(sb, o, false) : -ENOMEM;

	json_object_put(o);
	strbuf_addch(sb, '\n');
	return r;
}

static int add_socket_event(struct strbuf *sb, const struct upsocket *s)
{
	struct json_object *o = json_object_new_object();

	if (o) {
		json_object_object_add(o, "event", json_object_new_string("socket"));
		json_object_object_add(o, "socket", json_object_get(s->document));
	}
	return add_event(sb, o);
}

/* Those that are not in `before`, or otherwise there; NULL: all. */
static int add_sockets(const struct upplan *plan, const struct upplan *before, bool json,
		       size_t width, struct strbuf *sb)
{
	static const struct table_column columns[] = {
		{ "name" }, { "url" }, { "leads to" }, { "type", true }
	};
	struct table t;
	size_t i;
	int r = 0;

	table_init(&t, columns, ARRAY_SIZE(columns));
	for (i = 0; i < plan->sockets.count && r == 0; i++) {
		const struct upsocket *s = &plan->sockets.items[i];

		if (before && news_of(s, before) == SAME)
			continue;
		if (json)
			r = add_socket_event(sb, s);
		else
			add_row(&t, s);
	}
	if (r == 0 && !json) {
		r = table_print(&t, width, sb);
		strbuf_addch(sb, '\n');
	}
	table_clear(&t);
	return r < 0 ? r : strbuf_error(sb);
}

int upplan_add_sockets(const struct upplan *plan, bool json, size_t width, struct strbuf *sb)
{
	return add_sockets(plan, NULL, json, width, sb);
}

struct names {
	struct json_object *added, *changed, *removed; /* arrays of names */
	size_t others;
};

static void add_name(struct json_object *names, const char *name)
{
	if (names)
		json_object_array_add(names, json_object_new_string(name));
}

static struct names names_of(const struct upplan *plan, const struct upplan *before)
{
	struct names n = { json_object_new_array(), json_object_new_array(),
			   json_object_new_array(), 0 };
	size_t i;

	for (i = 0; i < plan->sockets.count; i++) {
		const struct upsocket *s = &plan->sockets.items[i];
		enum news news = news_of(s, before);

		if (news == SAME)
			n.others++;
		else
			add_name(news == ADDED ? n.added : n.changed, s->conf->name);
	}
	for (i = 0; i < before->sockets.count; i++) {
		const char *name = before->sockets.items[i].conf->name;

		if (!find(plan, name))
			add_name(n.removed, name);
	}
	return n;
}

static int add_names_event(struct strbuf *sb, const struct names *n)
{
	struct json_object *o = json_object_new_object();

	if (o) {
		json_object_object_add(o, "event", json_object_new_string("reloaded"));
		json_object_object_add(o, "added", json_object_get(n->added));
		json_object_object_add(o, "changed", json_object_get(n->changed));
		json_object_object_add(o, "removed", json_object_get(n->removed));
	}
	return add_event(sb, o);
}

static void add_sentences(struct strbuf *sb, const struct names *n)
{
	size_t i, removed = json_object_array_length(n->removed);

	strbuf_addf(sb,
		    "\nThe file says something else now: %zu added, %zu changed, %zu removed, "
		    "%zu as before.\n",
		    json_object_array_length(n->added), json_object_array_length(n->changed),
		    removed, n->others);
	for (i = 0; i < removed; i++)
		strbuf_addf(sb,
			    "[%s] Disconnected: it is not in the file any more. The socket "
			    "stays.\n",
			    json_object_get_string(json_object_array_get_idx(n->removed, i)));
}

int upplan_add_news(const struct upplan *plan, const struct upplan *before, bool json, size_t width,
		    struct strbuf *sb)
{
	struct names n = names_of(plan, before);
	int r = n.added && n.changed && n.removed ? 0 : -ENOMEM;

	if (r == 0 && json)
		r = add_names_event(sb, &n);
	else if (r == 0)
		add_sentences(sb, &n);
	if (r == 0 && n.others < plan->sockets.count)
		r = add_sockets(plan, before, json, width, sb);
	json_object_put(n.added);
	json_object_put(n.changed);
	json_object_put(n.removed);
	return r < 0 ? r : strbuf_error(sb);
}
