/* SPDX-License-Identifier: ISC */
/* The loop around broker_decide.h. Receiving never blocks: one receive per readiness, and nobody else receives. */
#include "node/broker.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "node/metrics.h"
#include "node/node.h"

/* The kernel may know a longer struct than this header: room for it, zeroed as it demands. */
union notification {
	struct seccomp_notif n;
	char room[512];
};

union response {
	struct seccomp_notif_resp r;
	char room[512];
};

/* 0; -ENOENT: the caller was interrupted or is gone (it asks again, or not). */
static int respond(struct broker *broker, int error)
{
	union response response = { .r = { .id = broker->id, .error = -error } };

	return ioctl(broker->fd, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 ? -errno : 0;
}

/* Puts our listener in place of the caller's descriptor, and lets its bind(2) return 0. */
static int hand_over(struct broker *broker, int listener_fd)
{
	struct seccomp_notif_addfd addfd = {
		.id = broker->id,
		.flags = SECCOMP_ADDFD_FLAG_SETFD,
		.srcfd = (uint32_t)listener_fd,
		.newfd = (uint32_t)broker->request.fd,
		.newfd_flags = O_CLOEXEC,
	};

	if (ioctl(broker->fd, SECCOMP_IOCTL_NOTIF_ADDFD, &addfd) < 0)
		return -errno;
	return respond(broker, 0);
}

static struct relay_listener *find_listener(struct session *session, uint16_t port)
{
	struct relay_listener *listener;

	LIST_FOREACH(listener, &session->listeners, session_entry)
	if (listener->port == port)
		return listener;
	return NULL;
}

/* Under which number the session still has that listener: -1 if it closed it. */
static int held_as(const struct relay_listener *listener, const struct process *caller)
{
	if (process_has_file(&listener->holder, listener->holder_fd, listener->fd) != 1)
		return -1;
	/* The same number in another process is another descriptor. */
	return listener->holder.pid == caller->pid ? listener->holder_fd : INT32_MAX;
}

/* Hands it over and lets visitors come; 0 or a negative errno. */
static int serve(struct session *session, struct relay_listener *listener)
{
	struct broker *broker = &session->broker;
	int r = hand_over(broker, listener->fd);

	if (r < 0) {
		if (r != -ENOENT)
			log_error_r(r, "give session %d a listener on port %u",
				    session->process.pid, listener->port);
		respond(broker, EACCES);
		return r;
	}
	listener->holder = broker->caller;
	listener->holder_fd = broker->request.fd;
	session->child = broker->caller;
	relays_confirm(&session->owner->relays, listener);
	registry_save(session);
	return 0;
}

static void listen_for(struct session *session, uint16_t port)
{
	const struct node_login *login = session->login->login;
	struct relay_listener *listener;
	int r = relays_offer(&session->owner->relays, session, node_login_tunnel(login, port),
			     &listener);

	if (r != 0) {
		node_count(COUNT_REFUSED_LISTENER);
		log_error_r(r, "listen for session %d on port %u", session->process.pid, port);
		respond(&session->broker, -r);
		return;
	}
	if (serve(session, listener) < 0)
		relays_withdraw(&session->owner->relays, listener);
}

static void on_login(void *arg, int result, const struct node_login *login);

/* IPv6 is refused always, and no news. */
static void count_refusal(uint16_t port, int error)
{
	if (error == EADDRINUSE)
		node_count(COUNT_REFUSED_IN_USE);
	else if (error == EACCES)
		node_count(port ? COUNT_REFUSED_PORT : COUNT_REFUSED_ADDRESS);
}

static void judge(struct session *session, bool fresh)
{
	const struct node_login *login = session->login->gone ? NULL : session->login->login;
	struct broker *broker = &session->broker;
	uint16_t port = broker_decide_port(&broker->request);
	struct relay_listener *listener = port ? find_listener(session, port) : NULL;
	struct broker_view view = {
		.ending = session->ending != DENIAL_NONE || session->is_command,
		.known = login && port && node_login_tunnel(login, port),
		.fresh = fresh,
		.listening = listener != NULL,
		.listening_fd = listener ? held_as(listener, &broker->caller) : -1,
	};
	struct broker_answer answer = broker_decide(&broker->request, &view);

	switch (answer.action) {
	case BROKER_REFUSE:
		count_refusal(port, answer.error);
		if (answer.error != EADDRNOTAVAIL)
			log_info("refuse bind of session %d, user '%s', port %u: %s",
				 session->process.pid, session->user, port, strerror(answer.error));
		respond(broker, answer.error);
		break;
	case BROKER_REFETCH:
		log_debug("ask for user '%s' again: port %u is not known", session->user, port);
		event_del(
			broker->event); /* the session's end is seen through its pidfd meanwhile */
		logins_fetch(&session->owner->logins, session->user, &broker->wait, on_login,
			     session);
		break;
	case BROKER_LISTEN:
		listen_for(session, answer.port);
		break;
	case BROKER_REPEAT:
		if (listener)
			serve(session, listener);
		break;
	}
}

static void on_login(void *arg, int result, const struct node_login *login)
{
	struct session *session = arg;

	event_add(session->broker.event, NULL);
	judge(session, true);
}

static void copy_request(const struct seccomp_notif *n, struct broker_request *ret_request)
{
	size_t len = (size_t)(uint32_t)n->data.args[2];

	*ret_request = (struct broker_request){ .fd = (int)n->data.args[0] };
	if (len > sizeof(ret_request->address))
		len = sizeof(ret_request->address);
	if (process_read((pid_t)n->pid, n->data.args[1], &ret_request->address, len) == 0)
		ret_request->address_len = len;
}

static void receive(struct session *session)
{
	struct broker *broker = &session->broker;
	union notification notification = { 0 };

	if (ioctl(broker->fd, SECCOMP_IOCTL_NOTIF_RECV, &notification) < 0)
		return; /* ENOENT: interrupted before we came to it */
	broker->id = notification.n.id;
	if (notification.n.data.nr != SYS_bind ||
	    process_find((pid_t)notification.n.pid, &broker->caller, NULL) < 0) {
		respond(broker, EACCES);
		return;
	}
	copy_request(&notification.n, &broker->request);
	if (ioctl(broker->fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &broker->id) < 0)
		return;
	judge(session, false);
}

static void on_notify(evutil_socket_t fd, short what, void *arg)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct session *session = arg;

	if (poll(&p, 1, 0) <= 0)
		return;
	if (p.revents & POLLIN)
		receive(session);
	else if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
		registry_gone(session);
}

int broker_start(struct session *session, int fd)
{
	struct broker *broker = &session->broker;

	broker->fd = fd;
	broker->event =
		event_new(session->owner->base, fd, EV_READ | EV_PERSIST, on_notify, session);
	if (!broker->event || event_add(broker->event, NULL) < 0)
		return -ENOMEM;
	return 0;
}

void broker_stop(struct session *session)
{
	struct broker *broker = &session->broker;

	logins_cancel(&broker->wait);
	if (broker->event)
		event_free(broker->event);
	broker->event = NULL;
	if (broker->fd >= 0)
		close(broker->fd);
	broker->fd = -1;
}
