/* SPDX-License-Identifier: ISC */
/* who, log, kick; doctor is in a file of its own. */
#include "node/command.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/nodewire.h"
#include "lib/wire.h"
#include "node/attach.h"
#include "node/doctor.h"
#include "node/node.h"

/* Did this login have a right to that tunnel? */
static bool is_in_scope(const struct session *session, const struct relay_listener *listener)
{
	return node_login_tunnel_by_id(session->login->login, listener->tunnel->info.tunnel_id) !=
	       NULL;
}

/* ---- who ---- */
struct row {
	const struct session *session;
	const struct relay_listener *listener; /* NULL: it has none */
};

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	const char *url_x = x->listener ? x->listener->tunnel->info.url : "~";
	const char *url_y = y->listener ? y->listener->tunnel->info.url : "~";
	int order = strcmp(url_x, url_y);

	if (order)
		return order;
	return x->session->since_ms < y->session->since_ms ? 1 : -1;
}

/* The rows of a session that `asker` may see, appended while there is room; how many there are. */
static size_t add_rows(const struct session *asker, const struct session *session, struct row *rows,
		       size_t n)
{
	const struct relay_listener *listener;

	if (session->is_command || session->ending != DENIAL_NONE ||
	    strcmp(session->user_id, asker->user_id) != 0)
		return n;
	if (LIST_EMPTY(&session->listeners) && strcmp(session->user, asker->user) == 0) {
		if (n < COMMAND_ROWS)
			rows[n] = (struct row){ .session = session };
		return n + 1;
	}
	LIST_FOREACH(listener, &session->listeners, session_entry)
	{
		if (!is_in_scope(asker, listener))
			continue;
		if (n < COMMAND_ROWS)
			rows[n] = (struct row){ session, listener };
		n++;
	}
	return n;
}

static void send_row(struct attach *attach, const struct row *row)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);
	const struct relay_listener *listener = row->listener;

	wire_begin(&sb, NODEWIRE_HOLDER);
	wire_add_int(&sb, "session", row->session->process.pid);
	attach_add_escaped(&sb, "client", row->session->client);
	wire_add_int(&sb, "since", row->session->since_ms);
	if (listener) {
		const struct node_tunnel *info = &listener->tunnel->info;

		wire_add(&sb, "state", listener->role == TAKEOVER_CURRENT ? "current" : "standby");
		attach_add_escaped(&sb, "name", info->socket_name);
		attach_add_escaped(&sb, "url", info->url);
		wire_add(&sb, "type", info->type);
		wire_add_int(&sb, "port", info->port);
		wire_add_int(&sb, "requests", (int64_t)listener->requests);
		wire_add(&sb, "origin", health_state_name(listener->health.state));
	}
	attach_send(attach, &sb);
}

static void run_who(struct session *asker, const char *argument)
{
	struct registry *registry = &asker->owner->registry;
	auto_free struct row *rows = calloc(COMMAND_ROWS, sizeof(*rows));
	const struct session *session;
	size_t n = 0, shown;

	if (!rows) {
		attach_done(asker->attach, false, denial_message(DENIAL_UNAVAILABLE));
		return;
	}
	TAILQ_FOREACH(session, &registry->sessions, entry)
	n = add_rows(asker, session, rows, n);
	shown = n < COMMAND_ROWS ? n : COMMAND_ROWS;
	if (shown)
		qsort(rows, shown, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < shown; i++)
		send_row(asker->attach, &rows[i]);
	attach_done(asker->attach, true,
		    n == 0	? "nobody holds a tunnel of yours on this server"
		    : n > shown ? "there are more than these"
				: "");
}

/* ---- log ---- */
static void run_log(struct session *session, const char *argument)
{
	session->wants_log = true;
	LIST_INSERT_HEAD(&session->owner->registry.watchers, session, watcher_entry);
}

void registry_log(struct registry *registry, const struct relay_listener *listener,
		  const struct edge_record *record)
{
	const struct session *of = relays_serving(listener);
	struct session *session;

	if (LIST_EMPTY(&registry->watchers) || !of)
		return;
	LIST_FOREACH(session, &registry->watchers, watcher_entry)
	if (session->attach && session->login->login &&
	    strcmp(session->user_id, of->user_id) == 0 && is_in_scope(session, listener))
		attach_log(session->attach, record, listener);
}

/* ---- kick ---- */
/* All that it has must be in scope: a tunnel's own login ends no session that serves others too. */
static bool may_kick(const struct session *asker, const struct session *session)
{
	const struct relay_listener *listener;

	if (LIST_EMPTY(&session->listeners))
		return strcmp(session->user, asker->user) == 0;
	LIST_FOREACH(listener, &session->listeners, session_entry)
	if (!is_in_scope(asker, listener))
		return false;
	return true;
}

static void run_kick(struct session *asker, const char *argument)
{
	struct session *session = registry_find_pid(&asker->owner->registry, asker->user_id,
						    argument ? atoi(argument) : 0);

	if (!session || session == asker || session->ending != DENIAL_NONE ||
	    !may_kick(asker, session)) {
		attach_done(asker->attach, false,
			    "you have no such session on this server; 'who' lists them");
		return;
	}
	log_info("end session %d as session %d asks", session->process.pid, asker->process.pid);
	attach_done(asker->attach, true, "it was ended");
	registry_end(session, DENIAL_KICKED, true);
}

static void run_doctor(struct session *session, const char *argument)
{
	if (doctor_start(session) < 0)
		attach_done(session->attach, false, "too many are being checked now, try again");
}

/* ---- which ---- */
static const struct {
	const char *name;
	void (*run)(struct session *session, const char *argument);
} commands[] = {
	{ NODEWIRE_WHO, run_who },
	{ NODEWIRE_FOLLOW, run_log },
	{ NODEWIRE_KICK, run_kick },
	{ NODEWIRE_DOCTOR, run_doctor },
};

/* What the client's configuration forwards besides: false if visitors are sent there already. */
static bool give_up_listeners(struct session *session)
{
	const struct relay_listener *listener;
	bool is_current = false;

	LIST_FOREACH(listener, &session->listeners, session_entry)
	is_current |= listener->role == TAKEOVER_CURRENT || listener->role == TAKEOVER_HOLD;
	relays_release(&session->owner->relays, session, is_current);
	registry_save(session);
	return !is_current;
}

void command_run(struct session *session, int fd, const char *name, const char *argument)
{
	bool is_free;

	session->is_command = true;
	is_free = give_up_listeners(session);
	if (attach_new(session, fd) < 0)
		return;
	if (!is_free) {
		attach_done(session->attach, false,
			    "this login forwards a port as well: ask with "
			    "ssh -o ClearAllForwardings=yes");
		return;
	}
	if (!session->login->login) {
		attach_done(session->attach, false, denial_message(DENIAL_UNAVAILABLE));
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, name) == 0) {
			commands[i].run(session, argument);
			return;
		}
	attach_done(session->attach, false, "this server does not know that word");
}
