/* SPDX-License-Identifier: ISC */
/* TCP_INFO of the other's socket, borrowed by pidfd_getfd(2). */
#include "helper/stall.h"

#ifdef __linux__
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cleanup.h"

/* ssh has its connection among the first. */
#define FD_MAX 10

/* True if it is a TCP connection to another end. */
static bool read_info(int fd, struct tcp_info *ret_info)
{
	socklen_t size = sizeof(*ret_info);

	*ret_info = (struct tcp_info){ 0 };
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret_info, &size) == 0 &&
	       ret_info->tcpi_state != TCP_LISTEN;
}

static bool is_stalled(const struct tcp_info *info)
{
	return info->tcpi_state == TCP_ESTABLISHED && info->tcpi_retransmits >= STALL_RETRANSMITS;
}

bool stall_of_connection(int fd)
{
	struct tcp_info info;

	return read_info(fd, &info) && is_stalled(&info);
}

/* The first connection is ssh's own: those to the origin come later. -1: there is none. */
static int borrow(pid_t pid, struct tcp_info *ret_info)
{
	auto_close int process = pidfd_open(pid, 0);
	int fd;

	for (fd = STDERR_FILENO + 1; process >= 0 && fd < FD_MAX; fd++) {
		auto_close int borrowed = pidfd_getfd(process, fd, 0);

		if (borrowed >= 0 && read_info(borrowed, ret_info))
			return take_fd(&borrowed);
	}
	return -1;
}

bool stall_of_process(pid_t pid)
{
	struct tcp_info info;
	auto_close int fd = borrow(pid, &info);

	return fd >= 0 && is_stalled(&info);
}

bool stall_gave_up(pid_t pid, int limit_ms)
{
	const struct {
		int level, name, value;
	} options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, limit_ms / 4000 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, limit_ms / 8000 },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, limit_ms },
	};
	struct tcp_info info;
	auto_close int fd = borrow(pid, &info);
	size_t i;

	if (fd < 0 || info.tcpi_state == TCP_CLOSE)
		return fd >= 0;
	/* One that cannot be set: it is noticed later. */
	for (i = 0; i < ARRAY_SIZE(options); i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
				 sizeof(options[i].value));
	return false;
}
#else
bool stall_of_connection(int fd)
{
	return false;
}

bool stall_of_process(pid_t pid)
{
	return false;
}

bool stall_gave_up(pid_t pid, int limit_ms)
{
	return false;
}
#endif
