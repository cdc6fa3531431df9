/* SPDX-License-Identifier: ISC */
/* Local messages: grammar and transport. Every wait has a deadline; a descriptor that nobody asked for,
 * or that came with a bad message, is closed here. */
#include "lib/wire.h"
#include "lib/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/cleanup.h"

#define NAME_MAX_LEN 32
#define FDS_MAX \
	4 /* room for more than the one that is legal, so that a surplus is seen and closed */

/* ---- grammar ---- */
static int is_name(const char *s, size_t len)
{
	size_t i;

	if (!len || len > NAME_MAX_LEN)
		return 0;
	for (i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '_'))
			return 0;
	return 1;
}

static int is_value(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return 0;
	return 1;
}

void wire_begin(struct strbuf *sb, const char *verb)
{
	strbuf_reset(sb);
	if (!is_name(verb, strlen(verb)))
		strbuf_fail(sb, -EINVAL);
	strbuf_adds(sb, verb);
	strbuf_addch(sb, '\n');
}

void wire_add(struct strbuf *sb, const char *name, const char *value)
{
	if (!is_name(name, strlen(name)) || !is_value(value, strlen(value)))
		strbuf_fail(sb, -EINVAL);
	strbuf_adds(sb, name);
	strbuf_addch(sb, '=');
	strbuf_adds(sb, value);
	strbuf_addch(sb, '\n');
}

void wire_add_int(struct strbuf *sb, const char *name, int64_t value)
{
	if (!is_name(name, strlen(name)))
		strbuf_fail(sb, -EINVAL);
	strbuf_addf(sb, "%s=%lld\n", name, (long long)value);
}

static int add_field(struct wire_msg *msg, char *line, size_t len)
{
	char *equals = memchr(line, '=', len);
	size_t name_len;

	if (!equals || msg->count == WIRE_FIELDS)
		return -EPROTO;
	name_len = (size_t)(equals - line);
	if (!is_name(line, name_len) || !is_value(equals + 1, len - name_len - 1))
		return -EPROTO;
	*equals = '\0';
	if (wire_get(msg, line))
		return -EPROTO;
	msg->fields[msg->count++] = (struct wire_field){ line, equals + 1 };
	return 0;
}

int wire_parse(char *buf, size_t len, struct wire_msg *ret_msg)
{
	struct wire_msg msg = { .verb = buf };
	char *line, *next, *end = buf + len;
	int r;

	if (!len || len > WIRE_MAX || end[-1] != '\n')
		return -EPROTO;
	for (line = buf; line < end; line = next) {
		char *newline = memchr(line, '\n', (size_t)(end - line));

		next = newline + 1;
		*newline = '\0';
		if (line == buf)
			r = is_name(line, (size_t)(newline - line)) ? 0 : -EPROTO;
		else
			r = add_field(&msg, line, (size_t)(newline - line));
		if (r < 0)
			return r;
	}
	*end = '\0';
	*ret_msg = msg;
	return 0;
}

const char *wire_get(const struct wire_msg *msg, const char *name)
{
	size_t i;

	for (i = 0; i < msg->count; i++)
		if (!strcmp(msg->fields[i].name, name))
			return msg->fields[i].value;
	return NULL;
}

int wire_get_int(const struct wire_msg *msg, const char *name, int64_t min, int64_t max,
		 int64_t *ret_value)
{
	const char *text = wire_get(msg, name), *digits;
	long long value;
	char *end;

	if (!text)
		return -ENOENT;
	/* strtoll would take white space and "+" in front. */
	digits = text + (*text == '-');
	if (*digits < '0' || *digits > '9')
		return -EINVAL;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || *end || value < min || value > max)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

const char *wire_text(const struct wire_msg *msg, const char *name)
{
	const char *text = wire_get(msg, name);

	return text ? text : "";
}

int64_t wire_number(const struct wire_msg *msg, const char *name)
{
	int64_t value = -1;

	wire_get_int(msg, name, -1, INT64_MAX, &value);
	return value;
}

/* ---- transport ---- */
/* A point in time for a timeout; -1 and 0 keep their meaning ("none", "do not block"). */
static int64_t deadline_from(int timeout_ms)
{
	return timeout_ms > 0 ? clock_mono_ms() + timeout_ms : timeout_ms;
}

/* What is left until `deadline`, as a timeout: at least 1 ms, or -ETIMEDOUT when nothing is. */
static int time_left(int64_t deadline)
{
	int64_t left;

	if (deadline <= 0)
		return (int)deadline;
	left = deadline - clock_mono_ms();
	return left > 0 ? (int)left : -ETIMEDOUT;
}

/* 0 when `events` are there (or the peer is gone); -EAGAIN at once if deadline is 0; -ETIMEDOUT. */
static int wait_for(int fd, short events, int64_t deadline)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		int left = time_left(deadline), n;

		if (!deadline)
			return -EAGAIN;
		if (left == -ETIMEDOUT)
			return left;
		n = poll(&p, 1, left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

static int connect_until(int fd, const struct sockaddr_un *addr, int64_t deadline)
{
	for (;;) {
		int left = time_left(deadline);

		if (left == -ETIMEDOUT)
			return left;
		if (left > 0) {
			/* A blocking connect waits in the kernel for room in the queue, up to SO_SNDTIMEO. */
			struct timeval tv = { left / 1000, left % 1000 * 1000 };

			if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) < 0)
				return -errno;
		}
		if (!connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
			return 0;
		if (errno == EAGAIN && deadline > 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

static int connect_deadline(const char *path, int64_t deadline, int *ret_fd)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	auto_close int fd = -1;
	int r;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | (deadline ? 0 : SOCK_NONBLOCK), 0);
	if (fd < 0)
		return -errno;
	r = connect_until(fd, &addr, deadline);
	if (r < 0)
		return r;
	if (deadline && fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int send_deadline(int fd, const struct strbuf *sb, int pass_fd, int64_t deadline)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { sb->buf, sb->len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int r = strbuf_error(sb);

	if (r < 0)
		return r;
	if (!sb->len)
		return -EINVAL; /* an empty record would read as the end of the stream */
	if (pass_fd >= 0) {
		struct cmsghdr *c;

		m.msg_control = control.space;
		m.msg_controllen = sizeof(control.space);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass_fd, sizeof(int));
	}
	for (;;) {
		if (sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		r = wait_for(fd, POLLOUT, deadline);
		if (r < 0)
			return r;
	}
}

/* Takes the passed descriptors out of `m`: exactly one goes to *ret_fd; a surplus is closed, -EPROTO. */
static int take_passed(struct msghdr *m, int *ret_fd)
{
	struct cmsghdr *c;
	int count = 0;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t i, n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (count++)
				close(fd);
			else
				*ret_fd = fd;
		}
	}
	return count > 1 || m->msg_flags & MSG_CTRUNC ? -EPROTO : 0;
}

static int recv_deadline(int fd, char *buf, size_t size, struct wire_msg *ret_msg, int *ret_fd,
			 int64_t deadline)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	struct iovec iov = { buf, size - 1 };
	struct msghdr m;
	auto_close int passed = -1;
	ssize_t n;
	int r;

	for (;;) {
		m = (struct msghdr){ .msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = control.space,
				     .msg_controllen = sizeof(control.space) };
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (n >= 0)
			break;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		r = wait_for(fd, POLLIN, deadline);
		if (r < 0)
			return r;
	}
	r = take_passed(&m, &passed);
	if (r < 0)
		return r;
	if (!n)
		return -ECONNRESET;
	if (m.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	r = wire_parse(buf, (size_t)n, ret_msg);
	if (r < 0)
		return r;
	if (ret_fd)
		*ret_fd = take_fd(&passed);
	return 0;
}

int wire_connect(const char *path, int timeout_ms, int *ret_fd)
{
	return connect_deadline(path, deadline_from(timeout_ms), ret_fd);
}

int wire_send(int fd, const struct strbuf *sb, int pass_fd, int timeout_ms)
{
	return send_deadline(fd, sb, pass_fd, deadline_from(timeout_ms));
}

int wire_recv(int fd, char *buf, size_t size, struct wire_msg *ret_msg, int *ret_fd, int timeout_ms)
{
	return recv_deadline(fd, buf, size, ret_msg, ret_fd, deadline_from(timeout_ms));
}

int wire_call(const char *path, const struct strbuf *request, int pass_fd, char *buf, size_t size,
	      struct wire_msg *ret_msg, int timeout_ms)
{
	int64_t deadline = deadline_from(timeout_ms);
	auto_close int fd = -1;
	int r = strbuf_error(request);

	if (r < 0)
		return r;
	r = connect_deadline(path, deadline, &fd);
	if (r < 0)
		return r;
	r = send_deadline(fd, request, pass_fd, deadline);
	if (r < 0)
		return r;
	return recv_deadline(fd, buf, size, ret_msg, NULL, deadline);
}
