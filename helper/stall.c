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

/* 1 or 0; -1 if this is no TCP connection to another end. */
static int is_stalled(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 ||
	    info.tcpi_state == TCP_LISTEN)
		return -1;
	return info.tcpi_state == TCP_ESTABLISHED && info.tcpi_retransmits >= STALL_RETRANSMITS;
}

bool stall_of_connection(int fd)
{
	return is_stalled(fd) > 0;
}

/* The first connection is ssh's own: those to the origin come later. */
bool stall_of_process(pid_t pid)
{
	auto_close int process = pidfd_open(pid, 0);
	int fd, r = -1;

	for (fd = STDERR_FILENO + 1; process >= 0 && r < 0 && fd < FD_MAX; fd++) {
		auto_close int borrowed = pidfd_getfd(process, fd, 0);

		if (borrowed >= 0)
			r = is_stalled(borrowed);
	}
	return r > 0;
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
#endif
