/* SPDX-License-Identifier: ISC */
/* pam_mysocket.so, inside sshd: asks the node whether a login may go on, and hands it the session's bind
 * broker. Key checking is sshd's and mysocket-authkeys'; no password is ever accepted here.
 *
 * MUST 1: names that are not ours are PAM_IGNORE in every function, before anything else happens.
 * MUST 2: in doubt the answer is no: a node that is away or late denies.
 * MUST 3: at session open the filter comes first; whatever fails afterwards leaves a session that cannot
 *         listen, never one that listens without the broker.
 * MUST 4: no stdio, environment, signals or exit: this is sshd's root process. */
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "authkeys/pam_broker.h"
#include "authkeys/pam_conn.h"
#include "authkeys/pam_node.h"
#include "lib/cleanup.h"
#include "lib/id.h"

/* The ssh user if it is one of ours, else NULL. */
static const char *our_user(pam_handle_t *pamh)
{
	const void *user = NULL;

	if (pam_get_item(pamh, PAM_USER, &user) != PAM_SUCCESS || !id_is_user(user))
		return NULL;
	return user;
}

/* Shows a line to the user; sshd keeps it and sends it as a banner, or when the session starts. */
static void say(pam_handle_t *pamh, const char *text)
{
	struct pam_message message = { .msg_style = PAM_ERROR_MSG, .msg = text };
	const struct pam_message *messages = &message;
	struct pam_response *responses = NULL;
	const void *item = NULL;
	const struct pam_conv *conv;

	if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || !item)
		return;
	conv = item;
	if (conv->conv && conv->conv(1, &messages, &responses, conv->appdata_ptr) == PAM_SUCCESS &&
	    responses) {
		free(responses->resp);
		free(responses);
	}
}

static int pam_code(enum denial denial)
{
	switch (denial) {
	case DENIAL_NONE:
		return PAM_SUCCESS;
	case DENIAL_UNAVAILABLE:
		return PAM_AUTHINFO_UNAVAIL;
	case DENIAL_SUSPENDED:
		return PAM_ACCT_EXPIRED;
	default:
		return PAM_PERM_DENIED;
	}
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const char *user = our_user(pamh);
	char client[PAM_CONN_ADDRESS_SIZE];
	struct pam_node_answer answer;

	if (!user)
		return PAM_IGNORE;
	pam_conn_address(client);
	pam_node_account(user, client, &answer);
	if (answer.denial != DENIAL_NONE)
		say(pamh, answer.text);
	return pam_code(answer.denial);
}

/* 0 with the token in PAM's environment, from where sshd gives it to mysocket-session. */
static int put_token(pam_handle_t *pamh, struct pam_node_answer *answer)
{
	char assignment[sizeof(NODEWIRE_TOKEN_ENV "=") + NODEWIRE_TOKEN_LEN] =
		NODEWIRE_TOKEN_ENV "=";
	int r;

	memcpy(assignment + sizeof(NODEWIRE_TOKEN_ENV "=") - 1, answer->token,
	       NODEWIRE_TOKEN_LEN + 1);
	r = pam_putenv(pamh, assignment);
	explicit_bzero(assignment, sizeof(assignment));
	explicit_bzero(answer->token, sizeof(answer->token));
	return r;
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const char *user = our_user(pamh);
	char client[PAM_CONN_ADDRESS_SIZE];
	struct pam_node_answer answer;
	auto_close int notify_fd = -1;
	int r;

	if (!user)
		return PAM_IGNORE;
	r = pam_broker_load(&notify_fd);
	if (r < 0) {
		syslog(LOG_AUTH | LOG_ERR,
		       "pam_mysocket: cannot load the seccomp filter, refusing the session: %s",
		       strerror(-r));
		say(pamh,
		    "mysocket: this server cannot open tunnels now, try again later [unavailable]");
		return PAM_SESSION_ERR;
	}
	pam_conn_set_nodelay();
	pam_conn_address(client);
	pam_node_open(user, client, pam_getenv(pamh, "SSH_AUTH_INFO_0"), notify_fd, &answer);
	if (answer.denial != DENIAL_NONE) {
		say(pamh, answer.text);
		return PAM_SESSION_ERR;
	}
	return put_token(pamh, &answer) == PAM_SUCCESS ? PAM_SUCCESS : PAM_SESSION_ERR;
}

int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return our_user(pamh) ? PAM_SUCCESS : PAM_IGNORE;
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return our_user(pamh) ? PAM_AUTH_ERR : PAM_IGNORE;
}

/* sshd asks for credentials after a key login too. */
int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return our_user(pamh) ? PAM_SUCCESS : PAM_IGNORE;
}
