/* SPDX-License-Identifier: ISC */
/* The listening socket of an "address:port". */
#ifndef API_LISTEN_H
#define API_LISTEN_H

#include <stddef.h>

/* `where`: "127.0.0.1:7080" or "[::1]:7080". 0 with *ret_fd (close-on-exec, non-blocking, listening), or a
 * negative errno and a sentence. */
int api_listen(const char *where, int *ret_fd, char *ret_why, size_t why_size);

#endif
