/* SPDX-License-Identifier: ISC */
/* What a border lets in. Allow-lists where the field has a syntax, clean UTF-8 where it is free text. */
#include "api/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/escape.h"

#define EMAIL_LOCAL_MAX 64 /* RFC 5321 4.5.3.1.1 */
#define LABEL_MAX 63

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static int no(const char **ret_why, const char *why)
{
	*ret_why = why;
	return -EINVAL;
}

/* RFC 5321 4.1.2 Dot-string, without the quoted form that nobody has. */
static bool email_local_is_valid(const char *local, size_t len)
{
	static const char atext[] = LOWER DIGITS "!#$%&'*+-/=?^_`{|}~.";

	if (len == 0 || len > EMAIL_LOCAL_MAX || strspn(local, atext) < len)
		return false;
	if (local[0] == '.' || local[len - 1] == '.')
		return false;
	return !memmem(local, len, "..", 2);
}

static bool email_domain_is_valid(const char *domain)
{
	size_t labels = 0;

	for (;;) {
		size_t len = strspn(domain, LOWER DIGITS "-");

		if (len == 0 || len > LABEL_MAX || domain[0] == '-' || domain[len - 1] == '-')
			return false;
		labels++;
		if (domain[len] == '\0')
			return labels > 1;
		if (domain[len] != '.')
			return false;
		domain += len + 1;
	}
}

int api_check_email(const char *text, char ret_email[STORE_EMAIL_SIZE], const char **ret_why)
{
	char email[STORE_EMAIL_SIZE];
	const char *at;
	size_t len;

	text += strspn(text, " \t\r\n");
	len = strlen(text);
	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	if (len >= sizeof(email))
		return no(ret_why, "field 'email' is longer than 254 bytes");
	for (size_t i = 0; i < len; i++)
		email[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
	email[len] = '\0';

	at = strrchr(email, '@');
	if (!at || !email_local_is_valid(email, (size_t)(at - email)) ||
	    !email_domain_is_valid(at + 1))
		return no(ret_why,
			  "field 'email' must be an e-mail address such as john@example.com");
	memcpy(ret_email, email, len + 1);
	return 0;
}

int api_check_password(const char *password, const char **ret_why)
{
	size_t len = strlen(password);

	if (len < CHECK_PASSWORD_MIN)
		return no(ret_why, "field 'password' is too short: use 8 characters or more");
	if (len > CHECK_PASSWORD_MAX)
		return no(ret_why, "field 'password' is too long: use at most 1024 bytes");
	return 0;
}

int api_check_account_name(const char *name, const char **ret_why)
{
	size_t len = strlen(name);

	if (len == 0 || len > CHECK_ACCOUNT_NAME_MAX)
		return no(ret_why, "field 'name' must have 1 to 100 bytes");
	if (!escape_is_clean(name, len))
		return no(ret_why, "field 'name' must not contain control characters");
	return 0;
}

int api_check_socket_name(const char *name, const char **ret_why)
{
	size_t len = strlen(name), characters = 0;
	unsigned cp;

	if (!escape_is_clean(name, len))
		return no(ret_why, "field 'name' must not contain control characters");
	for (size_t i = 0; i < len; characters++)
		i += escape_utf8_next(name + i, len - i, &cp);
	if (characters == 0 || characters > CHECK_SOCKET_NAME_MAX)
		return no(ret_why, "field 'name' must have 1 to 100 characters");
	return 0;
}

int api_check_socket_type(const char *type, const char **ret_why)
{
	static const char *const types[] = { "http", "https", "tcp", "tls" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(type, types[i]) == 0)
			return 0;
	return no(ret_why, "field 'socket_type' must be one of http, https, tcp and tls");
}

int api_check_protected_username(const char *username, const char **ret_why)
{
	size_t len = strlen(username);

	if (len == 0)
		return no(ret_why,
			  "field 'protected_username' is missing: a protected socket needs one");
	if (len >= STORE_USERNAME_SIZE || strchr(username, ':') || !escape_is_clean(username, len))
		return no(ret_why,
			  "field 'protected_username' must have at most 128 bytes, without colons "
			  "and control characters");
	return 0;
}

int api_check_protected_password(const char *password, const char **ret_why)
{
	size_t len = strlen(password);

	if (len == 0 || len > 255 || !escape_is_clean(password, len))
		return no(ret_why,
			  "field 'protected_password' must have 1 to 255 bytes, without control "
			  "characters");
	return 0;
}

int api_check_domain(const char *text, char ret_domain[CHECK_DOMAIN_MAX + 1], const char **ret_why)
{
	static const char why[] =
		"field 'domain' must be a host name such as app.example.com (names in "
		"other scripts in their xn-- form)";
	char domain[CHECK_DOMAIN_MAX + 1];
	size_t len = strlen(text);
	const char *last;

	if (len && text[len - 1] == '.')
		len--;
	if (len == 0 || len > CHECK_DOMAIN_MAX)
		return no(ret_why, why);
	for (size_t i = 0; i < len; i++)
		domain[i] =
			(char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
	domain[len] = '\0';
	last = strrchr(domain, '.');
	/* Digits alone at the end are an address (RFC 3696 2). */
	if (!last || !email_domain_is_valid(domain) || !last[1 + strspn(last + 1, DIGITS)])
		return no(ret_why, why);
	memcpy(ret_domain, domain, len + 1);
	return 0;
}

int api_check_node(const char *host, const char **ret_why)
{
	size_t len = strlen(host);

	if (len == 0 || len >= STORE_SERVER_SIZE ||
	    strspn(host, LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS ".-_:") < len)
		return no(ret_why,
			  "fields 'node' and 'address' must be host names or IP addresses");
	return 0;
}
