/* SPDX-License-Identifier: ISC */
/* Accepts, checks who it is, reads one request, answers. */
#include "node/gate.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/log.h"
#include "lib/wire.h"
#include "node/attach.h"
#include "node/command.h"
#include "node/metrics.h"
#include "node/node.h"

enum peer { PEER_ROOT, PEER_KEYS, PEER_TUNNEL, PEER_COUNT };

struct gate_conn {
	LIST_ENTRY(gate_conn) entry;
	struct gate *gate;
	enum peer peer;
	pid_t pid;
	int fd;
	struct event *event;
	struct logins_wait wait;
	/* The request, while the API is asked. */
	const struct verb *verb;
	struct process process; /* open */
	int notify_fd;
	char user[ID_USER_SIZE];
	char client[REGISTRY_CLIENT_SIZE];
	char *type, *blob; /* keys */
	char *key;	   /* open; may be NULL */
};

struct gate {
	struct node *node;
	int fd;
	int reserve; /* a descriptor to give up when there are no others */
	struct event *event;
	LIST_HEAD(, gate_conn) conns;
	size_t count[PEER_COUNT];
	char buf[WIRE_MAX + 1]; /* of one request at a time */
};

struct verb {
	const char *name;
	unsigned peers; /* bits: 1 << enum peer */
	void (*run)(struct gate_conn *conn, const struct wire_msg *msg);
	/* With what is known of the login, or NULL: then result says why. */
	void (*decide)(struct gate_conn *conn, int result, const struct node_login *login);
};

static void conn_free(struct gate_conn *conn)
{
	logins_cancel(&conn->wait);
	if (conn->event)
		event_free(conn->event);
	if (conn->fd >= 0)
		close(conn->fd);
	if (conn->notify_fd >= 0)
		close(conn->notify_fd);
	conn->gate->count[conn->peer]--;
	LIST_REMOVE(conn, entry);
	free(conn->type);
	free(conn->blob);
	free(conn->key);
	free(conn);
}

/* ---- answers: each ends the connection ---- */
static void answer(struct gate_conn *conn, const struct strbuf *sb)
{
	/* A fresh connection takes one message, or the peer is not worth waiting for. */
	int r = wire_send(conn->fd, sb, -1, 0);

	if (r < 0 && r != -EPIPE)
		log_error_r(r, "answer process %d", conn->pid);
	conn_free(conn);
}

static void answer_with(struct gate_conn *conn, const char *verb, const char *name,
			const char *value)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);

	wire_begin(&sb, verb);
	if (name)
		wire_add(&sb, name, value);
	answer(conn, &sb);
}

static void deny(struct gate_conn *conn, enum denial why)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);

	node_count(COUNT_DENIED + (unsigned)why);
	log_info("deny '%s' for user '%s' from '%s': %s", conn->verb->name, conn->user,
		 conn->client, denial_code(why));
	wire_begin(&sb, NODEWIRE_DENIED);
	wire_add(&sb, "code", denial_code(why));
	wire_add(&sb, "message", denial_message(why));
	answer(conn, &sb);
}

/* ---- keys ---- */
static void answer_ports(struct gate_conn *conn, const struct node_login *login)
{
	auto_call(strbuf_clear) struct strbuf ports = STRBUF_INIT(WIRE_MAX / 2);

	for (size_t i = 0; i < login->tunnel_count; i++)
		strbuf_addf(&ports, "%s%u", i ? "," : "", login->tunnels[i].port);
	answer_with(conn, NODEWIRE_OK, login->tunnel_count ? "ports" : NULL, ports.buf);
}

static void decide_keys(struct gate_conn *conn, int result, const struct node_login *login)
{
	if (!login && result != -ENOENT)
		answer_with(conn, NODEWIRE_ERROR, "message", "the API cannot be asked now");
	else if (login && node_login_has_key(login, conn->type, conn->blob))
		answer_ports(conn, login);
	else
		answer_with(conn, NODEWIRE_NO, NULL, NULL);
}

static void on_login(void *arg, int result, const struct node_login *login)
{
	struct gate_conn *conn = arg;

	conn->verb->decide(conn, result, login);
}

static void ask_api(struct gate_conn *conn)
{
	logins_fetch(&conn->gate->node->logins, conn->user, &conn->wait, on_login, conn);
}

static void run_keys(struct gate_conn *conn, const struct wire_msg *msg)
{
	const char *type = wire_get(msg, "type"), *blob = wire_get(msg, "blob");

	conn->type = type ? strdup(type) : NULL;
	conn->blob = blob ? strdup(blob) : NULL;
	if (!conn->type || !conn->blob)
		answer_with(conn, NODEWIRE_NO, NULL, NULL);
	else
		ask_api(conn); /* always: this is where a new key or a suspended account shows */
}

/* ---- account and open ---- */
static enum denial judge(struct gate_conn *conn, int result, const struct node_login *login)
{
	if (!login)
		return result == -ENOENT ? DENIAL_UNKNOWN : DENIAL_UNAVAILABLE;
	return registry_admit(&conn->gate->node->registry, login);
}

static void decide_account(struct gate_conn *conn, int result, const struct node_login *login)
{
	enum denial denial = judge(conn, result, login);

	if (denial == DENIAL_NONE)
		answer_with(conn, NODEWIRE_OK, NULL, NULL);
	else
		deny(conn, denial);
}

static void decide_open(struct gate_conn *conn, int result, const struct node_login *login)
{
	enum denial denial = judge(conn, result, login);
	struct session *session;
	struct registry_open open = {
		.login = login,
		.client = conn->client,
		.key = conn->key,
		.process = conn->process,
		.notify_fd = conn->notify_fd,
	};
	int r;

	if (denial != DENIAL_NONE) {
		deny(conn, denial);
		return;
	}
	conn->notify_fd = -1;
	r = registry_open(&conn->gate->node->registry, &open, &session);
	if (r < 0) {
		log_error_r(r, "open session %d of user '%s'", conn->pid, conn->user);
		deny(conn, DENIAL_UNAVAILABLE);
		return;
	}
	answer_with(conn, NODEWIRE_OK, "token", session->token);
}

/* What `keys` has just asked for is good enough; a login that is not known is asked for here. */
static void run_account(struct gate_conn *conn, const struct wire_msg *msg)
{
	const struct node_login *login = logins_get(&conn->gate->node->logins, conn->user);

	if (login)
		conn->verb->decide(conn, 0, login);
	else
		ask_api(conn);
}

static void run_open(struct gate_conn *conn, const struct wire_msg *msg)
{
	const char *key = wire_get(msg, "key");

	if (conn->notify_fd < 0 || process_find(conn->pid, &conn->process, NULL) < 0) {
		log_error("open session %d: no descriptor or no such process, denied", conn->pid);
		deny(conn, DENIAL_UNAVAILABLE);
		return;
	}
	conn->key = key && *key ? strdup(key) : NULL;
	run_account(conn, msg);
}

/* ---- attach ---- */
/* The session that the peer belongs to; NULL: it was denied. */
static struct session *find_session(struct gate_conn *conn, const struct wire_msg *msg)
{
	const char *token = wire_get(msg, "token");
	struct session *session = token ? registry_find(&conn->gate->node->registry, token) : NULL;

	if (session && session->ending == DENIAL_NONE &&
	    process_is_descendant(conn->pid, &session->process))
		return session;
	deny(conn, session && session->ending ? session->ending : DENIAL_UNKNOWN);
	return NULL;
}

static void run_attach(struct gate_conn *conn, const struct wire_msg *msg)
{
	struct session *session = find_session(conn, msg);
	int fd;

	if (!session)
		return;
	fd = take_fd(&conn->fd);
	relays_settle(&conn->gate->node->relays, session);
	conn_free(conn);
	if (attach_new(session, fd) < 0)
		log_error("attach to session %d: no memory, it gets no log", session->process.pid);
}

static void run_command(struct gate_conn *conn, const struct wire_msg *msg)
{
	struct session *session = find_session(conn, msg);
	const char *name = wire_get(msg, "name");

	if (!session)
		return;
	if (!name || session->settled || session->is_command) {
		deny(conn, DENIAL_UNKNOWN); /* it is a tunnel's, or has asked before */
		return;
	}
	if (registry_count_commands(&conn->gate->node->registry, session->user_id) >=
	    REGISTRY_COMMANDS) {
		session->is_command = true;
		deny(conn, DENIAL_LIMIT);
		return;
	}
	log_info("answer '%s' for session %d of user '%s'", conn->verb->name, session->process.pid,
		 session->user);
	command_run(session, take_fd(&conn->fd), name, wire_get(msg, "argument"));
	conn_free(conn);
}

static const struct verb verbs[] = {
	{ NODEWIRE_KEYS, 1 << PEER_ROOT | 1 << PEER_KEYS, run_keys, decide_keys },
	{ NODEWIRE_ACCOUNT, 1 << PEER_ROOT, run_account, decide_account },
	{ NODEWIRE_OPEN, 1 << PEER_ROOT, run_open, decide_open },
	{ NODEWIRE_ATTACH, 1 << PEER_TUNNEL, run_attach, NULL },
	{ NODEWIRE_COMMAND, 1 << PEER_TUNNEL, run_command, NULL },
};

/* ---- reading ---- */
static const struct verb *find_verb(const struct gate_conn *conn, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0 && verbs[i].peers & 1U << conn->peer)
			return &verbs[i];
	return NULL;
}

static bool take_user(struct gate_conn *conn, const struct wire_msg *msg)
{
	const char *user = wire_get(msg, "user"), *client = wire_get(msg, "client");

	if (conn->verb->decide && !id_is_user(user))
		return false;
	if (!client || strlen(client) >= sizeof(conn->client) ||
	    !escape_is_clean(client, strlen(client)))
		client = "unknown";
	snprintf(conn->user, sizeof(conn->user), "%s", user && conn->verb->decide ? user : "");
	snprintf(conn->client, sizeof(conn->client), "%s", client);
	return true;
}

static void on_request(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval deadline = { .tv_sec = GATE_DEADLINE_MS / 1000 };
	struct gate_conn *conn = arg;
	struct gate *gate = conn->gate;
	struct wire_msg msg;
	int r;

	if (what & EV_TIMEOUT) {
		conn_free(conn);
		return;
	}
	if (conn->verb) {
		conn_free(conn); /* it hung up, or talks out of turn */
		return;
	}
	r = wire_recv(fd, gate->buf, sizeof(gate->buf), &msg, &conn->notify_fd, 0);
	if (r == -EAGAIN) {
		event_add(conn->event, &deadline);
		return;
	}
	conn->verb = r == 0 ? find_verb(conn, msg.verb) : NULL;
	if (!conn->verb || !take_user(conn, &msg)) {
		log_warn("refuse a request of process %d: not for it to ask", conn->pid);
		conn_free(conn);
		return;
	}
	log_debug("answer '%s' of process %d, user '%s'", conn->verb->name, conn->pid, conn->user);
	event_add(conn->event, &deadline);
	conn->verb->run(conn, &msg);
}

/* ---- accepting ---- */
static bool peer_of(const struct node *node, uid_t uid, enum peer *ret_peer)
{
	if (uid == 0)
		*ret_peer = PEER_ROOT;
	else if (uid == node->keys_uid)
		*ret_peer = PEER_KEYS;
	else if (uid == node->tunnel_uid)
		*ret_peer = PEER_TUNNEL;
	else
		return false;
	return true;
}

static bool has_room(const struct gate *gate, enum peer peer)
{
	size_t all = 0;

	for (int i = 0; i < PEER_COUNT; i++)
		all += gate->count[i];
	return all < GATE_PENDING && gate->count[peer] < GATE_PENDING / 2;
}

static void start(struct gate *gate, int fd)
{
	const struct timeval deadline = { .tv_sec = GATE_DEADLINE_MS / 1000 };
	socklen_t len = sizeof(struct ucred);
	struct gate_conn *conn;
	struct ucred cred;
	enum peer peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 || cred.pid <= 0 ||
	    !peer_of(gate->node, cred.uid, &peer) || !has_room(gate, peer) ||
	    !(conn = calloc(1, sizeof(*conn)))) {
		close(fd);
		return;
	}
	conn->gate = gate;
	conn->peer = peer;
	conn->pid = cred.pid;
	conn->fd = fd;
	conn->notify_fd = -1;
	gate->count[peer]++;
	LIST_INSERT_HEAD(&gate->conns, conn, entry);
	conn->event = event_new(gate->node->base, fd, EV_READ, on_request, conn);
	if (!conn->event || event_add(conn->event, &deadline) < 0)
		conn_free(conn);
}

/* Out of descriptors: whoever asks is told so by a closed connection, instead of waiting in the queue while the node
 * tries on and on. */
static void turn_away(struct gate *gate)
{
	int conn;

	if (gate->reserve < 0)
		return;
	close(gate->reserve);
	conn = accept4(gate->fd, NULL, NULL, SOCK_CLOEXEC);
	if (conn >= 0)
		close(conn);
	gate->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	int conn = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (conn >= 0)
		start(arg, conn);
	else if (errno == EMFILE || errno == ENFILE)
		turn_away(arg);
}

/* The socket appears under its name when it listens, in one step, in place of one that nobody serves. */
static int listen_at(const char *path, int *ret_fd)
{
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	auto_close int probe = -1;
	int n = snprintf(un.sun_path, sizeof(un.sun_path), "%s.new", path);

	if (fd < 0 || n < 0 || (size_t)n >= sizeof(un.sun_path))
		return fd < 0 ? -errno : -ENAMETOOLONG;
	if (wire_connect(path, 0, &probe) == 0)
		return -EADDRINUSE;
	unlink(un.sun_path);
	if (bind(fd, (struct sockaddr *)&un, sizeof(un)) < 0 || chmod(un.sun_path, 0666) < 0 ||
	    listen(fd, GATE_BACKLOG) < 0 || rename(un.sun_path, path) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

int gate_new(struct node *node, const char *path, struct gate **ret_gate)
{
	struct gate *gate = calloc(1, sizeof(*gate));
	int r;

	if (!gate)
		return -ENOMEM;
	LIST_INIT(&gate->conns);
	gate->node = node;
	gate->fd = -1;
	gate->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	r = listen_at(path, &gate->fd);
	if (r == 0) {
		gate->event =
			event_new(node->base, gate->fd, EV_READ | EV_PERSIST, on_accept, gate);
		if (!gate->event || event_add(gate->event, NULL) < 0)
			r = -ENOMEM;
	}
	if (r < 0) {
		gate_free(gate);
		return r;
	}
	*ret_gate = gate;
	return 0;
}

void gate_free(struct gate *gate)
{
	if (!gate)
		return;
	while (!LIST_EMPTY(&gate->conns))
		conn_free(LIST_FIRST(&gate->conns));
	if (gate->event)
		event_free(gate->event);
	if (gate->fd >= 0)
		close(gate->fd);
	if (gate->reserve >= 0)
		close(gate->reserve);
	free(gate);
}
