/* SPDX-License-Identifier: ISC */
/* What is meant by a host's name, decided from the name alone. Nothing here asks the network. */
#ifndef PROXYCOMMAND_TARGET_H
#define PROXYCOMMAND_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TARGET_HOST_SIZE 254 /* RFC 1035 2.3.4, with the NUL */

struct target {
	char host[TARGET_HOST_SIZE]; /* lower case, no dot at the end; IPv6 without brackets */
	int64_t port;
	bool tls;
	bool is_socket; /* by its name's form, or since the API said so */
};

/* A host name or an IP address in one spelling. 0; -EINVAL: neither. */
int target_host(const char *text, char ret_host[TARGET_HOST_SIZE]);

/* "host", or "[host]" for an IPv6 address: as it stands in a URL. */
void target_url_host(const char *host, char ret_text[TARGET_HOST_SIZE + 2]);

/* Public names of sockets are word-word-number below a domain (api/names.h on the other side), such as
 * long-hill-8399.example.net. NULL if `host` is not of that form, else its domain. */
const char *target_domain(const char *host);

/* This host itself: a loopback address, localhost and names below it (RFC 6761 6.3). */
bool target_is_loopback(const char *host);

#endif
