/* SPDX-License-Identifier: ISC */
/* Tells that another process's TCP connection makes no progress, or has none to make: what it sent was sent again and again, and nothing came back. Linux
 * alone, 5.6 on, and for a process that we may trace, such as our child; elsewhere nothing is told.
 *
 * ssh itself takes 40 s to notice, and while it waits TCP's own pauses double: after half a minute of lost packets, the next one
 * may be sent half a minute after they pass again. */
#ifndef HELPER_STALL_H
#define HELPER_STALL_H

#include <stdbool.h>
#include <sys/types.h>

/* So many times in a row the oldest data was sent again: with pauses of 0.2 s at least that double, 3 s or more. */
#define STALL_RETRANSMITS 4

/* True if a TCP connection of process `pid` over a network stalls. One system call or two for each of its descriptors up to
 * that: nothing is kept open. */
bool stall_of_process(pid_t pid);

/* The same of a descriptor of our own. */
bool stall_of_connection(int fd);

/* From now on the kernel gives up the TCP connection of `pid` once nothing has come back for limit_ms (8 s or
 * more); it asks when there is nothing to send. True if it has given it up: the process itself may not know, as an ssh does
 * not that waits for a passphrase. */
bool stall_gave_up(pid_t pid, int limit_ms);

#endif
