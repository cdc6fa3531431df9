/* SPDX-License-Identifier: ISC */
/* UUID and ssh user: the two spellings of an id. NSS links this: no allocation, no locale. */
#include "lib/id.h"

#include <stddef.h>

#define UUID_LEN (ID_UUID_SIZE - 1)
#define USER_LEN (ID_USER_SIZE - 1)

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_dash_place(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

bool id_is_user(const char *s)
{
	size_t i;

	if (!s)
		return false;
	for (i = 0; i < USER_LEN; i++)
		if (!is_hex(s[i]))
			return false;
	return s[USER_LEN] == '\0';
}

bool id_is_uuid(const char *s)
{
	size_t i;

	if (!s)
		return false;
	for (i = 0; i < UUID_LEN; i++)
		if (is_dash_place(i) ? s[i] != '-' : !is_hex(s[i]))
			return false;
	return s[UUID_LEN] == '\0';
}

void id_user_from_uuid(const char *uuid, char ret_user[ID_USER_SIZE])
{
	size_t from, to = 0;

	for (from = 0; from < UUID_LEN; from++)
		if (!is_dash_place(from))
			ret_user[to++] = uuid[from];
	ret_user[to] = '\0';
}

void id_uuid_from_user(const char *user, char ret_uuid[ID_UUID_SIZE])
{
	size_t from = 0, to;

	for (to = 0; to < UUID_LEN; to++) {
		ret_uuid[to] = '-';
		if (!is_dash_place(to))
			ret_uuid[to] = user[from++];
	}
	ret_uuid[to] = '\0';
}
