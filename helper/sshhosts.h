/* SPDX-License-Identifier: ISC */
/* The hosts that `ssh-config` makes of an account's sockets, one per tunnel and one for visitors: their names, their local ports, and the two files
 * that ssh reads.
 *
 *	my-test-service.mysocket	the first tunnel of the socket "my test service"
 *	2.my-test-service.mysocket	its second
 *	my-pi.mysocket-visit		the far end of the tcp or tls socket "my pi", for visitors
 *
 * MUST 1: of a socket's name only [a-z0-9-] reaches a file. (The rest is checked by helper/sshconf.h.) */
#ifndef HELPER_SSHHOSTS_H
#define HELPER_SSHHOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/sshconf.h"
#include "lib/id.h"

struct socket_info;
struct strbuf;
struct tunnel_info;

#define SSHHOSTS_SLUG_SIZE 41
#define SSHHOSTS_ALIAS_SIZE (SSHHOSTS_SLUG_SIZE + 64)
#define SSHHOSTS_DOMAIN "mysocket"
#define SSHHOSTS_VISIT_DOMAIN "mysocket-visit"

struct ssh_host {
	char slug[SSHHOSTS_SLUG_SIZE + 33]; /* the socket's; unlike that of any other socket */
	char alias[SSHHOSTS_ALIAS_SIZE];
	const struct socket_info *socket;
	const struct tunnel_info *tunnel; /* NULL: the socket has none */
	int64_t port;			  /* on 127.0.0.1; 0: nobody has said */
};

/* Refers to the sockets given to sshhosts_make(). */
struct ssh_hosts {
	struct ssh_host *items; /* heap */
	size_t count;
	bool made_config; /* ~/.ssh/config was made by us */
};

/* A label of letters, digits and single dashes, never empty. */
void sshhosts_slug(const char *name, char ret_slug[SSHHOSTS_SLUG_SIZE]);

/* Fills `ret_visit` if the host's socket can be visited by ssh: tcp or tls. Its name is written to `alias`. True for one
 * host of each such socket, whether it has a tunnel or not. */
bool sshhosts_visit(const struct ssh_host *host, char alias[SSHHOSTS_ALIAS_SIZE],
		    struct ssh_visit *ret_visit);

/* 0 or -ENOMEM. A slug that a socket before it in the list has gets a dash and the beginning of the socket's id. */
int sshhosts_make(const struct socket_info *sockets, size_t count, struct ssh_hosts *ret_hosts);
void sshhosts_clear(struct ssh_hosts *hosts);

/* "NAME=PORT", NAME being a host's name with or without ".mysocket", a socket's name or id. 0; -EINVAL (no such form or
 * port) or -ENOENT (no such host with a tunnel) with a sentence. */
int sshhosts_set_port(struct ssh_hosts *hosts, const char *text, char why[SSHCONF_WHY_SIZE]);

/* Takes over what an earlier sshhosts_add_config() has kept in its comments. Other text means nothing. */
void sshhosts_recall(struct ssh_hosts *hosts, const char *config);
/* The same for made_config alone. */
bool sshhosts_recall_made(const char *config);

/* Each appends a whole file: 0, or -EINVAL with a sentence, or the strbuf's error. Hosts without a port get a comment
 * that tells how to give them one. */
int sshhosts_add_config(const struct ssh_hosts *hosts, const char *known_hosts, struct strbuf *sb,
			char why[SSHCONF_WHY_SIZE]);
int sshhosts_add_known_hosts(const struct ssh_hosts *hosts, const char *known_hosts,
			     struct strbuf *sb, char why[SSHCONF_WHY_SIZE]);

#endif
