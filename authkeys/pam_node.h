/* SPDX-License-Identifier: ISC */
/* What pam_mysocket asks of the node (lib/nodewire.h: `account`, `open`), each with a deadline. */
#ifndef AUTHKEYS_PAM_NODE_H
#define AUTHKEYS_PAM_NODE_H

#include "lib/denial.h"
#include "lib/nodewire.h"

struct strbuf;

#define PAM_NODE_TEXT_SIZE 512

struct pam_node_answer {
	enum denial denial;	       /* DENIAL_NONE: yes */
	char text[PAM_NODE_TEXT_SIZE]; /* "mysocket: <message> [<code>]" for the user if denied */
	char token[NODEWIRE_TOKEN_LEN + 1]; /* of an `open` that was not denied; a secret */
};

/* Cannot fail: a node that is away, late, or not understood is a denial as well (DENIAL_UNAVAILABLE). */
void pam_node_account(const char *user, const char *client, struct pam_node_answer *ret_answer);
/* Registers this process as the session; `notify_fd` is passed along, and stays the caller's. `auth_info`:
 * sshd's SSH_AUTH_INFO_0, or NULL. */
void pam_node_open(const char *user, const char *client, const char *auth_info, int notify_fd,
		   struct pam_node_answer *ret_answer);

/* The key that logged in, "type base64", from "publickey <key>" in one of auth_info's lines: 0 with the key
 * appended, or -ENOENT if there is none that lib/sshkey.h understands. */
int pam_node_key(const char *auth_info, struct strbuf *sb);

#endif
