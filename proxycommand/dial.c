/* SPDX-License-Identifier: ISC */
/* CONNECT_ONLY: libcurl does all but HTTP, and leaves the connection to us. */
#include "proxycommand/dial.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"
#include "lib/strbuf.h"

static void easy_free(CURL **easy)
{
	curl_easy_cleanup(*easy);
}

static void set_options(CURL *easy, const struct net *net, const struct target *target,
			const char *url, char *error_buffer)
{
	net_setup(easy, net, target->host, error_buffer);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	/* What is spoken there is not HTTP. */
	curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	/* ssh sets this for connections of its own only (TCPKeepAlive). */
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
}

/* Does a TLS connection to the proxy carry ours? Not if NO_PROXY kept the proxy out: no CONNECT then. */
static bool is_proxy_wrapped(CURL *easy, const char *proxy)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
	return status && !strncasecmp(proxy, "https://", 8);
}

int dial_open(const struct net *net, const struct target *target, struct dial *ret_dial,
	      char *ret_why, size_t size)
{
	char error_buffer[CURL_ERROR_SIZE], host[TARGET_HOST_SIZE + 2], url[TARGET_HOST_SIZE + 40];
	auto_call(easy_free) CURL *easy = curl_easy_init();
	curl_socket_t fd = CURL_SOCKET_BAD;
	CURLcode code;

	if (!easy) {
		snprintf(ret_why, size, "out of memory");
		return -ENOMEM;
	}
	target_url_host(target->host, host);
	snprintf(url, sizeof(url), "%s://%s:%" PRId64 "/", target->tls ? "https" : "http", host,
		 target->port);
	set_options(easy, net, target, url, error_buffer);
	code = curl_easy_perform(easy);
	if (code == CURLE_OK)
		code = curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
	if (code == CURLE_OK && fd == CURL_SOCKET_BAD)
		code = CURLE_COULDNT_CONNECT;
	if (code != CURLE_OK)
		return net_why(easy, net, target->host, code, error_buffer, ret_why, size);
	*ret_dial = (struct dial){
		.fd = (int)fd,
		.wrapped =
			target->tls || is_proxy_wrapped(easy, net_proxy(net->proxy, target->host)),
	};
	ret_dial->easy = take_ptr(easy);
	return 0;
}

void dial_close(struct dial *dial)
{
	curl_easy_cleanup(dial->easy);
	*dial = (struct dial){ .fd = -1 };
}
