/* SPDX-License-Identifier: ISC */
/* What mysocket-api says about one ssh user (GET /node/login/, lib/nodeapi.h), parsed and checked. */
#ifndef NODE_NODE_LOGIN_H
#define NODE_NODE_LOGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/denial.h"
#include "lib/id.h"
#include "lib/nodeapi.h"

#define NODE_LOGIN_LABEL_SIZE 64 /* a DNS label and the NUL */
#define NODE_LOGIN_TYPE_SIZE 8
#define NODE_LOGIN_MAX (24 * 1024 * 1024) /* bytes of an answer */
#define NODE_LOGIN_TUNNELS 4096		  /* sshd takes no more permitlisten */
#define NODE_LOGIN_KEYS 256

struct node_tunnel {
	char tunnel_id[ID_UUID_SIZE];
	char socket_id[ID_UUID_SIZE];
	char label[NODE_LOGIN_LABEL_SIZE]; /* first label of the dnsname, lower case */
	char route
		[NODE_LOGIN_LABEL_SIZE]; /* under which HAProxy has it: the label, or ":<public port>" */
	char type[NODE_LOGIN_TYPE_SIZE];
	char *socket_name; /* as the user typed it: escape before printing */
	char *url;
	uint16_t port;			  /* the relay port */
	uint16_t public_port;		  /* of a tcp or tls socket; 0: none of its own */
	char secret[NODEAPI_SECRET_SIZE]; /* what visitors must prove to know; "": nothing */
	char *settings; /* checked: JSON of lib/socketconf.h in one spelling; "": all at their defaults */
};

struct node_key {
	char *type;
	char *blob; /* base64 */
};

struct node_login {
	char user[ID_USER_SIZE];
	char user_id[ID_UUID_SIZE];
	bool suspended;
	bool confirmed;
	int64_t seq; /* the feed's position that this reflects */
	struct node_key *keys;
	size_t key_count;
	struct node_tunnel *tunnels; /* at most one per port */
	size_t tunnel_count;
};

/* Parses an answer for `user`. 0 with *ret_login (node_login_free() it); -EINVAL with *ret_why a sentence; -ENOMEM. */
#define NODE_LOGIN_ERROR_SIZE 240
int node_login_parse(const char *user, const char *text, size_t len, struct node_login **ret_login,
		     char ret_why[NODE_LOGIN_ERROR_SIZE]);
void node_login_free(struct node_login *login);

/* Why this account may not log in; DENIAL_NONE if it may. */
enum denial node_login_denial(const struct node_login *login);
bool node_login_has_key(const struct node_login *login, const char *type, const char *blob);
/* The tunnel of that relay port or id; NULL if there is none. */
const struct node_tunnel *node_login_tunnel(const struct node_login *login, uint16_t port);
const struct node_tunnel *node_login_tunnel_by_id(const struct node_login *login,
						  const char *tunnel_id);

int node_tunnel_copy(struct node_tunnel *to, const struct node_tunnel *from); /* 0, -ENOMEM */
void node_tunnel_clear(struct node_tunnel *tunnel);
/* Parses one tunnel of an answer (or of a state file: the names are the same). */
struct json_object;
int node_tunnel_parse(struct json_object *o, struct node_tunnel *ret_tunnel,
		      char ret_why[NODE_LOGIN_ERROR_SIZE]);
/* Adds its fields to a JSON object, as node_tunnel_parse() reads them. */
int node_tunnel_print(const struct node_tunnel *tunnel, struct json_object *o);

#endif
