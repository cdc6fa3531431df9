/* SPDX-License-Identifier: ISC */
/* What the API's answers describe: accounts, sockets, tunnels. Read from JSON by tables and checked, since what is in them
 * ends up in a table on a terminal, in an ssh_config and on a command line. */
#ifndef HELPER_RESOURCE_H
#define HELPER_RESOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/json.h"

#define RESOURCE_WHY_SIZE (JSON_ERROR_SIZE + 60)

struct account {
	char *name;
	char *email;
	char *user_id;
	char *user_name; /* the ssh user */
	char *sshkey;
};

struct tunnel_info {
	char *tunnel_id;
	char *socket_id;
	char *tunnel_server;
	int64_t local_port; /* the relay port */
};

struct socket_info {
	char *socket_id;
	char *name;
	char *dnsname;
	char *socket_type;
	char *url;
	char *user_name;
	bool protected_socket;
	char *protected_username;
	char *protected_password;
	char *ssh_server;
	int64_t ssh_port;
	struct json_strings ssh_host_keys;
	char *ports; /* "80 443" */
	struct tunnel_info *tunnels;
	size_t tunnel_count;
};

/* Each: 0; -EINVAL with a sentence; -ENOMEM. Ids are checked to be ids, and numbers to be in range. */
int account_read(struct json_object *o, struct account *ret_a, char ret_why[RESOURCE_WHY_SIZE]);
int tunnel_info_read(struct json_object *o, struct tunnel_info *ret_t,
		     char ret_why[RESOURCE_WHY_SIZE]);
int socket_info_read(struct json_object *o, struct socket_info *ret_s,
		     char ret_why[RESOURCE_WHY_SIZE]);

void account_clear(struct account *a);
void tunnel_info_clear(struct tunnel_info *t);
void socket_info_clear(struct socket_info *s);

#endif
