/* SPDX-License-Identifier: ISC */
/* Processes of others, through /proc, pidfds and process_vm_readv(2). Reading /proc never blocks. */
#include "node/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/cleanup.h"

int process_parse_stat(char *text, pid_t *ret_parent, uint64_t *ret_start)
{
	/* The name is in parentheses and may hold spaces and parentheses itself. */
	char *rest = strrchr(text, ')'), *save = NULL, *field;
	intmax_t parent = 0;

	if (!rest)
		return -EPROTO;
	field = strtok_r(rest + 1, " ", &save);
	for (int i = 3; field; i++, field = strtok_r(NULL, " ", &save)) {
		if (i == 4)
			parent = strtoimax(field, NULL, 10);
		if (i == 22) {
			*ret_start = strtoull(field, NULL, 10);
			*ret_parent = (pid_t)parent;
			return 0;
		}
	}
	return -EPROTO;
}

int process_find(pid_t pid, struct process *ret_process, pid_t *ret_parent)
{
	char path[40], text[1024];
	auto_close int fd = -1;
	uint64_t start;
	pid_t parent;
	ssize_t n;
	int r;

	if (pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -ESRCH;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	r = process_parse_stat(text, &parent, &start);
	if (r < 0)
		return r;
	*ret_process = (struct process){ .pid = pid, .start = start };
	if (ret_parent)
		*ret_parent = parent;
	return 0;
}

int process_open(const struct process *p, int *ret_fd)
{
	struct process now;
	auto_close int fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	int r;

	if (fd < 0)
		return -errno;
	/* In this order: what the pidfd names cannot change any more. */
	r = process_find(p->pid, &now, NULL);
	if (r < 0)
		return r;
	if (now.start != p->start)
		return -ESRCH;
	*ret_fd = take_fd(&fd);
	return 0;
}

bool process_is_descendant(pid_t pid, const struct process *ancestor)
{
	struct process now;
	uint64_t child_start = UINT64_MAX;
	pid_t parent;

	for (int depth = 0; depth <= PROCESS_DEPTH; depth++) {
		if (process_find(pid, &now, &parent) < 0 || now.start > child_start)
			return false;
		if (pid == ancestor->pid)
			return now.start == ancestor->start;
		child_start = now.start;
		pid = parent;
	}
	return false;
}

int process_kill(const struct process *p, int signal)
{
	auto_close int fd = -1;
	int r = process_open(p, &fd);

	if (r < 0)
		return r;
	return syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0) < 0 ? -errno : 0;
}

int process_get_fd(const struct process *p, int fd, int *ret_fd)
{
	auto_close int pidfd = -1;
	int copy, r = process_open(p, &pidfd);

	if (r < 0)
		return r;
	copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	if (copy < 0)
		return -errno;
	*ret_fd = copy;
	return 0;
}

int process_has_file(const struct process *p, int fd, int own)
{
	struct stat ours, theirs;
	auto_close int copy = -1;
	int r = process_get_fd(p, fd, &copy);

	if (r < 0)
		return r == -EBADF ? 0 : r;
	if (fstat(own, &ours) < 0 || fstat(copy, &theirs) < 0)
		return -errno;
	return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

int process_read(pid_t pid, uint64_t address, void *buf, size_t len)
{
	struct iovec local = { .iov_base = buf, .iov_len = len };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)address, .iov_len = len };
	ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EFAULT;
}

int process_check_capabilities(const char **ret_missing)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	bool ptrace, kill;

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	ptrace = data[CAP_TO_INDEX(CAP_SYS_PTRACE)].effective & CAP_TO_MASK(CAP_SYS_PTRACE);
	kill = data[CAP_TO_INDEX(CAP_KILL)].effective & CAP_TO_MASK(CAP_KILL);
	if (ptrace && kill)
		return 0;
	*ret_missing = ptrace ? "CAP_KILL"
		       : kill ? "CAP_SYS_PTRACE"
			      : "CAP_SYS_PTRACE and CAP_KILL";
	return -EPERM;
}
