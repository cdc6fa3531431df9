/* SPDX-License-Identifier: ISC */
/* Listening sockets for sshd: each on a loopback address of its own (127.64.0.0/10), with the tunnel's relay
 * port, so that neither ports nor addresses run out and accounts never meet. */
#ifndef NODE_NODE_LISTENER_H
#define NODE_NODE_LISTENER_H

#include <stdint.h>

#define NODE_LISTENER_NET 0x7f400000U  /* 127.64.0.0 */
#define NODE_LISTENER_MASK 0xffc00000U /* /10 */
/* Connections that wait for sshd to accept; net.core.somaxconn bounds it too. */
#define NODE_LISTENER_BACKLOG 4096

/* 0 with *ret_fd (non-blocking, close-on-exec, listening) and *ret_address (host order); -EADDRINUSE if no address was
 * found free. Addresses go round, so that one is not used again soon: HAProxy may keep connections to it. */
int node_listener_new(uint16_t port, int *ret_fd, uint32_t *ret_address);

/* sshd calls listen(2) again with its own, shorter backlog: this restores ours. */
void node_listener_restore_backlog(int fd);

/* Connections that nobody has accepted yet; 0 also if that cannot be told. */
int node_listener_waiting(int fd);

/* 0 if fd is a listening TCP socket on that address of ours and port; -EBADF. */
int node_listener_check(int fd, uint32_t address, uint16_t port);

/* "127.64.0.1:6054" */
#define NODE_LISTENER_TEXT 24
void node_listener_text(uint32_t address, uint16_t port, char ret_text[NODE_LISTENER_TEXT]);

#endif
