/* SPDX-License-Identifier: ISC */
/* What to answer when a session asks for bind(2): DESIGN.md 3 and 6. A pure function, so that the whole of
 * the broker's judgement can be tested without a kernel.
 *
 * MUST 1: only an IPv4 address of 127.0.0.1 or 0.0.0.0 with a relay port of this login gets a listener.
 * MUST 2: IPv6 loopback and any-address get EADDRNOTAVAIL, whatever the port: sshd is content with IPv4.
 * MUST 3: everything else gets EACCES: other families, other addresses, port 0, other accounts' ports, an
 *	   address that is short or could not be read.
 * MUST 4: there is no answer that lets the kernel do the bind itself. */
#ifndef NODE_BROKER_DECIDE_H
#define NODE_BROKER_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* What the caller asked for, copied from its memory once. */
struct broker_request {
	struct sockaddr_storage address;
	size_t address_len; /* bytes copied; 0 if they could not be */
	int fd;		    /* the descriptor that it wants bound */
};

/* What is known about the asked port. */
struct broker_view {
	bool ending; /* the session is about to be ended */
	bool known;  /* the port is a tunnel of this login */
	bool fresh; /* the login was asked from the API for this very request: nothing newer to be had */
	bool listening;	  /* this session already has a listener for the port ... */
	int listening_fd; /* ... under this descriptor number, or -1 if it closed it meanwhile */
};

enum broker_action {
	BROKER_REFUSE,	/* answer with `error` */
	BROKER_REFETCH, /* ask the API for the login once, then decide again with view.fresh */
	BROKER_LISTEN,	/* give it a listener for `port` */
	BROKER_REPEAT,	/* give it the listener again that it already had */
};

struct broker_answer {
	enum broker_action action;
	int error; /* positive errno, with BROKER_REFUSE */
	uint16_t port;
};

/* The relay port that the request names, or 0 if it names none that could be granted. The caller looks it up
 * for the view. */
uint16_t broker_decide_port(const struct broker_request *request);

struct broker_answer broker_decide(const struct broker_request *request,
				   const struct broker_view *view);

#endif
