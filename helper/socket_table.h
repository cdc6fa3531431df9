/* SPDX-License-Identifier: ISC */
/* The tables of sockets and tunnels that several commands print. */
#ifndef HELPER_SOCKET_TABLE_H
#define HELPER_SOCKET_TABLE_H

#include <stddef.h>

struct ctl;
struct json_object;
struct socket_info;
struct tunnel_info;

/* Print one table. 0 or a negative errno, said. */
int socket_table_print(const struct ctl *ctl, const struct socket_info *sockets, size_t count);
int tunnel_table_print(const struct ctl *ctl, const struct tunnel_info *tunnels, size_t count);

/* Reads a list of sockets, or of the socket's tunnels, and prints it as a table; what to do if it is empty. 0 or a negative errno, said. */
int socket_table_print_list(const struct ctl *ctl, struct json_object *list);
int tunnel_table_print_list(const struct ctl *ctl, const char *socket_id, struct json_object *list);

#endif
