/* SPDX-License-Identifier: ISC */
/* Names and addresses. */
#include "proxycommand/target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static bool is_ipv6(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET6, host, &address) == 1;
}

static bool is_name(const char *host)
{
	size_t len = strlen(host);

	return len && host[0] != '-' && host[0] != '.' && host[len - 1] != '.' &&
	       !strstr(host, "..") && strspn(host, LOWER DIGITS "-._") == len;
}

int target_host(const char *text, char ret_host[TARGET_HOST_SIZE])
{
	char host[TARGET_HOST_SIZE];
	size_t i, len = strlen(text);
	bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';

	if (bracketed) {
		text++;
		len -= 2;
	} else if (len > 1 && text[len - 1] == '.') {
		len--;
	}
	if (len >= sizeof(host))
		return -EINVAL;
	for (i = 0; i < len; i++)
		host[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
	host[len] = '\0';
	if (!is_ipv6(host) && (bracketed || !is_name(host)))
		return -EINVAL;
	memcpy(ret_host, host, len + 1);
	return 0;
}

void target_url_host(const char *host, char ret_text[TARGET_HOST_SIZE + 2])
{
	snprintf(ret_text, TARGET_HOST_SIZE + 2, is_ipv6(host) ? "[%s]" : "%s", host);
}

const char *target_domain(const char *host)
{
	size_t first = strspn(host, LOWER), second, number;

	if (!first || host[first] != '-')
		return NULL;
	host += first + 1;
	second = strspn(host, LOWER);
	if (!second || host[second] != '-')
		return NULL;
	host += second + 1;
	number = strspn(host, DIGITS);
	if (number != 4 || host[number] != '.' || !host[number + 1])
		return NULL;
	return host + number + 1;
}

bool target_is_loopback(const char *host)
{
	static const char suffix[] = ".localhost";
	size_t len = strlen(host), tail = sizeof(suffix) - 1;
	struct in_addr address;

	return !strcmp(host, "localhost") || !strcmp(host, "::1") ||
	       (len > tail && !strcmp(host + len - tail, suffix)) ||
	       (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}
