/* SPDX-License-Identifier: ISC */
/* One connection, one wait or two. */
#include "node/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "lib/cleanup.h"
#include "lib/id.h"

struct probe {
	LIST_ENTRY(probe) entry; /* in `running` */
	char user_id[ID_UUID_SIZE], socket_id[ID_UUID_SIZE];
	int fd;
	bool has_request, has_ended;
	int64_t end_wait_ms;
	struct event *event;
	probe_done *done;
	void *arg;
};

static LIST_HEAD(, probe) running = LIST_HEAD_INITIALIZER(running);

void probe_cancel(struct probe *probe)
{
	if (!probe)
		return;
	if (probe->event)
		event_free(probe->event);
	LIST_REMOVE(probe, entry);
	close(probe->fd);
	free(probe);
}

static bool is_admitted(const struct probe_plan *plan)
{
	unsigned all = 0, of_account = 0, of_socket = 0;
	const struct probe *probe;

	LIST_FOREACH(probe, &running, entry)
	{
		all++;
		of_account += strcmp(probe->user_id, plan->user_id) == 0;
		of_socket += strcmp(probe->socket_id, plan->socket_id) == 0;
	}
	return all < PROBE_MAX && of_account < PROBE_MAX_OF_ACCOUNT &&
	       of_socket < PROBE_MAX_OF_SOCKET;
}

/* sshd reads nothing of a connection before the ssh client has one to the origin: a request that it closes unread, or
 * that comes after the close, is answered by a reset. An origin that read it, and had no answer, leaves none. */
static enum probe_result ended(const struct probe *probe, ssize_t n)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (probe->has_ended)
		return PROBE_ENDED;
	if (!probe->has_request || n < 0 ||
	    getsockopt(probe->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return PROBE_REFUSED;
	return info.tcpi_state == TCP_CLOSE ? PROBE_REFUSED : PROBE_CLOSED;
}

static struct timeval ms_to_timeval(int64_t ms)
{
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

/* False: there is no second wait. */
static bool end_our_half(struct probe *probe)
{
	const struct timeval wait = ms_to_timeval(probe->end_wait_ms);

	if (probe->has_ended || probe->end_wait_ms == 0 || shutdown(probe->fd, SHUT_WR) < 0)
		return false;
	probe->has_ended = true;
	return event_add(probe->event, &wait) == 0;
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct probe *probe = arg;
	probe_done *done = probe->done;
	void *done_arg = probe->arg;
	enum probe_result result = probe->has_ended ? PROBE_STAYED : PROBE_OPEN;
	char byte;

	if (what & EV_READ) {
		ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return; /* the wait goes on */
		result = n > 0 ? PROBE_ANSWERED : ended(probe, n);
	} else if (end_our_half(probe)) {
		return;
	}
	probe_cancel(probe);
	done(done_arg, result);
}

/* To a listener of this host: done at once, or refused, which is seen by reading. */
static int connect_to(uint32_t address, uint16_t port, const struct probe_plan *plan, int *ret_fd)
{
	auto_close int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(address),
	};

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&in, sizeof(in)) < 0 && errno != EINPROGRESS &&
	    errno != ECONNREFUSED)
		return -errno;
	if (plan->len > 0 && send(fd, plan->request, plan->len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
	    errno != EPIPE && errno != EAGAIN && errno != ECONNREFUSED && errno != ECONNRESET)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

struct probe *probe_start(struct event_base *base, uint32_t address, uint16_t port,
			  const struct probe_plan *plan, probe_done *done, void *arg)
{
	const struct timeval wait = ms_to_timeval(plan->wait_ms);
	struct probe *probe;
	int fd = -1;

	if (!is_admitted(plan) || connect_to(address, port, plan, &fd) < 0)
		return NULL;
	probe = calloc(1, sizeof(*probe));
	if (!probe) {
		close(fd);
		return NULL;
	}
	LIST_INSERT_HEAD(&running, probe, entry);
	snprintf(probe->user_id, sizeof(probe->user_id), "%s", plan->user_id);
	snprintf(probe->socket_id, sizeof(probe->socket_id), "%s", plan->socket_id);
	probe->fd = fd;
	probe->has_request = plan->len > 0;
	probe->end_wait_ms = plan->end_wait_ms;
	probe->done = done;
	probe->arg = arg;
	probe->event = event_new(base, fd, EV_READ | EV_PERSIST, on_event, probe);
	if (!probe->event || event_add(probe->event, &wait) < 0) {
		probe_cancel(probe);
		return NULL;
	}
	return probe;
}
