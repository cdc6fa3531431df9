/* SPDX-License-Identifier: ISC */
/* The user's own service, which a tunnel leads to. */
#ifndef HELPER_ORIGIN_H
#define HELPER_ORIGIN_H

#include <stdint.h>

/* Tries to connect, for at most timeout_ms. 0 if something listens; -ECONNREFUSED, -ETIMEDOUT, -ENOENT (no such host), or
 * another negative errno. */
int origin_probe(const char *host, int64_t port, int timeout_ms);

#endif
