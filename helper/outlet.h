/* SPDX-License-Identifier: ISC */
/* Output that never blocks the loop: what the reader does not take yet waits here, up to a bound at which the loop stops
 * asking for more. */
#ifndef HELPER_OUTLET_H
#define HELPER_OUTLET_H

#include <stdbool.h>

#include "lib/strbuf.h"

struct outlet {
	int fd;		       /* not owned, and its flags are left alone: others share it */
	bool broken;	       /* nobody reads it any more; what is added is dropped */
	struct strbuf pending; /* callers append here */
	size_t sent;	       /* bytes of it that are out already */
};

void outlet_init(struct outlet *o, int fd);
void outlet_clear(struct outlet *o);

bool outlet_has_pending(const struct outlet *o);
/* True while more may be added: less than 32 KiB wait. */
bool outlet_has_room(const struct outlet *o);

/* Writes as much as the reader takes without blocking. */
void outlet_write(struct outlet *o);

/* Waits for the reader, for at most timeout_ms, until all is written. */
void outlet_flush(struct outlet *o, int timeout_ms);

#endif
