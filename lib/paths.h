/* SPDX-License-Identifier: ISC */
/* Places that several programs agree on. The Makefile may override the prefixes. */
#ifndef LIB_PATHS_H
#define LIB_PATHS_H

#ifndef PATHS_LIBEXEC
#define PATHS_LIBEXEC "/usr/lib/mysocket"
#endif
#ifndef PATHS_CONF
#define PATHS_CONF "/etc/mysocket/mysocket.conf"
#endif
#ifndef PATHS_PAM_MODULES
#define PATHS_PAM_MODULES "/usr/lib/security"
#endif

#define PATHS_SSHD "/usr/sbin/sshd"
#define PATHS_RUN "/run/mysocket"
/* The node's socket for authkeys, PAM and sessions (lib/nodewire.h): SOCK_SEQPACKET. */
#define PATHS_NODE_SOCKET PATHS_RUN "/node.sock"
/* Home of every ssh user of ours: an empty directory whose owner and group are theirs. NSS reads both
 * with one stat(2), so that the module needs no configuration. */
#define PATHS_TUNNEL_HOME PATHS_RUN "/tunnel"
/* Certificates of users' own host names, which mysocket-node writes and HAProxy reads. */
#define PATHS_CERTIFICATES PATHS_RUN "/certificates"
/* Shell and ForceCommand in one: sshd runs `shell -c command`, and we need no other program. */
#define PATHS_SESSION PATHS_LIBEXEC "/mysocket-session"

/* System users and groups (scripts/sysusers.d). */
#define PATHS_USER "mysocket"		    /* mysocket-api, mysocket-node */
#define PATHS_TUNNEL_USER "mysocket-tunnel" /* sessions; group of the same name, for Match Group */
#define PATHS_KEYS_USER "mysocket-keys"	    /* AuthorizedKeysCommandUser */
#define PATHS_EDGE_USER "haproxy"	    /* HAProxy */

#endif
