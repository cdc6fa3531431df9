/* SPDX-License-Identifier: ISC */
/* Why a login is refused or a session ended: one vocabulary for the node, PAM, the session's output and the
 * supervisor on the user's machine, who must know which reasons are final. Travels to the user as a line
 * "mysocket: <message> [<code>]". */
#ifndef LIB_DENIAL_H
#define LIB_DENIAL_H

#include <stdbool.h>

enum denial {
	DENIAL_NONE,
	DENIAL_UNKNOWN,	    /* "unknown": no such account or tunnel */
	DENIAL_SUSPENDED,   /* "suspended" */
	DENIAL_UNCONFIRMED, /* "unconfirmed": the e-mail address is not confirmed yet */
	DENIAL_DELETED,	    /* "deleted": the socket or tunnel was deleted while connected */
	DENIAL_KEY,	    /* "key": the key was removed from the account */
	DENIAL_KICKED,	    /* "kicked": its user ended it from another login */
	DENIAL_LIMIT,	    /* "limit": too many sessions; temporary */
	DENIAL_UNAVAILABLE, /* "unavailable": the service cannot tell now; temporary */
	DENIAL_COUNT,
};

const char *denial_code(enum denial d);
/* One sentence with the remedy. */
const char *denial_message(enum denial d);
/* True: trying again cannot help until somebody acts. */
bool denial_is_final(enum denial d);
/* DENIAL_NONE if the code is not known. */
enum denial denial_from_code(const char *code);
/* Finds "mysocket: ... [code]" in a line of ssh's output; DENIAL_NONE if there is none. */
enum denial denial_from_line(const char *line);

#endif
