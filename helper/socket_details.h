/* SPDX-License-Identifier: ISC */
/* One socket with all that is known of it, as `socket show` and `socket set` print it. */
#ifndef HELPER_SOCKET_DETAILS_H
#define HELPER_SOCKET_DETAILS_H

struct ctl;
struct json_object;

/* The API's document about a socket, as a box, or with --json as it is. 0 or a negative errno, said. */
int socket_details_print(struct ctl *ctl, struct json_object *answer);

#endif
