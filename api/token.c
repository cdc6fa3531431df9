/* SPDX-License-Identifier: ISC */
/* Access tokens by libjwt. The checks are numbered in token.h. */
#include "api/token.h"

#include <errno.h>
#include <jwt.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"

static void token_free(jwt_t **jwt)
{
	if (*jwt)
		jwt_free(*jwt);
}

int api_token_make(const char *secret, const char *user_id, int64_t now, char **ret_token)
{
	auto_call(token_free) jwt_t *jwt = NULL;
	char *token;

	if (jwt_new(&jwt) != 0)
		return -ENOMEM;
	if (jwt_add_grant(jwt, "user_id", user_id) != 0 ||
	    jwt_add_grant_int(jwt, "iat", (long)now) != 0 ||
	    jwt_add_grant_int(jwt, "exp", (long)(now + TOKEN_LIFETIME_S)) != 0 ||
	    jwt_set_alg(jwt, JWT_ALG_HS256, (const unsigned char *)secret, (int)strlen(secret)) !=
		    0)
		return -ENOMEM;
	token = jwt_encode_str(jwt);
	if (!token)
		return -ENOMEM;
	*ret_token = token;
	return 0;
}

/* RFC 7515 7.1: three base64url parts. What cannot be a token never reaches the library. */
static int token_is_plausible(const char *token)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_.";
	size_t len = strnlen(token, TOKEN_SIZE_MAX + 1);
	size_t dots = 0;

	if (len == 0 || len > TOKEN_SIZE_MAX || strspn(token, allowed) != len)
		return 0;
	for (size_t i = 0; i < len; i++)
		dots += token[i] == '.';
	return dots == 2;
}

int api_token_check(const char *secret, const char *token, int64_t now,
		    char ret_user_id[ID_UUID_SIZE])
{
	auto_call(token_free) jwt_t *jwt = NULL;
	const char *user_id;
	long expires;

	if (!token_is_plausible(token))
		return -EACCES;
	if (jwt_decode(&jwt, token, (const unsigned char *)secret, (int)strlen(secret)) != 0) {
		jwt = NULL; /* the library has freed it */
		return -EACCES;
	}
	if (jwt_get_alg(jwt) != JWT_ALG_HS256) /* MUST 1 */
		return -EACCES;
	errno = 0;
	expires = jwt_get_grant_int(jwt, "exp");
	if (errno) /* MUST 2 */
		return -EACCES;
	user_id = jwt_get_grant(jwt, "user_id");
	if (!id_is_uuid(user_id)) /* MUST 3 */
		return -EACCES;
	if (expires <= now)
		return -ETIME;
	snprintf(ret_user_id, ID_UUID_SIZE, "%s", user_id);
	return 0;
}
