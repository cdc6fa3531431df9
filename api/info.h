/* SPDX-License-Identifier: ISC */
/* Where tunnels connect to, as part of other answers. */
#ifndef API_INFO_H
#define API_INFO_H

struct http_request;
struct json_object;

/* Adds ssh_server, ssh_port and ssh_host_keys to `o`. 0 or -ENOMEM. */
int api_info_add_ssh(struct http_request *rq, struct json_object *o);

#endif
