/* SPDX-License-Identifier: ISC */
/* Choosing a port out of a range. */
#ifndef API_PORTS_H
#define API_PORTS_H

#include <stdint.h>

#define PORTS_COUNT 65536
/* How long a public port rests once its socket is deleted. */
#define PORTS_REST_MS INT64_C(86400000)

/* A random port of min..max that `map` (enum store_port per port) has as free; if there is none, one that
 * rests. 0 with *ret_port; -ENOSPC. */
int ports_pick(const unsigned char map[PORTS_COUNT], int64_t min, int64_t max, int64_t *ret_port);

/* From now on nobody gets one of these. */
void ports_reserve(unsigned char map[PORTS_COUNT], int64_t min, int64_t max);

#endif
