/* SPDX-License-Identifier: ISC */
/* The record of one session in the state directory, from which a restarted node finds it again: one JSON object per file,
 * named after the session's process, 0600, since the token is in it. */
#ifndef NODE_STATE_FILE_H
#define NODE_STATE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/nodewire.h"
#include "node/node_login.h"
#include "node/process.h"

#define STATE_FILE_MAX (4 * 1024 * 1024)
#define STATE_FILE_NAME 48
#define STATE_FILE_SUFFIX ".json"

struct strbuf;

struct saved_listener {
	struct node_tunnel tunnel;
	uint32_t address;
	uint64_t serial;
	struct process holder;
	int fd; /* in the holder */
};

struct saved_session {
	char token[NODEWIRE_TOKEN_LEN + 1];
	char user[ID_USER_SIZE];
	char user_id[ID_UUID_SIZE];
	char *client;
	char *key; /* NULL: not known */
	int64_t since_ms;
	struct process process;
	struct process child; /* pid 0: none */
	struct saved_listener *listeners;
	size_t listener_count;
};

/* "1234-567890.json" */
void state_file_name(const struct process *process, char ret_name[STATE_FILE_NAME]);
/* Appends the text; errors are latched. */
void state_file_print(const struct saved_session *saved, struct strbuf *sb);
/* 0 with *ret_saved (state_file_clear() it), -EINVAL, -ENOMEM. */
int state_file_parse(const char *text, size_t len, struct saved_session *ret_saved);
void state_file_clear(struct saved_session *saved);

#endif
