/* SPDX-License-Identifier: ISC */
/* All SQL of the service behind calls that say what they are for. Readers need no transaction; whatever
 * changes something is called between db_begin() and db_commit() of its caller, who composes: a socket with
 * its first tunnel and their rows in the feed are one transaction.
 *
 * Results: 0; -ENOENT not there, or not that account's; -EEXIST taken; else the database failed. */
#ifndef API_STORE_H
#define API_STORE_H

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/db.h"
#include "lib/id.h"
#include "lib/nodeapi.h"

struct sshkey;

/* Sizes with the NUL; the validation in check.c refuses what would not fit. */
#define STORE_NAME_SIZE 401
#define STORE_EMAIL_SIZE 255
#define STORE_LABEL_SIZE 64
#define STORE_TYPE_SIZE 8
#define STORE_USERNAME_SIZE 129
#define STORE_SECRET_SIZE 128
#define STORE_SERVER_SIZE 256

/* A random (version 4) UUID. */
void store_new_id(char ret_id[ID_UUID_SIZE]);

/* ---- store_account.c: accounts and the confirmation of their e-mail addresses ---- */
struct store_account {
	char user_id[ID_UUID_SIZE];
	char name[STORE_NAME_SIZE];
	char email[STORE_EMAIL_SIZE]; /* normalised: check_email() */
	char password[crypto_pwhash_STRBYTES];
	bool confirmed;
	bool suspended;
	int64_t created_at;
};

int store_account_get(struct db *db, const char *user_id, struct store_account *ret_account);
int store_account_by_email(struct db *db, const char *email, struct store_account *ret_account);
/* All of them, oldest first; with `email` that one. */
int store_account_each(struct db *db, const char *email,
		       void (*each)(const struct store_account *account, void *arg), void *arg);
/* Sets user_id and created_at. -EEXIST: the e-mail address. */
int store_account_add(struct db *db, struct store_account *account);
int store_account_confirm(struct db *db, const char *user_id);
int store_account_suspend(struct db *db, const char *user_id, bool suspended);
int store_account_delete(struct db *db, const char *user_id);

/* `token_hash`: what is kept of the link. */
int store_confirmation_add(struct db *db, const char *token_hash, const char *user_id,
			   int64_t expires_at);
/* -ENOENT if unknown or expired. */
int store_confirmation_get(struct db *db, const char *token_hash, int64_t now,
			   char ret_user_id[ID_UUID_SIZE]);
/* 1 if the account has a link that has not expired. */
int store_confirmation_pending(struct db *db, const char *user_id, int64_t now);

/* ---- store_key.c ---- */
struct store_key {
	char key_id[ID_UUID_SIZE];
	const char *type;
	const char *blob;    /* base64 */
	const char *comment; /* escaped */
	int64_t created_at;
};

/* Oldest first. What the callback gets lives until it returns; its negative result ends the walk. */
int store_key_each(struct db *db, const char *user_id,
		   int (*each)(const struct store_key *key, void *arg), void *arg);
int store_key_count(struct db *db, const char *user_id, int64_t *ret_count);
/* -EEXIST: the account has it. */
int store_key_add(struct db *db, const char *user_id, const struct sshkey *key,
		  char ret_key_id[ID_UUID_SIZE]);
int store_key_delete(struct db *db, const char *user_id, const char *key_id);

/* ---- store_socket.c ---- */
struct store_socket {
	char socket_id[ID_UUID_SIZE];
	char user_id[ID_UUID_SIZE];
	char name[STORE_NAME_SIZE];
	char label[STORE_LABEL_SIZE];
	char type[STORE_TYPE_SIZE];
	int64_t public_port; /* 0: none */
	bool is_protected;
	char protected_username[STORE_USERNAME_SIZE];
	char protected_secret[STORE_SECRET_SIZE]; /* secret.h */
	int64_t created_at;
	bool label_chosen; /* by its owner */
	const char *
		settings; /* what lib/socketconf.h writes; what was read lives as long as its callback */
};

struct store_tunnel {
	char tunnel_id[ID_UUID_SIZE];
	char socket_id[ID_UUID_SIZE];
	int64_t local_port;
	char tunnel_server[STORE_SERVER_SIZE];
};

/* An account's sockets, oldest first, one call per tunnel; a socket without tunnels comes once with
 * tunnel NULL. `socket_id`: that one alone, or NULL. */
int store_socket_each(struct db *db, const char *user_id, const char *socket_id,
		      int (*each)(const struct store_socket *socket,
				  const struct store_tunnel *tunnel, void *arg),
		      void *arg);
/* 0 if it is there and the account's. */
int store_socket_check(struct db *db, const char *user_id, const char *socket_id);
int store_socket_count(struct db *db, const char *user_id, int64_t *ret_count);
/* Sets socket_id and created_at. -EEXIST: label or port. */
int store_socket_add(struct db *db, struct store_socket *socket);
/* Name, label (with label_chosen) and settings. A chosen label that it had before begins to rest. -EEXIST: label. */
int store_socket_change(struct db *db, const struct store_socket *socket);
/* With its tunnels; its public port and its chosen label begin to rest. */
int store_socket_delete(struct db *db, const char *user_id, const char *socket_id);
/* 0 if a socket has that public name. */
int store_label_check(struct db *db, const char *label);

/* Bytes of settings that an account's sockets have together, without `except` (NULL: with all). */
int store_settings_size(struct db *db, const char *user_id, const char *except, int64_t *ret_size);

/* Whose the resting `label` was, if it was freed after `rest_since`. */
int store_label_owner(struct db *db, const char *label, int64_t rest_since,
		      char ret_user_id[ID_UUID_SIZE]);
/* How many chosen labels that account keeps from others: in use, and resting. */
int store_label_count(struct db *db, const char *user_id, int64_t rest_since, int64_t *ret_count);

/* Where visitors of a public name connect to, if its socket has a port of its own (tcp, tls). */
int store_label_port(struct db *db, const char *label, char ret_type[STORE_TYPE_SIZE],
		     int64_t *ret_port);

/* Marks in `map` (a byte per port) the public ports that are in use (STORE_PORT_USED) or were freed after
 * `rest_since` (STORE_PORT_RESTING). */
enum { STORE_PORT_FREE, STORE_PORT_RESTING, STORE_PORT_USED };
int store_ports_public(struct db *db, int64_t rest_since, unsigned char map[65536]);
/* The same for one account's relay ports, which do not rest. */
int store_ports_relay(struct db *db, const char *user_id, unsigned char map[65536]);

/* ---- store_tunnel.c ---- */
int store_tunnel_each(struct db *db, const char *user_id, const char *socket_id,
		      int (*each)(const struct store_tunnel *tunnel, void *arg), void *arg);
int store_tunnel_get(struct db *db, const char *user_id, const char *socket_id,
		     const char *tunnel_id, struct store_tunnel *ret_tunnel);
int store_tunnel_count(struct db *db, const char *socket_id, int64_t *ret_count);
/* Sets tunnel_id. -EEXIST: the port. */
int store_tunnel_add(struct db *db, const char *user_id, struct store_tunnel *tunnel);
int store_tunnel_delete(struct db *db, const char *user_id, const char *socket_id,
			const char *tunnel_id);
/* Whose it is. */
int store_tunnel_owner(struct db *db, const char *tunnel_id, char ret_user_id[ID_UUID_SIZE],
		       char ret_socket_id[ID_UUID_SIZE]);
/* It is connected at `node`, reached by `address`. */
int store_tunnel_up(struct db *db, const char *tunnel_id, const char *node, const char *address);
/* It is not connected at `node` any more. 0 too if another node has it by now, or if it is gone. */
int store_tunnel_down(struct db *db, const char *tunnel_id, const char *node);

/* ---- store_feed.c ---- */
struct store_event {
	int64_t seq;
	const char *event;				    /* nodeapi_event_name() */
	const char *user_id, *socket_id, *tunnel_id, *node; /* "": does not apply */
};

/* NULL: does not apply. */
int store_feed_add(struct db *db, enum nodeapi_event event, const char *user_id,
		   const char *socket_id, const char *tunnel_id, const char *node);
/* Rows with pruned < seq <= newest are kept. */
int store_feed_range(struct db *db, int64_t *ret_pruned, int64_t *ret_newest);
int store_feed_each(struct db *db, int64_t since, int64_t limit,
		    int (*each)(const struct store_event *event, void *arg), void *arg);
/* Drops rows that are older than `oldest_at` and all but the newest `keep`. */
int store_feed_prune(struct db *db, int64_t keep, int64_t oldest_at);

/* ---- store_prune.c: what time makes worthless ---- */
/* Expired confirmations, accounts that were not confirmed since `unconfirmed_before` and have no open
 * confirmation, ports and labels that were freed before these times. Number of rows, or a negative errno. */
int store_prune(struct db *db, int64_t now, int64_t unconfirmed_before, int64_t ports_before,
		int64_t labels_before);

#endif
