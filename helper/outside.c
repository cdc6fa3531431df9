/* SPDX-License-Identifier: ISC */
/* Looks at each source, and passes on what it tells. */
#include "helper/outside.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/kept_tunnel.h"
#include "helper/netwatch.h"
#include "helper/reach.h"
#include "lib/cleanup.h"

enum { POLL_NETWORK, POLL_CLOCK, POLL_FIXED };

static struct reach *reach_of(struct outside *o, const struct supervise_tunnel *tunnel)
{
	struct reach *r;

	if (!tunnel->probe_host)
		return NULL;
	for (r = o->reaches; r < o->reaches + o->reach_count; r++)
		if (r->port == tunnel->probe_port && r->host &&
		    !strcmp(r->host, tunnel->probe_host))
			return r;
	reach_init(r, tunnel->probe_host, tunnel->probe_port);
	o->reach_count++;
	return r;
}

int outside_init(struct outside *o)
{
	*o = (struct outside){ .network_fd = netwatch_open() };
	wakeclock_open(&o->clock);
	o->reaches = calloc(SUPERVISE_MAX, sizeof(*o->reaches));
	return o->reaches ? 0 : -ENOMEM;
}

static void forget_servers(struct outside *o)
{
	while (o->reach_count)
		reach_clear(&o->reaches[--o->reach_count]);
}

void outside_set(struct outside *o, struct kept_tunnel *const *tunnels, size_t count)
{
	size_t i;

	forget_servers(o);
	o->tunnels = tunnels;
	o->count = count;
	for (i = 0; i < count; i++) {
		tunnels[i]->reach = reach_of(o, tunnels[i]->tunnel);
		if (tunnels[i]->reach && kept_tunnel_asks(tunnels[i]))
			reach_restart(tunnels[i]->reach);
	}
}

void outside_clear(struct outside *o)
{
	forget_servers(o);
	free(o->reaches);
	wakeclock_close(&o->clock);
	if (o->network_fd >= 0)
		close(take_fd(&o->network_fd));
}

size_t outside_fd_count(const struct outside *o)
{
	return POLL_FIXED + o->reach_count;
}

void outside_fill(const struct outside *o, struct pollfd *fds)
{
	size_t i;

	fds[POLL_NETWORK] = (struct pollfd){ o->network_fd, POLLIN, 0 };
	fds[POLL_CLOCK] = (struct pollfd){ o->clock.fd, POLLIN, 0 };
	for (i = 0; i < o->reach_count; i++)
		fds[POLL_FIXED + i] = (struct pollfd){ o->reaches[i].fd, POLLIN, 0 };
}

static bool is_wanted(const struct outside *o, const struct reach *r)
{
	size_t i;

	for (i = 0; i < o->count; i++)
		if (o->tunnels[i]->reach == r && kept_tunnel_asks(o->tunnels[i]))
			return true;
	return false;
}

int64_t outside_deadline(const struct outside *o)
{
	int64_t first = -1;
	size_t i;

	for (i = 0; i < o->reach_count; i++) {
		int64_t deadline = reach_deadline(&o->reaches[i]);

		if (deadline >= 0 && (first < 0 || deadline < first) &&
		    is_wanted(o, &o->reaches[i]))
			first = deadline;
	}
	return first;
}

static void look_at_server(struct outside *o, struct reach *r, int64_t now_ms)
{
	enum reach_news news = reach_take(r);
	size_t i;

	for (i = 0; news != REACH_NONE && i < o->count; i++)
		if (o->tunnels[i]->reach == r)
			kept_tunnel_reached(o->tunnels[i], news == REACH_IS_BACK);
	if (is_wanted(o, r))
		reach_ask(r, now_ms);
}

void outside_look(struct outside *o, int64_t now_ms)
{
	unsigned network = o->network_fd < 0 ? 0 : netwatch_read(o->network_fd);
	bool slept = wakeclock_has_slept(&o->clock);
	size_t i;

	for (i = 0; i < o->count; i++) {
		if (slept || network & NETWATCH_GONE)
			kept_tunnel_suspect(o->tunnels[i]);
		if (slept || network & NETWATCH_CHANGED)
			kept_tunnel_wake(o->tunnels[i]);
	}
	for (i = 0; i < o->reach_count; i++)
		look_at_server(o, &o->reaches[i], now_ms);
}
