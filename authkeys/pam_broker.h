/* SPDX-License-Identifier: ISC */
/* Puts every later bind(2) of this process and its children into the hands of whoever holds the
 * notification descriptor: DESIGN.md 3.
 *
 * MUST 1: loaded before the node is asked, so that no session of ours ever binds without the broker.
 * MUST 2: no other way to bind stays open: a foreign architecture's system calls kill the process, and
 *         io_uring, whose IORING_OP_BIND no filter sees, cannot be set up.
 * MUST 3: without a holder of the descriptor, bind fails (ENOSYS): the caller closes its own copy. */
#ifndef AUTHKEYS_PAM_BROKER_H
#define AUTHKEYS_PAM_BROKER_H

/* 0 with *ret_notify_fd (close-on-exec, the caller's), or a negative errno; if the filter was loaded already
 * but the descriptor cannot be had, binding fails from then on. There is no way back. */
int pam_broker_load(int *ret_notify_fd);

#endif
