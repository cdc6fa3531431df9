/* SPDX-License-Identifier: ISC */
/* The first label of a socket's public name: made by us, or chosen by its owner and then kept from others. */
#ifndef API_SOCKET_LABEL_H
#define API_SOCKET_LABEL_H

struct http_request;
struct store_socket;

/* Within the caller's transaction: `wanted` (NULL or "": one that we make) into socket->label. 0; or answered 400,
 * 403 (its account keeps too many) or 409 (taken); or a negative errno. */
int api_label_take(struct http_request *rq, const char *wanted, struct store_socket *socket);

#endif
