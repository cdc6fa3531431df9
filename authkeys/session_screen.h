/* SPDX-License-Identifier: ISC */
/* What a session shows: the node's messages (lib/nodewire.h) in, text out. Pure but for its own memory, which
 * is fixed: it knows what it has shown, so that a node that was restarted repeats nothing. */
#ifndef AUTHKEYS_SESSION_SCREEN_H
#define AUTHKEYS_SESSION_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authkeys/session_line.h"

struct wire_msg;

/* Tunnels whose state is remembered; of further ones each message is shown. */
#define SESSION_SCREEN_TUNNELS 64

struct session_screen {
	struct session_style style; /* the caller keeps it up to date */
	bool welcomed, headed;
	const char *
		origin; /* the port that the forward leads to, as the client told; NULL: it did not */
	size_t tunnels; /* seen, of which the first SESSION_SCREEN_TUNNELS are in `known` */
	struct {
		uint16_t port;
		bool current;
	} known[SESSION_SCREEN_TUNNELS];
};

enum session_screen_next {
	SESSION_SCREEN_GO_ON,
	SESSION_SCREEN_REFUSED, /* what was shown is the reason, and trying again cannot help */
	SESSION_SCREEN_RETRY,	/* refused for now; nothing was shown */
};

/* Appends what a message adds to the screen. A message that is not understood adds nothing. */
enum session_screen_next session_screen_message(struct session_screen *screen,
						const struct wire_msg *msg, struct strbuf *sb);
/* Appends the Logs heading unless it is there; without any tunnel also how to ask for one. */
void session_screen_head(struct session_screen *screen, struct strbuf *sb);

#endif
