/* SPDX-License-Identifier: ISC */
/* Looks at the first few descriptors, no /proc needed. In sshd's root process after authentication the
 * connection is the only connected TCP socket; another one (of an LDAP library) loses nothing by being told
 * not to wait either, and the connection, being the oldest, is the first. */
#include "authkeys/pam_conn.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

/* sshd's connection is one of the first ten; more are never open at this point. */
#define SCAN_MAX 64

/* True if fd is a connected TCP socket, whose peer is then in *ret_peer. */
static int is_tcp(int fd, struct sockaddr_storage *ret_peer)
{
	socklen_t len = sizeof(*ret_peer), type_len = sizeof(int);
	int type;

	memset(ret_peer, 0, sizeof(*ret_peer));
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) < 0 || type != SOCK_STREAM)
		return 0;
	if (getpeername(fd, (struct sockaddr *)ret_peer, &len) < 0)
		return 0;
	return ret_peer->ss_family == AF_INET || ret_peer->ss_family == AF_INET6;
}

void pam_conn_address(char ret_address[PAM_CONN_ADDRESS_SIZE])
{
	struct sockaddr_storage peer;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&peer;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&peer;
	const void *address = NULL;
	int fd, family = AF_INET;

	for (fd = 0; fd < SCAN_MAX && !address; fd++) {
		if (!is_tcp(fd, &peer))
			continue;
		address = &v4->sin_addr;
		if (peer.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
			address = &v6->sin6_addr.s6_addr[12];
		} else if (peer.ss_family == AF_INET6) {
			address = &v6->sin6_addr;
			family = AF_INET6;
		}
	}
	if (!address || !inet_ntop(family, address, ret_address, PAM_CONN_ADDRESS_SIZE))
		memcpy(ret_address, "unknown", sizeof("unknown"));
}

void pam_conn_set_nodelay(void)
{
	struct sockaddr_storage peer;
	int fd, on = 1;

	for (fd = 0; fd < SCAN_MAX; fd++)
		if (is_tcp(fd, &peer))
			(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}
