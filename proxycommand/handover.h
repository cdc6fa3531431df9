/* SPDX-License-Identifier: ISC */
/* Giving a connection to ssh (ssh_config(5), ProxyUseFdpass): one byte with the descriptor (SCM_RIGHTS) over our
 * standard output, which ssh made a socket. */
#ifndef PROXYCOMMAND_HANDOVER_H
#define PROXYCOMMAND_HANDOVER_H

/* Passes `fd` over `channel`; the caller keeps its own. 0; -ENOTSOCK: it is no Unix socket, so nobody waits for a descriptor there; another
 * negative errno. */
int handover_send(int channel, int fd);

/* Clears O_NONBLOCK, which libcurl sets and ssh does not expect, and passes it. As above. */
int handover_connection(int channel, int fd);

#endif
