/* SPDX-License-Identifier: ISC */
/* What a command shows of the node's answers (lib/nodewire.h, `command`): messages in, text out. Pure.
 *
 * MUST 1: nothing reaches the terminal unescaped, as in session_line.h; nor does anything leave a JSON string early. */
#ifndef AUTHKEYS_SESSION_ANSWER_H
#define AUTHKEYS_SESSION_ANSWER_H

#include <stdbool.h>

#include "authkeys/session_line.h"

struct strbuf;
struct wire_msg;

#define SESSION_ANSWER_NAME_SIZE 256

struct session_answer {
	struct session_style style;
	bool json;
	bool headed;
	char url[SESSION_ANSWER_NAME_SIZE]; /* whose checks were shown last */
};

enum session_answer_next {
	SESSION_ANSWER_GO_ON,
	SESSION_ANSWER_DONE,
	SESSION_ANSWER_FAILED, /* what was shown is the reason */
};

enum session_answer_next session_answer_message(struct session_answer *answer,
						const struct wire_msg *msg, struct strbuf *sb);

#endif
