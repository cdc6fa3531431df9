/* SPDX-License-Identifier: ISC */
/* Listening sockets on loopback addresses of our own. */
#include "node/node_listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "lib/cleanup.h"

#define TRIES 64

/* Not in turn: an account that learns the address of its own relay is to know no other's. The first and the last address of
 * the net are left out: some tools take them for net and broadcast. */
static int random_address(uint32_t *ret_address)
{
	uint32_t hosts = ~NODE_LISTENER_MASK - 1, host;

	if (getrandom(&host, sizeof(host), 0) != sizeof(host))
		return -EAGAIN;
	*ret_address = NODE_LISTENER_NET + host % hosts + 1;
	return 0;
}

static int listen_on(uint32_t address, uint16_t port, int *ret_fd)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	auto_close int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	in.sin_addr.s_addr = htonl(address);
	if (bind(fd, (struct sockaddr *)&in, sizeof(in)) < 0 ||
	    listen(fd, NODE_LISTENER_BACKLOG) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

int node_listener_new(uint16_t port, int *ret_fd, uint32_t *ret_address)
{
	int r = -EADDRINUSE;

	for (int i = 0; i < TRIES && r == -EADDRINUSE; i++) {
		uint32_t address;

		r = random_address(&address);
		if (r == 0)
			r = listen_on(address, port, ret_fd);
		if (r == 0)
			*ret_address = address;
	}
	return r;
}

void node_listener_restore_backlog(int fd)
{
	if (fd >= 0)
		listen(fd, NODE_LISTENER_BACKLOG);
}

int node_listener_waiting(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	/* Of a listening socket, tcpi_unacked is the length of its queue. */
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 || info.tcpi_state != TCP_LISTEN)
		return 0;
	return (int)info.tcpi_unacked;
}

int node_listener_check(int fd, uint32_t address, uint16_t port)
{
	struct sockaddr_in in = { 0 };
	socklen_t len = sizeof(in), int_len = sizeof(int);
	int listening = 0;

	if (getsockname(fd, (struct sockaddr *)&in, &len) < 0 || in.sin_family != AF_INET ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &int_len) < 0)
		return -EBADF;
	if (!listening || ntohl(in.sin_addr.s_addr) != address || ntohs(in.sin_port) != port ||
	    (address & NODE_LISTENER_MASK) != NODE_LISTENER_NET)
		return -EBADF;
	return 0;
}

void node_listener_text(uint32_t address, uint16_t port, char ret_text[NODE_LISTENER_TEXT])
{
	struct in_addr in = { .s_addr = htonl(address) };
	char dotted[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &in, dotted, sizeof(dotted));
	snprintf(ret_text, NODE_LISTENER_TEXT, "%s:%u", dotted, port);
}
