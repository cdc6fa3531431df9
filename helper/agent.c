/* SPDX-License-Identifier: ISC */
/* The agent's protocol (draft-miller-ssh-agent): each message a length, a type and the rest. */
#include "helper/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "helper/offered.h"
#include "lib/cleanup.h"

#define HEAD 4
#define ANSWER_MAX (256 * 1024) /* as much as ssh takes */

/* SSH_AGENTC_REQUEST_IDENTITIES, which is one byte long. */
static const unsigned char request[] = { 0, 0, 0, 1, 11 };

void agent_init(struct agent *a)
{
	*a = (struct agent){ .fd = -1 };
	strbuf_init(&a->answer, ANSWER_MAX + HEAD);
}

void agent_clear(struct agent *a)
{
	if (a->fd >= 0)
		close(take_fd(&a->fd));
	strbuf_clear(&a->answer);
}

bool agent_is_asked(const struct agent *a)
{
	return a->fd >= 0;
}

int agent_ask(struct agent *a, const char *path, int64_t now_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	auto_close int fd = -1;

	agent_clear(a);
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return errno == ECONNREFUSED ? -ENOENT : -errno;
	if (send(fd, request, sizeof(request), MSG_NOSIGNAL) != sizeof(request))
		return -EIO;
	a->fd = take_fd(&fd);
	a->end_ms = now_ms + AGENT_MS;
	return 0;
}

/* 1 once all of the answer is there. */
static int is_complete(const struct strbuf *answer)
{
	const unsigned char *p = (const unsigned char *)answer->buf;
	size_t len;

	if (answer->len < HEAD)
		return 0;
	len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	if (len > ANSWER_MAX)
		return -EMSGSIZE;
	return answer->len - HEAD >= len;
}

static int read_answer(struct agent *a)
{
	char chunk[4096];
	ssize_t n = 1;
	int r;

	while ((r = is_complete(&a->answer)) == 0) {
		n = read(a->fd, chunk, sizeof(chunk));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return -EINPROGRESS;
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		strbuf_add(&a->answer, chunk, (size_t)n);
		if (strbuf_error(&a->answer) < 0)
			return strbuf_error(&a->answer);
	}
	return r < 0 ? r : 0;
}

int agent_step(struct agent *a, struct offered *offered, int64_t now_ms)
{
	int r = read_answer(a);

	if (r == -EINPROGRESS)
		r = now_ms < a->end_ms ? r : -ETIMEDOUT;
	if (r == -EINPROGRESS)
		return r;
	if (r == 0)
		r = offered_add_agent(offered, (const unsigned char *)a->answer.buf + HEAD,
				      a->answer.len - HEAD);
	agent_clear(a);
	return r;
}
