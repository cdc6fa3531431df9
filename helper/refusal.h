/* SPDX-License-Identifier: ISC */
/* Why a tunnel was refused, if the API knows: sshd says no more than "Permission denied" or "forwarding failed", whether the
 * tunnel or the key is gone for good or the service cannot check it just now. Asks in the background, for all tunnels of a run
 * at once, over the run's own client of the API, which it shares with keeper.h: whoever comes first goes first.
 *
 * MUST: no tunnel is given up for want of an answer. An API that cannot be reached or fails, a token that has expired, keys
 *       that are not known for certain: each means to try again. */
#ifndef HELPER_REFUSAL_H
#define HELPER_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "helper/agent.h"
#include "helper/offered.h"
#include "helper/supervise.h"
#include "lib/denial.h"

struct ctl;
struct ctl_list;
struct json_object;

/* With which keys a tunnel's ssh may log in. */
struct refusal_keys {
	const char *const *files; /* as for IdentityFile; kept by reference */
	size_t count;
	bool agent; /* and with those of an agent */
	struct offered offered;
};

/* What the API last said. */
struct refusal_facts {
	enum denial account;	     /* why it has no answer for this account; or DENIAL_NONE */
	struct json_object *sockets; /* GET /socket; NULL: not known */
	struct json_object *keys;    /* GET /user/<id>/key; likewise */
};

struct refusal {
	struct ctl *ctl;
	enum { REFUSAL_IDLE, REFUSAL_SOCKETS, REFUSAL_KEYS } stage;
	bool running; /* the request of this stage is on its way */
	int64_t begun_ms, interval_ms, next_ms;
	struct refusal_facts facts;
	struct agent agent;
	bool agent_wanted;
	struct offered agent_keys;
};

/* The next question is asked so long after the last one began, whatever was refused meanwhile: longer each time, and from
 * the beginning after a calm. */
#define REFUSAL_MIN_MS 1000
#define REFUSAL_MAX_MS 30000
#define REFUSAL_CALM_MS 60000

/* Reads the files. An option of the user's own that may name other keys makes it unsure. */
void refusal_keys_init(struct refusal_keys *k, const char *const *files, size_t count, bool agent,
		       const struct ctl_list *ssh_options);
void refusal_keys_clear(struct refusal_keys *k);

void refusal_init(struct refusal *r, struct ctl *ctl);
void refusal_clear(struct refusal *r);

/* A tunnel is up: what the agent has at this moment is what it may have logged in with. */
void refusal_note_up(struct refusal *r);
/* A tunnel was refused. */
void refusal_ask(struct refusal *r, int64_t now_ms);
/* Goes on with what is under way. Returns when it wants to be called again, in milliseconds. */
int64_t refusal_tick(struct refusal *r, int64_t now_ms);
/* 1 with *ret_why if the tunnel is over; 0 if it is not, or nobody knows; -EINPROGRESS. */
int refusal_answer(struct refusal *r, const char *tunnel_id, struct refusal_keys *keys,
		   const struct supervise_refusal *refused, struct sshline *ret_why);

/* The judgement alone: 1 or 0. `agent`: the keys that it has, or had. */
int refusal_judge(const struct refusal_facts *facts, const char *tunnel_id,
		  const struct refusal_keys *keys, const struct offered *agent,
		  const struct supervise_refusal *refused, struct sshline *ret_why);

#endif
