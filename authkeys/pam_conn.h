/* SPDX-License-Identifier: ISC */
/* sshd's connection to its client, found among this process's own descriptors: PAM tells a module the
 * client's name (PAM_RHOST), which may come from DNS, but not the descriptor. */
#ifndef AUTHKEYS_PAM_CONN_H
#define AUTHKEYS_PAM_CONN_H

#define PAM_CONN_ADDRESS_SIZE 64

/* The client's address as text (an IPv4 one in IPv6 clothes is printed as IPv4); "unknown" if no
 * descriptor is a connected TCP socket. */
void pam_conn_address(char ret_address[PAM_CONN_ADDRESS_SIZE]);
/* Sets TCP_NODELAY: sshd does so itself only when a session channel opens, and without it a forward
 * stalls on Nagle and delayed ACKs. Best effort. */
void pam_conn_set_nodelay(void);

#endif
