/* SPDX-License-Identifier: ISC */
/* Tunnels as part of what makes sockets. */
#ifndef API_TUNNEL_H
#define API_TUNNEL_H

struct http_request;
struct store_tunnel;

/* Makes a tunnel of the account's socket `tunnel->socket_id`, within the caller's transaction: a relay port of the
 * account and a row in the feed. 0; answered; or a negative errno. */
int api_tunnel_add(struct http_request *rq, struct store_tunnel *tunnel);

#endif
