/* SPDX-License-Identifier: ISC */
/* Host names of one's own, as the commands of `domain` ask for and print them. */
#ifndef HELPER_DOMAIN_H
#define HELPER_DOMAIN_H

#include <stddef.h>

struct ctl;
struct json_object;

/* Room for "/domain/<name>" and what may follow. */
#define DOMAIN_PATH_SIZE 300

/* The command's only argument, a host name, as the path of the API's document about it, with `behind` at its end. 0, or a
 * negative errno, said. */
int domain_path(struct ctl *ctl, const char *behind, char ret_path[DOMAIN_PATH_SIZE]);
/* The API's document about one: what it is, and what to do next; or with --json as it is. 0 or a negative errno, said. */
int domain_print(struct ctl *ctl, struct json_object *answer);
/* A list of them as a table. */
int domain_print_list(struct ctl *ctl, struct json_object *list);

#endif
