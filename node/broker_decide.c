/* SPDX-License-Identifier: ISC */
/* The bind broker's judgement. No system calls here. */
#include "node/broker_decide.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

static sa_family_t family_of(const struct broker_request *request)
{
	sa_family_t family;

	if (request->address_len < offsetof(struct sockaddr, sa_data))
		return AF_UNSPEC;
	memcpy(&family, &request->address, sizeof(family));
	return family;
}

uint16_t broker_decide_port(const struct broker_request *request)
{
	struct sockaddr_in in;
	uint32_t address;

	if (family_of(request) != AF_INET || request->address_len < sizeof(in))
		return 0;
	memcpy(&in, &request->address, sizeof(in));
	address = ntohl(in.sin_addr.s_addr);
	if (address != INADDR_LOOPBACK && address != INADDR_ANY)
		return 0;
	return ntohs(in.sin_port);
}

/* sshd tries ::1 (or ::) next to 127.0.0.1 and is content with one of them. */
static bool is_ipv6_local(const struct broker_request *request)
{
	struct sockaddr_in6 in6;

	if (family_of(request) != AF_INET6 || request->address_len < sizeof(in6))
		return false;
	memcpy(&in6, &request->address, sizeof(in6));
	return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr);
}

static struct broker_answer refuse(int error)
{
	return (struct broker_answer){ .action = BROKER_REFUSE, .error = error };
}

struct broker_answer broker_decide(const struct broker_request *request,
				   const struct broker_view *view)
{
	uint16_t port = broker_decide_port(request);

	if (is_ipv6_local(request))
		return refuse(EADDRNOTAVAIL);
	if (port == 0 || view->ending)
		return refuse(EACCES);
	if (!view->known)
		return view->fresh
			       ? refuse(EACCES)
			       : (struct broker_answer){ .action = BROKER_REFETCH, .port = port };
	if (!view->listening)
		return (struct broker_answer){ .action = BROKER_LISTEN, .port = port };
	/* A bind that a signal interrupted comes again with the same descriptor, and a forward that was
	 * cancelled may be asked for again: the old listener is the session's all the same. */
	if (view->listening_fd < 0 || view->listening_fd == request->fd)
		return (struct broker_answer){ .action = BROKER_REPEAT, .port = port };
	return refuse(EADDRINUSE);
}
