/* SPDX-License-Identifier: ISC */
/* `mysocket-api account ...`: what an operator does to accounts, on the database itself; a running daemon and
 * the nodes learn of it from the feed within a second. */
#ifndef API_ADMIN_H
#define API_ADMIN_H

#include <stdio.h>

/* argv[0] is "account". Returns the program's exit status. */
int api_admin(const char *conf_path, int argc, char **argv);
/* Prints a usage line per verb. */
void api_admin_usage(FILE *out);

#endif
