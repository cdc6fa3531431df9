/* SPDX-License-Identifier: ISC */
/* Choosing a port out of a range: at random, so that nobody's next port can be told from the last one. */
#include "api/ports.h"

#include <errno.h>
#include <sodium.h>

#include "api/store.h"

static int ports_pick_state(const unsigned char map[PORTS_COUNT], int64_t min, int64_t max,
			    unsigned char state, int64_t *ret_port)
{
	uint32_t count = 0, nth;

	for (int64_t port = min; port <= max; port++)
		count += map[port] == state;
	if (!count)
		return -ENOSPC;
	nth = randombytes_uniform(count);
	for (int64_t port = min; port <= max; port++) {
		if (map[port] == state && nth-- == 0) {
			*ret_port = port;
			return 0;
		}
	}
	return -ENOSPC;
}

int ports_pick(const unsigned char map[PORTS_COUNT], int64_t min, int64_t max, int64_t *ret_port)
{
	int r = ports_pick_state(map, min, max, STORE_PORT_FREE, ret_port);

	if (r == -ENOSPC)
		r = ports_pick_state(map, min, max, STORE_PORT_RESTING, ret_port);
	return r;
}

void ports_reserve(unsigned char map[PORTS_COUNT], int64_t min, int64_t max)
{
	for (int64_t port = min; port <= max; port++)
		map[port] = STORE_PORT_USED;
}
