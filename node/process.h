/* SPDX-License-Identifier: ISC */
/* Processes of others: who they are, whether they live, and what descriptors they hold. A process is named by
 * its pid together with its start time, since pids are used again. */
#ifndef NODE_PROCESS_H
#define NODE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	pid_t pid;
	uint64_t start; /* clock ticks since boot: field 22 of /proc/PID/stat, proc(5) */
};

/* Parses the text of /proc/PID/stat (which is cut in place); the command's name may hold anything. 0 or
 * -EPROTO. */
int process_parse_stat(char *text, pid_t *ret_parent, uint64_t *ret_start);

/* What runs under that pid now. 0, or -ESRCH. ret_parent may be NULL. */
int process_find(pid_t pid, struct process *ret_process, pid_t *ret_parent);

/* A descriptor that becomes readable when the process ends. 0 with *ret_fd; -ESRCH also if another process
 * has the pid now. */
int process_open(const struct process *p, int *ret_fd);

/* True if `pid` is the process or descends from it, at most PROCESS_DEPTH steps away; each parent must have
 * started no later than its child, so that a pid used again meanwhile is noticed. */
#define PROCESS_DEPTH 8
bool process_is_descendant(pid_t pid, const struct process *ancestor);

/* Signals just that process. 0, -ESRCH, -EPERM (CAP_KILL). */
int process_kill(const struct process *p, int signal);

/* A duplicate of the descriptor `fd` of the process: pidfd_getfd(2). 0 with *ret_fd (close-on-exec); -EBADF if it has
 * none; -ESRCH; -EPERM (CAP_SYS_PTRACE). */
int process_get_fd(const struct process *p, int fd, int *ret_fd);

/* Is that descriptor of the process the same file as our `own`? 1; 0: it is not, or is closed; -ESRCH, -EPERM. */
int process_has_file(const struct process *p, int fd, int own);

/* Copies `len` bytes from the memory of a process. 0; -EFAULT, -ESRCH, -EPERM. */
int process_read(pid_t pid, uint64_t address, void *buf, size_t len);

/* 0 if this process has CAP_SYS_PTRACE and CAP_KILL, else -EPERM with the names of those it lacks. */
int process_check_capabilities(const char **ret_missing);

#endif
