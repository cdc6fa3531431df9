/* SPDX-License-Identifier: ISC */
/* libcurl's options, and its errors in words that help. */
#include "proxycommand/net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/clientconf.h"
#include "proxycommand/target.h"

const char *net_proxy(const char *given, const char *host)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
					     "ALL_PROXY" };
	size_t i;

	if (given)
		return given;
	if (target_is_loopback(host))
		return "";
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = clientconf_environment(names[i]);

		if (value)
			return value;
	}
	return "";
}

void net_setup(CURL *easy, const struct net *net, const char *host,
	       char error_buffer[CURL_ERROR_SIZE])
{
	error_buffer[0] = '\0';
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_buffer);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "mysocket-proxycommand/" MYSOCKET_VERSION);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	/* An empty proxy is none, and the environment is not asked again. */
	curl_easy_setopt(easy, CURLOPT_PROXY, net_proxy(net->proxy, host));
	curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
	if (net->proxy)
		curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (net->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, net->ca_file);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, net->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, net->timeout_ms);
}

void net_proxy_name(const char *proxy, char *ret_name, size_t size)
{
	const char *scheme = strstr(proxy, "://");
	const char *rest = scheme ? scheme + 3 : proxy;
	const char *at = strrchr(rest, '@');

	snprintf(ret_name, size, "%.*s%.*s", scheme ? (int)(rest - proxy) : 0, proxy,
		 (int)strcspn(at ? at + 1 : rest, "/"), at ? at + 1 : rest);
}

/* X.509's verdicts, as OpenSSL numbers them (openssl/x509_vfy.h). The first two mean that it was the name. */
enum { VERIFY_OK = 0, VERIFY_NOT_DONE = 1, VERIFY_NOT_YET_VALID = 9, VERIFY_EXPIRED = 10 };

static const char *certificate_remedy(CURL *easy)
{
	long verdict = 0;

	curl_easy_getinfo(easy, CURLINFO_PROXY_SSL_VERIFYRESULT, &verdict);
	if (verdict)
		return "it is the proxy's: the system must trust the CA that issued it, for this name";
	curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
	if (verdict == VERIFY_EXPIRED)
		return "its operator must renew it; check this machine's clock, too";
	if (verdict == VERIFY_NOT_YET_VALID)
		return "check this machine's clock";
	if (verdict == VERIFY_OK || verdict == VERIFY_NOT_DONE)
		return "somebody else answers there: check name and port, and do not go on";
	return "if the service has a CA of its own, set MYSOCKET_CA_FILE to its certificate";
}

/* What a proxy's refusal calls for (RFC 9110 9.3.6). */
static const char *connect_remedy(long status)
{
	if (status == 407)
		return "put user and password into the proxy's URL: http://user:password@host:port";
	if (status == 403 || status == 405)
		return "ask its operator to allow CONNECT to this port, or use another proxy";
	return "check host and port, and that the proxy can reach them";
}

static const char *connection_remedy(CURL *easy, const char *proxy)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
	if (status >= 300)
		return connect_remedy(status);
	if (*proxy)
		return "check the proxy, and that it can reach the host; NO_PROXY names hosts to "
		       "reach without it";
	return "check host and port, and that the network lets you reach them";
}

#define PROXY_REMEDY "check https_proxy, ALL_PROXY or --proxy"
#define UNSUPPORTED "Unsupported proxy" /* libcurl's words; its code is that of no connection */

static const struct {
	CURLcode code;
	int error;
	const char *remedy; /* NULL: it depends */
} codes[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, -EHOSTDOWN,
	  "check the name's spelling, and your network; where only a proxy knows names, use socks5h" },
	{ CURLE_COULDNT_RESOLVE_PROXY, -EHOSTDOWN, PROXY_REMEDY },
	{ CURLE_UNSUPPORTED_PROTOCOL, -EHOSTDOWN, PROXY_REMEDY },
	{ CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT, NULL },
	{ CURLE_SSL_CACERT_BADFILE, -EPROTO,
	  "give a PEM file with the CA's certificate (--ca-file or MYSOCKET_CA_FILE)" },
	{ CURLE_SSL_CONNECT_ERROR, -EPROTO, "check that TLS is spoken there: is the port right?" },
};

/* libcurl quotes a proxy's URL that it cannot use, the password included. */
static bool has_password(const char *words, const char *proxy)
{
	const char *scheme = strstr(proxy, "://");
	const char *user = scheme ? scheme + 3 : proxy;
	const char *at = strrchr(user, '@');
	char text[300];

	if (!at)
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(at - user), user);
	return text[0] && strstr(words, text);
}

int net_why(CURL *easy, const struct net *net, const char *host, CURLcode code,
	    const char *error_buffer, char *ret_why, size_t size)
{
	const char *proxy = net_proxy(net->proxy, host), *remedy = NULL;
	const char *words = error_buffer[0] && !has_password(error_buffer, proxy)
				    ? error_buffer
				    : curl_easy_strerror(code);
	int r = -EHOSTDOWN;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].code == code) {
			r = codes[i].error;
			remedy = codes[i].remedy;
		}
	if (code == CURLE_PEER_FAILED_VERIFICATION) {
		r = -EPROTO;
		remedy = certificate_remedy(easy);
	} else if (!strncmp(error_buffer, UNSUPPORTED, strlen(UNSUPPORTED))) {
		remedy = PROXY_REMEDY;
	} else if (!remedy) {
		remedy = connection_remedy(easy, proxy);
	}
	snprintf(ret_why, size, "%.300s; %s", words, remedy);
	return r;
}
