/* SPDX-License-Identifier: ISC */
/* Live sessions: opening, ending, noticing their end. */
#include "node/registry.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/escape.h"
#include "lib/log.h"
#include "lib/strbuf.h"
#include "node/attach.h"
#include "node/doctor.h"
#include "node/metrics.h"
#include "node/node.h"

void registry_init(struct registry *registry, struct node *node)
{
	*registry = (struct registry){ .node = node, .state_fd = -1 };
	TAILQ_INIT(&registry->sessions);
	LIST_INIT(&registry->watchers);
}

static void session_free(struct session *session)
{
	struct registry *registry = &session->owner->registry;

	broker_stop(session);
	doctor_cancel(session);
	if (session->wants_log)
		LIST_REMOVE(session, watcher_entry);
	attach_free(session->attach);
	if (session->process_event)
		event_free(session->process_event);
	if (session->end_timer)
		event_free(session->end_timer);
	if (session->pidfd >= 0)
		close(session->pidfd);
	if (session->login)
		logins_unpin(session->login);
	TAILQ_REMOVE(&registry->sessions, session, entry);
	strmap_remove(&registry->tokens, &session->node);
	registry->count--;
	free(session->key);
	explicit_bzero(session->token, sizeof(session->token));
	free(session);
}

/* ---- listeners that their sessions closed ---- */
static bool let_go(const struct relay_listener *listener)
{
	return process_has_file(&listener->holder, listener->holder_fd, listener->fd) == 0;
}

static void sweep_session(struct session *session)
{
	struct relay_listener *listener = LIST_FIRST(&session->listeners), *next;
	bool changed = false;

	for (; listener; listener = next) {
		next = LIST_NEXT(listener, session_entry);
		if (!let_go(listener))
			continue;
		log_info("find '%s' closed by session %d", listener->text, session->process.pid);
		relays_release_one(&session->owner->relays, listener);
		changed = true;
	}
	if (changed)
		registry_save(session);
}

/* The sessions whose turn was longest ago are at the front. */
static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct registry *registry = arg;
	size_t n = (registry->count + REGISTRY_SWEEP_TURNS - 1) / REGISTRY_SWEEP_TURNS;

	for (size_t i = 0; i < n && i < REGISTRY_SWEEP_MAX; i++) {
		struct session *session = TAILQ_FIRST(&registry->sessions);

		TAILQ_REMOVE(&registry->sessions, session, entry);
		TAILQ_INSERT_TAIL(&registry->sessions, session, entry);
		sweep_session(session);
	}
}

int registry_start(struct registry *registry)
{
	const struct timeval every = { .tv_sec = REGISTRY_SWEEP_MS / 1000 };

	registry->sweep = event_new(registry->node->base, -1, EV_PERSIST, on_sweep, registry);
	return registry->sweep && event_add(registry->sweep, &every) == 0 ? 0 : -ENOMEM;
}

void registry_clear(struct registry *registry)
{
	if (registry->sweep)
		event_free(registry->sweep);
	registry->sweep = NULL;
	while (!TAILQ_EMPTY(&registry->sessions))
		session_free(TAILQ_FIRST(&registry->sessions));
	strmap_clear(&registry->tokens);
	if (registry->state_fd >= 0)
		close(registry->state_fd);
	registry->state_fd = -1;
}

size_t registry_count_commands(const struct registry *registry, const char *user_id)
{
	const struct session *session;
	size_t n = 0;

	TAILQ_FOREACH(session, &registry->sessions, entry)
	n += session->is_command && strcmp(session->user_id, user_id) == 0;
	return n;
}

enum denial registry_admit(const struct registry *registry, const struct node_login *login)
{
	enum denial denial = node_login_denial(login);
	const struct session *session;
	int64_t n = 0;

	if (denial != DENIAL_NONE)
		return denial;
	TAILQ_FOREACH(session, &registry->sessions, entry)
	if (session->ending == DENIAL_NONE && !session->is_command &&
	    strcmp(session->user_id, login->user_id) == 0)
		n++;
	if (n >= registry->node->conf->max_sessions ||
	    registry_count_commands(registry, login->user_id) > REGISTRY_COMMANDS)
		return DENIAL_LIMIT;
	return DENIAL_NONE;
}

struct session *registry_add(struct registry *registry, const char *token, const char *user,
			     const char *user_id, const struct process *process)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->owner = registry->node;
	session->process = *process;
	session->pidfd = -1;
	session->broker.fd = -1;
	LIST_INIT(&session->listeners);
	snprintf(session->token, sizeof(session->token), "%s", token);
	snprintf(session->user, sizeof(session->user), "%s", user);
	snprintf(session->user_id, sizeof(session->user_id), "%s", user_id);
	if (strmap_add(&registry->tokens, &session->node, session->token) < 0) {
		free(session);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&registry->sessions, session, entry);
	registry->count++;
	if (logins_pin(&registry->node->logins, user, &session->login) < 0) {
		session_free(session);
		return NULL;
	}
	return session;
}

static void on_process(evutil_socket_t fd, short what, void *arg)
{
	registry_gone(arg);
}

int registry_watch(struct session *session)
{
	int r = process_open(&session->process, &session->pidfd);

	if (r < 0)
		return r;
	session->process_event =
		event_new(session->owner->base, session->pidfd, EV_READ, on_process, session);
	if (!session->process_event || event_add(session->process_event, NULL) < 0)
		return -ENOMEM;
	return 0;
}

static int make_token(char ret_token[NODEWIRE_TOKEN_LEN + 1])
{
	unsigned char random[NODEWIRE_TOKEN_LEN / 2];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(ret_token + 2 * i, 3, "%02x", random[i]);
	explicit_bzero(random, sizeof(random));
	return 0;
}

int registry_open(struct registry *registry, const struct registry_open *open,
		  struct session **ret_session)
{
	auto_close int notify_fd = open->notify_fd;
	char token[NODEWIRE_TOKEN_LEN + 1];
	struct session *session;
	int r = make_token(token);

	if (r < 0)
		return r;
	session = registry_add(registry, token, open->login->user, open->login->user_id,
			       &open->process);
	explicit_bzero(token, sizeof(token));
	if (!session)
		return -ENOMEM;
	snprintf(session->client, sizeof(session->client), "%s", open->client);
	session->key = open->key ? strdup(open->key) : NULL;
	session->since_ms = clock_wall_ms();
	r = registry_watch(session);
	if (r == 0)
		r = broker_start(session, take_fd(&notify_fd));
	if (r < 0) {
		session_free(session);
		return r;
	}
	registry_save(session);
	node_count(COUNT_SESSIONS);
	log_info("open session %d of user '%s' from '%s', %zu live", session->process.pid,
		 session->user, session->client, registry->count);
	*ret_session = session;
	return 0;
}

struct session *registry_find(const struct registry *registry, const char *token)
{
	return strmap_entry(strmap_get(&registry->tokens, token), struct session, node);
}

struct session *registry_find_pid(const struct registry *registry, const char *user_id, int pid)
{
	struct session *session;

	TAILQ_FOREACH(session, &registry->sessions, entry)
	if (session->process.pid == pid && !session->is_command &&
	    strcmp(session->user_id, user_id) == 0)
		return session;
	return NULL;
}

/* ---- ending ---- */
void registry_gone(struct session *session)
{
	log_info("close session %d of user '%s' after %lld s", session->process.pid, session->user,
		 (long long)((clock_wall_ms() - session->since_ms) / 1000));
	/* Without its root process, sshd's other one would go on serving a session that nobody watches. */
	if (session->child.pid)
		process_kill(&session->child, SIGKILL);
	relays_release(&session->owner->relays, session, true);
	registry_unsave(session);
	session_free(session);
}

static void on_end_timer(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval term = { .tv_sec = REGISTRY_TERM_MS / 1000 };
	struct session *session = arg;
	int r;

	if (session->terminated && session->child.pid)
		process_kill(&session->child, SIGKILL);
	r = process_kill(&session->process, session->terminated ? SIGKILL : SIGTERM);
	if (r < 0 && r != -ESRCH)
		log_error_r(r, "end session %d", session->process.pid);
	session->terminated = true;
	event_add(session->end_timer, &term);
}

void registry_end(struct session *session, enum denial why, bool hold)
{
	const struct timeval tell = { .tv_usec = REGISTRY_TELL_MS * 1000 }, now = { 0 };

	if (session->ending != DENIAL_NONE)
		return;
	log_info("end session %d of user '%s': %s", session->process.pid, session->user,
		 denial_code(why));
	session->ending = why;
	relays_release(&session->owner->relays, session, hold);
	session->end_timer = evtimer_new(session->owner->base, on_end_timer, session);
	if (!session->end_timer) {
		process_kill(&session->process, SIGTERM);
		return;
	}
	if (session->attach)
		attach_end(session->attach, why);
	event_add(session->end_timer, session->attach ? &tell : &now);
}

void registry_detached(struct session *session)
{
	const struct timeval now = { 0 }, answered = { .tv_sec = REGISTRY_ANSWERED_MS / 1000 };

	doctor_cancel(session);
	/* It was answered: a client that keeps the connection is of no use. */
	if (session->is_command && !session->end_timer) {
		session->ending = DENIAL_LIMIT;
		session->end_timer = evtimer_new(session->owner->base, on_end_timer, session);
		if (session->end_timer)
			event_add(session->end_timer, &answered);
		return;
	}
	/* It was told why, and has gone: no need to wait longer. */
	if (session->end_timer && !session->terminated)
		event_add(session->end_timer, &now);
}

/* ---- what the API says ---- */
void registry_tunnel_deleted(struct session *session, const struct node_tunnel *tunnel)
{
	auto_call(strbuf_clear) struct strbuf text = STRBUF_INIT(4096);

	if (LIST_EMPTY(&session->listeners)) {
		registry_end(session, DENIAL_DELETED, false);
		return;
	}
	registry_save(session);
	if (!session->attach)
		return;
	strbuf_adds(&text, "deleted: ");
	strbuf_adds(&text, tunnel->url);
	if (strbuf_error(&text) == 0)
		attach_notice(session->attach, text.buf);
}

void registry_key_deleted(struct registry *registry, const char *user_id)
{
	struct session *session;

	TAILQ_FOREACH(session, &registry->sessions, entry)
	if (!session->key && strcmp(session->user_id, user_id) == 0)
		registry_end(session, DENIAL_KEY, true);
}

static bool key_is_gone(const struct session *session, const struct node_login *login)
{
	char *space = session->key ? strchr(session->key, ' ') : NULL;
	auto_free char *type = space ? strndup(session->key, (size_t)(space - session->key)) : NULL;

	return type && !node_login_has_key(login, type, space + 1);
}

static void update_tunnels(struct session *session, const struct node_login *login)
{
	struct relays *relays = &session->owner->relays;
	struct relay_listener *listener = LIST_FIRST(&session->listeners);

	while (listener) {
		const struct node_tunnel *info =
			node_login_tunnel_by_id(login, listener->tunnel->info.tunnel_id);

		if (info) {
			relays_update(relays, info);
			listener = LIST_NEXT(listener, session_entry);
		} else {
			relays_delete_tunnel(relays, listener->tunnel->info.tunnel_id);
			listener = LIST_FIRST(&session->listeners);
		}
	}
}

void registry_login_changed(struct registry *registry, const char *user,
			    const struct node_login *login)
{
	enum denial denial = login ? node_login_denial(login) : DENIAL_DELETED;
	struct session *session;

	TAILQ_FOREACH(session, &registry->sessions, entry)
	{
		if (session->ending != DENIAL_NONE || strcmp(session->user, user) != 0)
			continue;
		if (denial != DENIAL_NONE)
			registry_end(session, denial, false);
		else if (key_is_gone(session, login))
			registry_end(session, DENIAL_KEY, true);
		else
			update_tunnels(session, login);
	}
}
