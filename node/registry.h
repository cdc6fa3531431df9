/* SPDX-License-Identifier: ISC */
/* The live sessions of this node: one per ssh connection of ours, from PAM's `open` to the end of its processes. */
#ifndef NODE_REGISTRY_H
#define NODE_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "lib/denial.h"
#include "lib/nodewire.h"
#include "node/broker.h"
#include "node/node_login.h"
#include "node/process.h"
#include "node/relays.h"
#include "node/strmap.h"

#define REGISTRY_CLIENT_SIZE 64
/* Ending a session: first its user is told why, then SIGTERM, then SIGKILL. */
#define REGISTRY_TELL_MS 300
#define REGISTRY_TERM_MS 2000
/* Logins of an account that only ask something, beside its max_sessions; and how long one may stay when it was answered. */
#define REGISTRY_COMMANDS 16
#define REGISTRY_ANSWERED_MS 5000
/* How often, and how many sessions at most at a time, are asked whether they still have their listeners: nobody
 * tells when a client cancels a forward (RFC 4254 7.1). A session's turn comes every REGISTRY_SWEEP_TURNS. */
#define REGISTRY_SWEEP_MS 1000
#define REGISTRY_SWEEP_TURNS 5
#define REGISTRY_SWEEP_MAX 512

struct attach;
struct doctor;
struct event;
struct logins_entry;
struct node;
struct saved_session;

struct session {
	struct strmap_node node; /* in registry->tokens, by token */
	TAILQ_ENTRY(session) entry;
	struct node *owner;
	char token[NODEWIRE_TOKEN_LEN + 1];
	char user[ID_USER_SIZE];
	char user_id[ID_UUID_SIZE];
	char client[REGISTRY_CLIENT_SIZE];
	char *key;		/* "type blob" that logged in; NULL: not known */
	int64_t since_ms;	/* of the epoch */
	struct process process; /* sshd's root process */
	struct process
		child; /* sshd's process of the user, once it asked for something; pid 0 before */
	struct logins_entry *login; /* pinned */
	int pidfd;
	struct event *process_event;
	struct broker broker;
	struct relay_session_listeners listeners;
	struct attach *attach; /* NULL: no session channel, or not yet */
	bool settled;	       /* it is no command */
	bool is_command;       /* it is one: no listeners, no traffic, and nobody's tunnel */
	bool wants_log;	       /* a command that is told of all requests of its account, ... */
	LIST_ENTRY(session) watcher_entry; /* ... then in registry->watchers */
	struct doctor *doctor;		   /* a command that waits for answers; NULL: none */
	enum denial ending;		   /* not DENIAL_NONE: it is being ended */
	bool terminated;		   /* SIGTERM was sent */
	struct event *end_timer;
};

struct registry {
	struct node *node;
	struct strmap tokens;
	TAILQ_HEAD(registry_sessions, session)
	sessions; /* in the order in which on_sweep() comes to them */
	size_t count;
	LIST_HEAD(, session) watchers;
	int state_fd; /* the state directory, locked; -1: none */
	struct event *sweep;
};

void registry_init(struct registry *registry, struct node *node);
/* Begins to look after the sessions' listeners: 0 or -ENOMEM. */
int registry_start(struct registry *registry);
/* Forgets all sessions; they go on, with their records. */
void registry_clear(struct registry *registry);

/* May this account have one more session? */
enum denial registry_admit(const struct registry *registry, const struct node_login *login);

struct registry_open {
	const struct node_login *login;
	const char *client;
	const char *key; /* NULL: not known */
	struct process process;
	int notify_fd; /* taken over, also on failure */
};

/* 0 with *ret_session; -ESRCH: the process is gone; -EMFILE, -ENOMEM. */
int registry_open(struct registry *registry, const struct registry_open *open,
		  struct session **ret_session);
struct session *registry_find(const struct registry *registry, const char *token);

/* How many of the account's sessions are commands. */
size_t registry_count_commands(const struct registry *registry, const char *user_id);
/* A session of the account by the number of its process; NULL: none. */
struct session *registry_find_pid(const struct registry *registry, const char *user_id, int pid);
/* Passes a request on to the commands that want it (command.c). */
struct edge_record;
void registry_log(struct registry *registry, const struct relay_listener *listener,
		  const struct edge_record *record);

/* Ends a session, telling its user why. Its listeners are given up now (`hold`: as if it had ended by itself). */
void registry_end(struct session *session, enum denial why, bool hold);
/* Its processes are gone, or no longer worth to be called one: frees it. */
void registry_gone(struct session *session);
/* Its mysocket-session went away. */
void registry_detached(struct session *session);
/* The tunnel of one of its listeners was deleted; that listener is gone already. */
void registry_tunnel_deleted(struct session *session, const struct node_tunnel *tunnel);
/* A key of the account was deleted: sessions whose key is not known end; of the others, the next answer
 * about their login tells. */
void registry_key_deleted(struct registry *registry, const char *user_id);

/* The API answered about a user: names, deleted tunnels, suspended accounts. NULL: the user is no more. */
void registry_login_changed(struct registry *registry, const char *user,
			    const struct node_login *login);

/* ---- registry_state.c ---- */
/* Takes and locks the state directory: 0, -EBUSY if another node has it, or a negative errno. */
int registry_open_state(struct registry *registry, const char *dir);
/* Finds the sessions of before the restart again; the dead ones' records are removed. */
void registry_restore(struct registry *registry);
/* Writes the session's record (state_file.h). Failure is logged: after a restart its tunnels are not found. */
void registry_save(struct session *session);
void registry_unsave(struct session *session);

/* ---- for registry_state.c ---- */
/* A session that is not watched yet; NULL: no memory, or the token is taken. */
struct session *registry_add(struct registry *registry, const char *token, const char *user,
			     const char *user_id, const struct process *process);
/* 0; -ESRCH: its process is gone. */
int registry_watch(struct session *session);

#endif
