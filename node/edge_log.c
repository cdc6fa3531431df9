/* SPDX-License-Identifier: ISC */
/* Receives HAProxy's log and finds whose it is. */
#include "node/edge_log.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"
#include "node/attach.h"
#include "node/edge_record.h"
#include "node/metrics.h"
#include "node/node.h"

#define CONTROL_SIZE CMSG_SPACE(sizeof(struct ucred))

struct edge_log {
	struct node *node;
	int fd;
	struct event *event;
	struct event *pause; /* NULL: the queue is too short to pause */
	bool complained;     /* about a record: said once */
	struct mmsghdr messages[EDGE_LOG_BATCH];
	struct iovec vectors[EDGE_LOG_BATCH];
	char control[EDGE_LOG_BATCH][CONTROL_SIZE];
	char text[EDGE_LOG_BATCH][EDGE_RECORD_MAX + 1];
};

static bool is_believed(const struct node *node, struct msghdr *msg)
{
	struct cmsghdr *c;
	struct ucred cred;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
			continue;
		memcpy(&cred, CMSG_DATA(c), sizeof(cred));
		return cred.uid == 0 || cred.uid == node->edge_uid || cred.uid == geteuid();
	}
	return false;
}

/* "Proxy web stopped (...)": what a process says that was replaced. */
static bool is_about_stopping(const char *text, size_t len)
{
	return memmem(text, len, "Proxy ", 6) && memmem(text, len, " stopped ", 9);
}

/* Parsing eats the text: its beginning is kept for the one time that it is complained about. */
#define EXCERPT 200

/* Answered, or a sign of the contrary, or neither. */
static void look_at(struct relay_listener *listener, const struct edge_record *record)
{
	if (edge_record_is_answered(record)) {
		listener->requests++;
		/* The record is of the end. When a connection's first byte came it does not tell: at its
		 * beginning, for what is known. */
		relays_answered(listener, record->origin_ms,
				record->at + (record->origin_ms > 0 ? record->origin_ms : 0));
	} else if (edge_record_is_unanswered(record)) {
		relays_sign(listener, HEALTH_FAILED);
	} else if (edge_record_is_left(record)) {
		relays_sign(listener, HEALTH_LEFT);
	}
}

static void take_record(struct edge_log *log, char *text, size_t len)
{
	char relay[NODE_LISTENER_TEXT], excerpt[EXCERPT] = "";
	struct relay_listener *listener;
	struct edge_record record;
	struct session *session;
	int r;

	if (!log->complained)
		snprintf(excerpt, sizeof(excerpt), "%.*s", (int)len, text);
	r = edge_record_parse(text, len, &record);
	if (r != -ENOMSG)
		node_count(r == 0 ? COUNT_LOG_RECORDS : COUNT_LOG_BAD);
	if (r == -EPROTO && !log->complained) {
		log_warn("read '%s' in HAProxy's log: not as agreed, ignoring such (said once)",
			 excerpt);
		log->complained = true;
	}
	if (r == -ENOMSG && is_about_stopping(text, len))
		edge_cli_look(log->node->edge.cli);
	if (r < 0)
		return;
	if (snprintf(relay, sizeof(relay), "%s:%d", record.relay, (int)record.port) >=
	    (int)sizeof(relay))
		return;
	listener = relays_find(&log->node->relays, relay);
	session = listener ? relays_serving(listener) : NULL;
	if (session && session->attach)
		attach_log(session->attach, &record, NULL);
	if (!listener)
		return;
	registry_log(&log->node->registry, listener, &record);
	look_at(listener, &record);
}

static void prepare(struct edge_log *log)
{
	for (int i = 0; i < EDGE_LOG_BATCH; i++) {
		log->vectors[i] = (struct iovec){ log->text[i], EDGE_RECORD_MAX };
		log->messages[i].msg_hdr = (struct msghdr){
			.msg_iov = &log->vectors[i],
			.msg_iovlen = 1,
			.msg_control = log->control[i],
			.msg_controllen = CONTROL_SIZE,
		};
	}
}

/* How many there were; EDGE_LOG_BATCH: there may be more. */
static int take_batch(struct edge_log *log)
{
	int n;

	prepare(log);
	n = recvmmsg(log->fd, log->messages, EDGE_LOG_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		struct msghdr *msg = &log->messages[i].msg_hdr;

		if (is_believed(log->node, msg) && !(msg->msg_flags & MSG_TRUNC))
			take_record(log, log->text[i], log->messages[i].msg_len);
	}
	return n;
}

/* One batch at a time: the rest of the node has its turn in between. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval pause = { .tv_usec = EDGE_LOG_PAUSE_MS * 1000 };
	struct edge_log *log = arg;

	take_batch(log);
	if (log->pause) {
		event_del(log->event);
		event_add(log->pause, &pause);
	}
}

static void on_pause(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval pause = { .tv_usec = EDGE_LOG_PAUSE_MS * 1000 }, now = { 0 };
	struct edge_log *log = arg;
	int n = take_batch(log);

	if (n > 0)
		event_add(log->pause, n == EDGE_LOG_BATCH ? &now : &pause);
	else
		event_add(log->event, NULL);
}

/* How many records the kernel keeps for a socket that is made now. */
static long queue_length(void)
{
	auto_free char *text = NULL;

	if (file_read("/proc/sys/net/unix/max_dgram_qlen", 64, &text, NULL) < 0)
		return 0;
	return strtol(text, NULL, 10);
}

static int open_socket(const char *path, int *ret_fd)
{
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int on = 1, size = EDGE_LOG_RCVBUF;

	if (strlen(path) >= sizeof(un.sun_path))
		return -ENAMETOOLONG;
	memcpy(un.sun_path, path, strlen(path) + 1);
	/* The node that served it is gone: node.c has the lock. */
	unlink(path);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
		   sizeof(size)); /* net.core.rmem_max bounds it */
	if (bind(fd, (struct sockaddr *)&un, sizeof(un)) < 0 || chmod(path, 0666) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

int edge_log_new(struct node *node, const char *path, struct edge_log **ret_log)
{
	struct edge_log *log = calloc(1, sizeof(*log));
	int r;

	if (!log)
		return -ENOMEM;
	log->node = node;
	log->fd = -1;
	r = open_socket(path, &log->fd);
	if (r == 0) {
		log->event = event_new(node->base, log->fd, EV_READ | EV_PERSIST, on_readable, log);
		if (queue_length() >= EDGE_LOG_QUEUE_MIN)
			log->pause = evtimer_new(node->base, on_pause, log);
		if (!log->event || event_add(log->event, NULL) < 0)
			r = -ENOMEM;
	}
	if (r < 0) {
		edge_log_free(log);
		return r;
	}
	*ret_log = log;
	return 0;
}

void edge_log_free(struct edge_log *log)
{
	if (!log)
		return;
	if (log->event)
		event_free(log->event);
	if (log->pause)
		event_free(log->pause);
	if (log->fd >= 0)
		close(log->fd);
	free(log);
}
