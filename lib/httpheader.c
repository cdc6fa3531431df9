/* SPDX-License-Identifier: ISC */
/* What users may say about the headers of requests. Names by an allow-list of characters and a list of those that
 * would let an origin be deceived about where a request ends or who sent it. */
#include "lib/httpheader.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/cleanup.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define TCHAR LETTERS DIGITS "!#$%&'*+-.^_`|~" /* RFC 9110 5.6.2 */

#define WHY_CONNECTION "cannot be changed: it concerns one connection, not the request"
#define WHY_VISITOR "cannot be changed: the edge tells the origin about the visitor in it"

/* In lower case. */
static const struct {
	const char *name;
	bool is_prefix;
	const char *why;
} reserved[] = {
	{ "host", false, "cannot be changed here: set host_header instead" },
	{ "content-length", false, "cannot be changed: it says where the request ends" },
	{ "transfer-encoding", false, "cannot be changed: it says where the request ends" },
	{ "connection", false, WHY_CONNECTION },
	{ "expect", false, WHY_CONNECTION },
	{ "http2-settings", false, WHY_CONNECTION },
	{ "keep-alive", false, WHY_CONNECTION },
	{ "proxy-", true, WHY_CONNECTION },
	{ "te", false, WHY_CONNECTION },
	{ "trailer", false, WHY_CONNECTION },
	{ "upgrade", false, WHY_CONNECTION },
	{ "forwarded", false, WHY_VISITOR },
	{ "x-forwarded", true, WHY_VISITOR },
	{ "x-real-ip", false, WHY_VISITOR },
	{ "x-mysocket", true, WHY_VISITOR },
};

static int no(const char **ret_why, const char *why)
{
	*ret_why = why;
	return -EINVAL;
}

/* '_' is '-' to programs that get headers as environment variables (RFC 3875 4.1.18). */
static bool header_is(const char *name, const char *reserved_name, bool is_prefix)
{
	for (; *reserved_name; name++, reserved_name++) {
		char c = (char)(*name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name);

		if ((c == '_' ? '-' : c) != *reserved_name)
			return false;
	}
	return is_prefix || !*name;
}

int httpheader_check_name(const char *name, const char **ret_why)
{
	size_t len = strlen(name);

	if (len == 0 || len > HTTPHEADER_NAME_MAX || strspn(name, TCHAR) != len)
		return no(ret_why,
			  "is not a header's name: use 1 to 64 letters, digits and dashes");
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (header_is(name, reserved[i].name, reserved[i].is_prefix))
			return no(ret_why, reserved[i].why);
	return 0;
}

int httpheader_check_value(const char *value, const char **ret_why)
{
	size_t len = strlen(value);

	if (len == 0)
		return no(ret_why, "has no value: to take a header away, use "
				   "remove_request_headers");
	if (len > HTTPHEADER_VALUE_MAX)
		return no(ret_why, "has a value of more than 1024 bytes: make it shorter");
	for (size_t i = 0; i < len; i++)
		if (value[i] < ' ' || value[i] > '~')
			return no(ret_why, "has a control or other character in its value that "
					   "is not printable ASCII: leave it out or encode it");
	if (value[0] == ' ' || value[len - 1] == ' ')
		return no(ret_why, "has a space at an end of its value: leave it out");
	return 0;
}

/* ":port" or nothing. */
static bool is_port(const char *s)
{
	size_t len;
	unsigned port = 0;

	if (!*s)
		return true;
	if (*s++ != ':')
		return false;
	len = strspn(s, DIGITS);
	if (len == 0 || len > 5 || s[len] || s[0] == '0')
		return false;
	for (; *s; s++)
		port = port * 10 + (unsigned)(*s - '0');
	return port <= 65535;
}

static bool is_host(const char *s)
{
	size_t len;

	if (s[0] == '[') {
		len = strspn(s + 1, DIGITS "abcdefABCDEF:.");
		return len > 1 && s[1 + len] == ']' && is_port(s + len + 2);
	}
	len = strspn(s, LETTERS DIGITS "-._");
	return len > 0 && s[0] != '.' && s[0] != '-' && !strstr(s, "..") && is_port(s + len);
}

int httpheader_check_host(const char *host, const char **ret_why)
{
	if (strlen(host) > HTTPHEADER_HOST_MAX || !is_host(host))
		return no(ret_why, "must be a host name or an address, and perhaps a port, such as "
				   "app.local or 127.0.0.1:8080");
	return 0;
}
