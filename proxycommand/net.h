/* SPDX-License-Identifier: ISC */
/* How all our connections are made: through which proxy, trusting whom, within what time; and what is said when one
 * cannot be made. */
#ifndef PROXYCOMMAND_NET_H
#define PROXYCOMMAND_NET_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

struct net {
	const char *proxy;   /* --proxy; NULL: not given */
	const char *ca_file; /* NULL: the system's */
	long timeout_ms;     /* until connected */
};

/* The URL of the proxy for `host`; "" for none. In this order: `given`; none for this host itself (target_is_loopback);
 * $https_proxy, $HTTPS_PROXY, $all_proxy, $ALL_PROXY. NO_PROXY is left to libcurl, but for `given`. */
const char *net_proxy(const char *given, const char *host);

/* The options that all handles share. `host` is the URL's. */
void net_setup(CURL *easy, const struct net *net, const char *host,
	       char error_buffer[CURL_ERROR_SIZE]);

/* After a transfer that was set up by net_setup() failed with `code`: "<curl's words>; <the remedy>", and the negative
 * errno that fits best: -EPROTO for a peer that is not who it should be, -ETIMEDOUT, -EHOSTDOWN. */
int net_why(CURL *easy, const struct net *net, const char *host, CURLcode code,
	    const char *error_buffer, char *ret_why, size_t size);

/* A proxy's URL without the password in it, for messages. */
void net_proxy_name(const char *proxy, char *ret_name, size_t size);

#endif
