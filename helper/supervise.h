/* SPDX-License-Identifier: ISC */
/* Keeps several tunnels connected in one process: each has an ssh under a state table of its own (supervisor.h); poll loop,
 * signals, output and end are one. Never leaves an ssh behind.
 *
 *	SIGINT	disconnects those that are up, and offers to end: another within two seconds, or one while none
 *		is up, ends all
 *	SIGTERM	ends all at once; so does the end of whoever reads our output
 *	SIGHUP	connects each anew without a gap: a second ssh is up before the first is dropped; or whoever runs
 *		them has another set of them kept, and only what is another in it is touched
 *
 * A wait before the next attempt ends early when the network changes, when the machine wakes, or when the server
 * answers that did not. What may be dead because an address went, or the machine slept, is connected anew. */
#ifndef HELPER_SUPERVISE_H
#define HELPER_SUPERVISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/sshline.h"
#include "helper/supervisor.h"

struct guard;
struct supervise;

#define SUPERVISE_MAX 128
#define SUPERVISE_ORIGIN_SIZE 300

/* One tunnel; all strings are kept by reference. */
struct supervise_tunnel {
	const char *const *argv; /* ssh and its arguments */
	const char *server;	 /* as messages call it */
	/* NULL: it is alone, its session's output is shown as it is. Else lines of all are mixed, each with
	 * "[label] " in front, and JSON events have a member "tunnel". */
	const char *label;
	bool asks; /* its ssh may ask for a passphrase: it has longer, unless the last one came up quickly */
	/* Where it can be seen whether the server is reachable; NULL: nowhere, it is behind a proxy. Then no wait is long. */
	const char *probe_host;
	int64_t probe_port;
	/* Where another set may follow: what it is known by there, and text that is another if its ssh must be. */
	const char *id;
	const char *given;
	const char *origin; /* where its visitors are led, "127.0.0.1:8000"; NULL: nobody asks */
	bool quiet; /* with a label: leave out the session's welcome, show only what follows */
};

enum supervise_state {
	SUPERVISE_CONNECTING, /* also: its turn to be started has not come yet */
	SUPERVISE_CONNECTED,  /* traffic can flow */
	SUPERVISE_WAITING,    /* to be tried again in retry_ms */
	SUPERVISE_FAILED,     /* for good: `error` says why and what to do */
	SUPERVISE_ENDED,      /* from here */
};

struct supervise_status {
	enum supervise_state state;
	int64_t since;	     /* when it came into this state, in seconds since the epoch */
	unsigned reconnects; /* times it was connected again */
	int64_t retry_ms;    /* with SUPERVISE_WAITING */
	const char *
		error; /* why it was last not connected; NULL: it always was. Constant text, no full stop */
	const char *code; /* the service's own word for it (lib/denial.h); NULL: none */
	/* Where it leads, as long as that is not where it should by now (supervise_change()); "": where it should. */
	char origin[SUPERVISE_ORIGIN_SIZE];
};

/* The server took no key, or refused the port, and did not say for how long. */
struct supervise_refusal {
	size_t tunnel;
	bool was_up; /* it had been taken before */
	struct sshline why;
};

struct supervise_params {
	const struct supervise_tunnel *tunnels;
	size_t count; /* 1 to SUPERVISE_MAX */
	bool json;
	bool pty;    /* give the sessions terminals */
	bool colors; /* let their colours pass */
	/* ssh may ask for passphrases: it is started for one tunnel at a time, until one has come up so quickly that nothing
	 * was asked. */
	bool asking;
	const struct guard *guard;
	/* Called now and then, must not block; returns in how many milliseconds it wants to be called again. */
	int64_t (*tick)(void *context);
	/* A tunnel was refused: has the API asked why, in the background, from the next tick on. */
	void (*ask)(void *context);
	/* What it says, asked after each tick: 1 with *ret_why if trying again cannot help, 0 if nothing is known against it,
	 * -EINPROGRESS. Must not block. */
	int (*answer)(void *context, const struct supervise_refusal *refusal,
		      struct sshline *ret_why);
	/* A tunnel's status is another now; must not block. tick() is called next. May be NULL. */
	void (*changed)(void *context, size_t tunnel, const struct supervise_status *status);
	/* SIGHUP has come: it may call the two functions below. False has each connected anew. May be NULL, which is
	 * false. */
	bool (*hangup)(void *context, struct supervise *s);
	void *context;
};

/* signals_catch() has gone before. Returns when all tunnels have ended: 0 with *ret_result, which is
 * SUPERVISOR_RESULT_DENIED if none is left but for such a reason; or a negative errno if it could not run at all. */
int supervise_run(const struct supervise_params *params, enum supervisor_result *ret_result);

/* Has another set kept from now on; `tunnels` takes the place of params->tunnels, which are not needed any more. One that
 * has the id of one before goes on: as it is, or connected anew without a gap if what its ssh is given is another now, which is
 * tried until it succeeds. What has ended, or is not connected and is given something else, begins anew. Those that are not in it end. 0 or -ENOMEM:
 * then nothing is changed. */
int supervise_change(struct supervise *s, const struct supervise_tunnel *tunnels, size_t count);
/* Text for standard output, in its turn. */
void supervise_print(struct supervise *s, const char *text);

/* "connecting", "connected", "waiting", "failed", "ended". */
const char *supervise_state_name(enum supervise_state state);

#endif
