/* SPDX-License-Identifier: ISC */
/* The listening socket, made by ourselves so that a port in use is one clear line. */
#include "api/listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/cleanup.h"

#define LISTEN_BACKLOG 1024

static void free_addrinfo(struct addrinfo **ai)
{
	if (*ai)
		freeaddrinfo(*ai);
}

/* Numeric only: nothing here may ask a name server. */
static int parse_address(const char *where, struct addrinfo **ret_ai)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
	const char *colon = strrchr(where, ':');
	char host[64];
	size_t len;

	if (!colon)
		return -EINVAL;
	len = (size_t)(colon - where);
	if (len >= 2 && where[0] == '[' && where[len - 1] == ']') {
		where++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(host))
		return -EINVAL;
	memcpy(host, where, len);
	host[len] = '\0';
	return getaddrinfo(host, colon + 1, &hints, ret_ai) == 0 ? 0 : -EINVAL;
}

int api_listen(const char *where, int *ret_fd, char *ret_why, size_t why_size)
{
	auto_call(free_addrinfo) struct addrinfo *ai = NULL;
	auto_close int fd = -1;
	int one = 1;
	int r = parse_address(where, &ai);

	if (r < 0) {
		snprintf(
			ret_why, why_size,
			"cannot listen on '%s': setting 'api_listen' must be an address and a port, "
			"such as 127.0.0.1:7080",
			where);
		return r;
	}
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, LISTEN_BACKLOG) < 0) {
		r = -errno;
		snprintf(
			ret_why, why_size, "cannot listen on '%s': %s; %s", where, strerror(-r),
			r == -EADDRINUSE
				? "stop the program that has the port (ss -ltnp shows it), or choose "
				  "another one in setting 'api_listen'"
				: "check setting 'api_listen'");
		return r;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}
