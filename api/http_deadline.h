/* SPDX-License-Identifier: ISC */
/* How long a connection may take to hand over a request. libmicrohttpd's own timeout is one of idleness: a byte
 * now and then keeps a connection for ever, and there are only so many. */
#ifndef API_HTTP_DEADLINE_H
#define API_HTTP_DEADLINE_H

#include <microhttpd.h>

struct http_deadlines;

/* A connection has `first_s` seconds from its start until http_deadline_set(). 0 or a negative errno. */
int http_deadlines_start(int first_s, struct http_deadlines **ret_deadlines);
/* After the daemon's end, with all connections closed. NULL is legal. */
void http_deadlines_stop(struct http_deadlines *deadlines);

/* For MHD_OPTION_NOTIFY_CONNECTION; `cls` is the struct http_deadlines. It has the socket context. */
void http_deadlines_notify(void *cls, struct MHD_Connection *connection, void **socket_context,
			   enum MHD_ConnectionNotificationCode what);

/* From now on it is closed in `seconds`; 0: not at all. */
void http_deadline_set(struct http_deadlines *deadlines, struct MHD_Connection *connection,
		       int seconds);

#endif
