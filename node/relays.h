/* SPDX-License-Identifier: ISC */
/* The live tunnels of this node: sockets (public names), their tunnels, and the listeners that sessions were given.
 * Carries out what takeover.h plans: routes to HAProxy, hold and drain, and says who is current. */
#ifndef NODE_RELAYS_H
#define NODE_RELAYS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "node/health.h"
#include "node/node_listener.h"
#include "node/node_login.h"
#include "node/process.h"
#include "node/strmap.h"
#include "node/takeover.h"

struct drain;
struct event;
struct event_base;
struct node_edge;
struct probe;
struct session;
struct relay_tunnel;
struct relay_socket;

/* sshd calls listen(2) itself soon after its bind; our backlog is restored after each of these. */
#define RELAYS_BACKLOG_FIRST_MS 100
#define RELAYS_BACKLOG_AGAIN_MS 3000
/* How long a login that would take over stands by, unless it shows before that it is no command (relays_settle()):
 * clients ask for forwards first. Those that never say what they are (ssh -N) take over then. */
#define RELAYS_SETTLE_MS 300
/* How long a connection has to stay open, where nothing can be asked, for its origin not to refuse: a round trip to the
 * user, and more. */
#define RELAYS_PROBE_MS 1000
/* When there are too many probes for one more (probe.h). */
#define RELAYS_PROBE_AGAIN_MS 1000

struct relay_listener {
	struct strmap_node node; /* in relays->listeners, by `text` */
	TAILQ_ENTRY(relay_listener) tunnel_entry;
	LIST_ENTRY(relay_listener) session_entry;
	struct relay_tunnel *tunnel;
	struct session *session; /* NULL: it ended */
	uint64_t serial;
	int fd; /* our duplicate of what sshd accepts on */
	uint32_t address;
	uint16_t port;
	char text[NODE_LISTENER_TEXT]; /* "address:port" */
	enum takeover_role role;
	int64_t settle_ms; /* takeover.h */
	int64_t ended_ms;  /* 0: it lives */
	int64_t drain_ms;  /* 0: it was never drained */
	struct drain *drain;
	struct event *backlog; /* restores it; NULL when that is done */
	bool backlog_again;
	struct process holder; /* the process of sshd that has it, ... */
	int holder_fd;	       /* ... and under which number */
	int waited;	       /* visitors that waited for this session */
	uint64_t requests;     /* served by this session, as far as they are logged */
	struct health health;
	struct probe *probe;	    /* under way */
	struct event *health_timer; /* for the next one; NULL before the first */
};

TAILQ_HEAD(relay_listener_list, relay_listener);
LIST_HEAD(relay_session_listeners, relay_listener);

struct relay_tunnel {
	struct strmap_node node; /* in relays->tunnels, by info.tunnel_id */
	TAILQ_ENTRY(relay_tunnel) entry;
	struct relay_socket *socket;
	struct node_tunnel info;
	bool up;			      /* the API was told so */
	struct relay_listener_list listeners; /* oldest first */
};

struct relay_socket {
	struct strmap_node node; /* in relays->sockets, by socket_id */
	struct relays *relays;
	char socket_id[ID_UUID_SIZE];
	char route[NODE_LOGIN_LABEL_SIZE]; /* under which HAProxy has it */
	char name[NODE_LOGIN_LABEL_SIZE];  /* the first label of its public name */
	char type[NODE_LOGIN_TYPE_SIZE];
	char secret[NODEAPI_SECRET_SIZE]; /* what its visitors must prove to know */
	char *settings;			  /* as node_tunnel has them */
	TAILQ_HEAD(, relay_tunnel) tunnels;
	struct event *timer; /* hold or drain ends */
	uint64_t answers;    /* that visitors got from all its tunnels */
	int64_t looked_ms;   /* when they were last looked over for one that gives none */
	int64_t reacted_ms;  /* when one last reacted to the end of a connection; 0: never */
};

struct relays_hooks {
	/* A session's listener has another role now, or its tunnel other names. */
	void (*tell)(void *arg, struct session *session, const struct relay_listener *listener);
	/* The listener's origin answers, or does not any more (listener->health). */
	void (*origin)(void *arg, struct session *session, const struct relay_listener *listener);
	/* What is kept of a session's tunnels for a restart has changed. */
	void (*changed)(void *arg, struct session *session);
	/* A session's listener is about to be closed: its tunnel was deleted. */
	void (*deleted)(void *arg, struct session *session, const struct node_tunnel *tunnel);
	/* The first listener of a tunnel came, or its last one went. */
	void (*up)(void *arg, const char *tunnel_id, bool up);
	void *arg;
};

struct relays {
	struct event_base *base;
	struct node_edge *edge;
	struct relays_hooks hooks;
	int64_t hold_ms;
	struct strmap sockets, tunnels, listeners;
	uint64_t serial; /* of the newest listener */
};

void relays_init(struct relays *relays, struct event_base *base, struct node_edge *edge,
		 int64_t hold_ms, const struct relays_hooks *hooks);
/* Closes all listeners without a word to HAProxy or the API: sessions go on, and are found again. */
void relays_clear(struct relays *relays);

/* A listener for the session: the one that is held for the tunnel, else a new one. Nobody is routed to it before
 * relays_confirm(). 0 with *ret_listener; -EADDRINUSE, -EMFILE, -ENOMEM ... */
int relays_offer(struct relays *relays, struct session *session, const struct node_tunnel *tunnel,
		 struct relay_listener **ret_listener);
/* sshd has it: visitors come. */
void relays_confirm(struct relays *relays, struct relay_listener *listener);
/* The session is no command: nothing keeps its listeners from taking over. */
void relays_settle(struct relays *relays, struct session *session);
/* sshd did not get it: held as before, or gone. */
void relays_withdraw(struct relays *relays, struct relay_listener *listener);

/* A listener that was found again after a restart; takes over fd. 0 with *ret_listener; -ENOMEM, -EEXIST. */
int relays_adopt(struct relays *relays, struct session *session, const struct node_tunnel *tunnel,
		 int fd, uint32_t address, uint64_t serial, struct relay_listener **ret_listener);

/* The session ended: its listeners are held, drained or closed. hold = false: closed, unless others serve. */
void relays_release(struct relays *relays, struct session *session, bool hold);
/* The session let go of this one alone (a forward that was cancelled). */
void relays_release_one(struct relays *relays, struct relay_listener *listener);
/* The tunnel or socket is no more: all its listeners and routes go now. */
void relays_delete_tunnel(struct relays *relays, const char *tunnel_id);
void relays_delete_socket(struct relays *relays, const char *socket_id);
/* What the tunnel's socket is called and who may visit it may have changed. */
void relays_update(struct relays *relays, const struct node_tunnel *tunnel);

/* By "address:port"; NULL if it is not ours. */
struct relay_listener *relays_find(const struct relays *relays, const char *text);
/* The session that serves in the listener's tunnel now; NULL if none. */
struct session *relays_serving(const struct relay_listener *listener);

/* ---- relays_health.c ---- */
/* A visitor who was sent to that listener got an answer after origin_ms, at at_wall_ms (of the epoch). */
void relays_answered(struct relay_listener *listener, int64_t origin_ms, int64_t at_wall_ms);
/* There is a sign that it does not answer. */
void relays_sign(struct relay_listener *listener, enum health_sign sign);
/* A listener of a session that ended, or that another session gets: as if nothing had been seen. */
void relays_health_clear(struct relay_listener *listener);
/* The tunnels of a socket are others now: are probes worth it? */
void relays_health_planned(struct relay_socket *socket);

/* ---- for relays_plan.c ---- */
/* Plans anew and carries it out. Frees what is not needed any more, the socket included. */
void relays_plan(struct relay_socket *socket);
void relays_drop_listener(struct relay_listener *listener);
void relays_drop_tunnel(struct relay_tunnel *tunnel);
void relays_drop_socket(struct relay_socket *socket);

#endif
