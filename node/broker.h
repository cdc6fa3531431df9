/* SPDX-License-Identifier: ISC */
/* A session's bind broker: answers seccomp notifications of bind(2) (seccomp_unotify(2)) as broker_decide.h judges, and
 * notices the end of the session's last process.
 *
 * MUST 5: the caller's memory is read once, within the length that it named, and only what was copied is judged.
 * MUST 6: the notification is checked to be alive after the memory was read: its pid means that process. */
#ifndef NODE_BROKER_H
#define NODE_BROKER_H

#include <stdint.h>

#include "node/broker_decide.h"
#include "node/logins.h"
#include "node/process.h"

struct event;
struct session;

struct broker {
	int fd; /* -1: none (a session found again after a restart: the kernel answers ENOSYS) */
	struct event *event;
	/* A request that waits for the API. No other is received meanwhile. */
	struct logins_wait wait;
	uint64_t id;
	struct process caller;
	struct broker_request request;
};

/* Takes over fd, also on failure. 0 or -ENOMEM. */
int broker_start(struct session *session, int fd);
void broker_stop(struct session *session);

#endif
