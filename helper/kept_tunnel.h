/* SPDX-License-Identifier: ISC */
/* One of the tunnels that supervise.h keeps: carries out what its state table says, and brings it what happens to its ssh. */
#ifndef HELPER_KEPT_TUNNEL_H
#define HELPER_KEPT_TUNNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/report.h"
#include "helper/retired.h"
#include "helper/sshline.h"
#include "helper/supervise.h"
#include "helper/supervisor.h"

struct reach;
struct sshsession;

/* What all of them have in common. */
struct kept_group {
	const struct supervise_params *params;
	struct report report;
	bool offered; /* "Connection closed", and the offer to end, have been printed */
	bool said_bye;
	bool tick_now;	   /* somebody may have something to do */
	bool asks_nothing; /* ssh has come up so quickly that it cannot have asked for a passphrase */
	unsigned short seed[3];
};

struct kept_tunnel {
	struct kept_group *group;
	const struct supervise_tunnel *tunnel; /* NULL: it has left the set, and is about to end */
	struct report_name name; /* its own, as long as one of its sessions may speak */
	char *given; /* what its ssh is to be started with; what one was started with, it knows itself */
	struct supervisor supervisor;
	struct sshsession *ssh;	  /* NULL: none runs */
	struct sshsession *spare; /* to take its place; NULL: none */
	struct retired retired;
	struct sshline why; /* the last end */
	struct supervise_refusal refusal;
	bool unexplained; /* the API is being asked about the refusal */
	struct supervise_status status;
	struct reach *reach;	  /* of its server: shared by all that have the same */
	int64_t started_ms;	  /* its last ssh */
	bool quick;		  /* that came up so soon that it asked nobody anything */
	bool wants_renewal;	  /* as soon as its turn comes */
	bool told;		  /* to renew it: its failure is news */
	unsigned failed_renewals; /* in a row */
	int64_t retry_at_ms; /* if its ssh is not what is wanted by now: when to renew it again */
	bool stalled;	     /* up, but nothing comes back */
	int64_t stall_at_ms; /* when to look again, at a login too */
	bool suspect; /* the connection may be dead: it is renewed when the network changes */
};

/* How long a retired ssh may serve the requests that it has. */
#define KEPT_TUNNEL_RETIRE_MS 10000
/* Until traffic flows: a peer that answers no more is noticed within 45 s. But a person may have to find a passphrase:
 * that takes long, as long as the peer's kernel answers. */
#define KEPT_TUNNEL_START_MS 40000
#define KEPT_TUNNEL_START_ASKING_MS 180000
#define KEPT_TUNNEL_LOGIN_SILENCE_MS 32000
/* Where nothing tells that the server is back, the longest wait before the next attempt: for one tunnel, and for each of
 * many, whose attempts are as many as those of sixteen. */
#define KEPT_TUNNEL_BLIND_MS 4000
#define KEPT_TUNNEL_BLIND_EACH_MS 250
/* Sooner than this nobody has typed a passphrase. */
#define KEPT_TUNNEL_QUICK_MS 3000
/* How often is looked whether a connection makes progress; a new one is left alone at first. */
#define KEPT_TUNNEL_STALL_MS 4000
#define KEPT_TUNNEL_STALL_FIRST_MS 10000

/* NULL: out of memory. */
struct kept_tunnel *kept_tunnel_new(struct kept_group *group,
				    const struct supervise_tunnel *tunnel);
/* After kept_tunnel_clear(), or where that has nothing to do. NULL is legal. */
void kept_tunnel_free(struct kept_tunnel *t);
void kept_tunnel_give(struct kept_tunnel *t, enum supervisor_event event);

bool kept_tunnel_is_up(const struct kept_tunnel *t);
/* An ssh is on its way. */
bool kept_tunnel_is_busy(const struct kept_tunnel *t);

/* A set is followed by another (supervise_change()). True if it can go on as that tunnel: with its ssh, or with another that
 * takes its place without a gap. Then it becomes what `new` was made for. One that does neither leaves. */
bool kept_tunnel_can_become(const struct kept_tunnel *t, const struct supervise_tunnel *tunnel);
void kept_tunnel_become(struct kept_tunnel *t, struct kept_tunnel *new);
void kept_tunnel_leave(struct kept_tunnel *t);
/* It has ended, and so has each ssh of it. */
bool kept_tunnel_is_gone(const struct kept_tunnel *t);

/* It is to be renewed, and can be now. */
bool kept_tunnel_is_due(const struct kept_tunnel *t);
/* The user says so; or there is reason to: the address that it used may be gone. */
void kept_tunnel_renew(struct kept_tunnel *t);
void kept_tunnel_suspect(struct kept_tunnel *t);
/* The network has changed, or the machine woke. */
void kept_tunnel_wake(struct kept_tunnel *t);

/* It is of interest whether the server can be reached: it is lost, or makes no progress. */
bool kept_tunnel_asks(const struct kept_tunnel *t);
/* The server can be reached; again, if `is_back`. */
void kept_tunnel_reached(struct kept_tunnel *t, bool is_back);

/* Each ssh that it has, in turn: NULL first; NULL after the last. */
struct sshsession *kept_tunnel_next(const struct kept_tunnel *t, const struct sshsession *s);
/* `s` has written. */
void kept_tunnel_heard(struct kept_tunnel *t, const struct sshsession *s);

/* Finds those that ended; and tells the table. Signals are passed on in between: a Ctrl-C at the terminal reaches ssh too,
 * and its end counts only after the signal. */
void kept_tunnel_reap(struct kept_tunnel *t);
void kept_tunnel_tell(struct kept_tunnel *t);

/* Takes the API's answer, if there is one. */
void kept_tunnel_explain(struct kept_tunnel *t);

/* When kept_tunnel_timers() has something to do; -1: never. */
int64_t kept_tunnel_deadline(const struct kept_tunnel *t);
void kept_tunnel_timers(struct kept_tunnel *t);

/* Kills what is left, and waits for that: a second at most. */
void kept_tunnel_clear(struct kept_tunnel *t);

#endif
