/* SPDX-License-Identifier: ISC */
/* A netlink socket that listens. */
#include "helper/netwatch.h"

#ifdef __linux__
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* linux/if.h, which has it, cannot be included beside net/if.h. */
#define LOWER_UP 0x10000

int netwatch_open(void)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
			     RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A link came up. */
static unsigned link_change(const struct ifinfomsg *link)
{
	unsigned state = IFF_UP | IFF_RUNNING | LOWER_UP;
	int runs = link->ifi_flags & IFF_RUNNING && !(link->ifi_flags & IFF_LOOPBACK);

	return runs && link->ifi_change & state ? NETWATCH_CHANGED : 0;
}

static unsigned address_change(int type, const struct ifaddrmsg *address)
{
	if (address->ifa_scope >= RT_SCOPE_LINK)
		return 0;
	return type == RTM_NEWADDR ? NETWATCH_CHANGED : NETWATCH_CHANGED | NETWATCH_GONE;
}

static unsigned route_change(int type, const struct rtmsg *route)
{
	if (route->rtm_table != RT_TABLE_MAIN || route->rtm_type != RTN_UNICAST ||
	    route->rtm_flags & RTM_F_CLONED)
		return 0;
	if (type == RTM_NEWROUTE)
		return NETWATCH_CHANGED;
	return route->rtm_dst_len ? 0 : NETWATCH_GONE;
}

static unsigned change(const struct nlmsghdr *message)
{
	size_t len = message->nlmsg_len - NLMSG_HDRLEN;
	const void *data = NLMSG_DATA(message);

	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
		return len < sizeof(struct ifinfomsg) ? 0 : link_change(data);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return len < sizeof(struct ifaddrmsg) ? 0
						      : address_change(message->nlmsg_type, data);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return len < sizeof(struct rtmsg) ? 0 : route_change(message->nlmsg_type, data);
	default:
		return 0;
	}
}

unsigned netwatch_parse(const void *messages, size_t len)
{
	const struct nlmsghdr *message = messages;
	unsigned seen = 0;

	while (len >= sizeof(*message) && message->nlmsg_len >= sizeof(*message) &&
	       message->nlmsg_len <= len) {
		size_t step = NLMSG_ALIGN(message->nlmsg_len);

		seen |= change(message);
		if (step >= len)
			break;
		len -= step;
		message = (const void *)((const char *)message + step);
	}
	return seen;
}

unsigned netwatch_read(int fd)
{
	struct nlmsghdr buf[1024];
	unsigned seen = 0;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0 || (n < 0 && errno == ENOBUFS))
		seen |= n > 0 ? netwatch_parse(buf, (size_t)n) : NETWATCH_CHANGED;
	return seen;
}
#else
int netwatch_open(void)
{
	return -1;
}

unsigned netwatch_read(int fd)
{
	return 0;
}

unsigned netwatch_parse(const void *messages, size_t len)
{
	return 0;
}
#endif
