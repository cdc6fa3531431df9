/* SPDX-License-Identifier: ISC */
/* One connection, closed again at once. */
#include "helper/origin.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cleanup.h"

static int probe_address(const struct addrinfo *a, int timeout_ms)
{
	auto_close int fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int error = 0;

	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (!connect(fd, a->ai_addr, a->ai_addrlen))
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	if (poll(&p, 1, timeout_ms) <= 0)
		return -ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return -errno;
	return -error;
}

int origin_probe(const char *host, int64_t port, int timeout_ms)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL, *a;
	char service[8];
	int r = -ENOENT;

	snprintf(service, sizeof(service), "%d", (int)port);
	if (getaddrinfo(host, service, &hints, &list) != 0)
		return -ENOENT;
	for (a = list; a && r != 0; a = a->ai_next)
		r = probe_address(a, timeout_ms);
	freeaddrinfo(list);
	return r;
}
