/* SPDX-License-Identifier: ISC */
/* The server's configuration file (PATHS_CONF), read by mysocket-api and mysocket-node:
 *
 *	line = [ name "=" value ] [ "#" comment ]	white space around each is ignored
 *
 * A name that is not in the table, a value out of bounds and a name given twice are errors with the line's
 * number. All settings, their defaults and bounds are in one table in conf.c; mysocket.conf(5) lists them. */
#ifndef LIB_CONF_H
#define LIB_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf {
	char *domain; /* "domain": names are <name>.<domain>, the API is api.<domain> */
	char *service_name; /* "service_name": in the welcome ("Welcome to <service_name>!"); default: Mysocket */
	/* mysocket-api */
	char *api_listen; /* "api_listen": address:port, 127.0.0.1:7080 */
	char *database;	  /* "database": /var/lib/mysocket/mysocket.db */
	char *token_secret_file; /* "token_secret_file": /etc/mysocket/token.secret, 32 bytes or more, 0600 */
	char *confirm;		 /* "confirm": email | auto; default email */
	char *ssh_host; /* "ssh_host": what clients connect to; default ssh.<domain> */
	char *ssh_host_keys; /* "ssh_host_keys": glob of public key files, /etc/mysocket/ssh_host_*_key.pub */
	int64_t ssh_port;	/* "ssh_port": 22 */
	int64_t http_port;	/* "http_port": 80, public, as URLs show it */
	int64_t https_port;	/* "https_port": 443 */
	int64_t relay_port_min; /* "relay_port_min": 1024..65535, 5000; relay ports are per account */
	int64_t relay_port_max; /* "relay_port_max": 64999 */
	int64_t tcp_port_min;	/* "tcp_port_min": 20000, public ports of tcp sockets */
	int64_t tcp_port_max;	/* "tcp_port_max": 25999 */
	int64_t tls_port_min;	/* "tls_port_min": 26000 */
	int64_t tls_port_max;	/* "tls_port_max": 31999 */
	int64_t max_sockets;	/* "max_sockets": per account, 100 */
	int64_t max_tunnels;	/* "max_tunnels": per socket, 16 */
	int64_t max_keys;	/* "max_keys": per account, 16 */
	char *dns_server; /* "dns_server": address:port that is asked about users' own domains; empty: the system's */
	int64_t name_rest_days; /* "name_rest_days": nobody else gets a chosen name so soon after its socket's deletion, 30 */
	/* mysocket-node */
	char *node_name;    /* "node_name": default: the host's name */
	char *node_address; /* "node_address": shown as tunnel_server; default: ssh_host */
	char *api_url;	    /* "api_url": http://127.0.0.1:7080 */
	char *api_ca_file;  /* "api_ca_file": for an https api_url; empty: the system's */
	char *edge_socket;  /* "edge_socket": HAProxy's CLI, /run/mysocket/edge.sock */
	char *log_socket;   /* "log_socket": where HAProxy logs to, /run/mysocket/log.sock */
	char *state_dir;    /* "state_dir": sessions across a restart, /run/mysocket/sessions */
	char *node_metrics_listen; /* "node_metrics_listen": address:port, 127.0.0.1:7081; empty: none */
	int64_t hold_seconds;	   /* "hold_seconds": 0..300, 10 */
	int64_t max_sessions;	   /* "max_sessions": per account, 64 */
	/* both */
	char *node_secret_file; /* "node_secret_file": /etc/mysocket/node.secret, 0600 */
};

#define CONF_ERROR_SIZE 300

/* Reads and checks `path`, then fills in defaults (so every char * is non-NULL). 0; else a negative errno
 * with a sentence in ret_why ("/etc/mysocket/mysocket.conf:7: unknown setting 'domian'"). */
int conf_load(const char *path, struct conf *ret_conf, char ret_why[CONF_ERROR_SIZE]);
/* The same from text; `name` stands for the path in errors. */
int conf_parse(const char *name, const char *text, struct conf *ret_conf,
	       char ret_why[CONF_ERROR_SIZE]);
void conf_clear(struct conf *conf);

/* One row of the table, for documentation and its tests. `preset`: the default as text; NULL if it is required,
 * or worked out from other settings. `min`, `max`: both 0 if it is not a number. */
struct conf_setting {
	const char *name;
	const char *preset;
	int64_t min, max;
};

/* Setting `i`, in the order of the table; false past the last one. */
bool conf_setting(size_t i, struct conf_setting *ret_setting);

#endif
