/* SPDX-License-Identifier: ISC */
/* Reading and writing a connection that libcurl made: its descriptor itself, or through its TLS. */
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxycommand/dial.h"

#define RECEIVED_SHUTDOWN 2 /* SSL_RECEIVED_SHUTDOWN of openssl/ssl.h */

/* What libcurl has no call for OpenSSL does, which libcurl has loaded, and whose session it lends us: calls the function
 * `name` with it. -1 also if the TLS is not OpenSSL's. */
static int openssl_call(struct dial *dial, const char *name)
{
	struct curl_tlssessioninfo *tls = NULL;
	union {
		void *found;
		int (*call)(void *ssl);
	} function;

	if (curl_easy_getinfo(dial->easy, CURLINFO_TLS_SSL_PTR, &tls) != CURLE_OK || !tls ||
	    tls->backend != CURLSSLBACKEND_OPENSSL || !tls->internals)
		return -1;
	function.found = dlsym(RTLD_DEFAULT, name);
	return function.found ? function.call(tls->internals) : -1;
}

/* An end without TLS's own (close_notify, RFC 8446 6.1) may be anybody's work. */
static bool is_cut_off(struct dial *dial)
{
	int seen = openssl_call(dial, "SSL_get_shutdown");

	return seen >= 0 && !(seen & RECEIVED_SHUTDOWN);
}

ssize_t dial_read(struct dial *dial, void *buf, size_t len)
{
	size_t got = 0;
	CURLcode code;
	ssize_t n;

	if (!dial->wrapped) {
		n = read(dial->fd, buf, len);
		return n < 0 ? -errno : n;
	}
	code = curl_easy_recv(dial->easy, buf, len, &got);
	if (code == CURLE_OK)
		return got || !is_cut_off(dial) ? (ssize_t)got : -EIO;
	return code == CURLE_AGAIN ? -EAGAIN : -EIO;
}

ssize_t dial_write(struct dial *dial, const void *buf, size_t len)
{
	size_t sent = 0;
	CURLcode code;
	ssize_t n;

	if (!dial->wrapped) {
		n = write(dial->fd, buf, len);
		return n < 0 ? -errno : n;
	}
	code = curl_easy_send(dial->easy, buf, len, &sent);
	if (code == CURLE_OK)
		return (ssize_t)sent;
	return code == CURLE_AGAIN ? -EAGAIN : -EIO;
}

void dial_end(struct dial *dial)
{
	if (!dial->wrapped || openssl_call(dial, "SSL_shutdown") < 0)
		shutdown(dial->fd, SHUT_WR);
}
