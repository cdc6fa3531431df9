/* SPDX-License-Identifier: ISC */
/* JSON Web Tokens, unverified: header "." payload "." signature, each base64url (RFC 7515 2). */
#include "helper/token.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "lib/base64.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/strbuf.h"

struct claims {
	char *user_id;
	int64_t expires;
};

static const struct json_field claim_fields[] = {
	{ "user_id", JSON_STRING, offsetof(struct claims, user_id), .required = true },
	{ "exp", JSON_INT, offsetof(struct claims, expires) },
};

/* base64url without padding -> bytes. */
static int decode_part(const char *s, size_t len, unsigned char **ret_data, size_t *ret_len)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(TOKEN_MAX + 4);
	size_t i;
	int r;

	for (i = 0; i < len; i++)
		strbuf_addch(&sb, (char)(s[i] == '-' ? '+' : s[i] == '_' ? '/' : s[i]));
	while (sb.len % 4 && !strbuf_error(&sb))
		strbuf_addch(&sb, '=');
	r = strbuf_error(&sb);
	return r < 0 ? r : base64_decode(sb.buf, sb.len, ret_data, ret_len);
}

static int read_claims(const char *json, size_t len, struct claims *ret_claims)
{
	struct json_object *o = NULL;
	char why[JSON_ERROR_SIZE];
	int r = json_parse(json, len, TOKEN_MAX, &o);

	if (r == 0)
		r = json_read(o, claim_fields, ARRAY_SIZE(claim_fields), ret_claims, why);
	json_object_put(o);
	return r;
}

/* Only what can stand in a header line as it is. */
static int is_token_text(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_.";

	return strspn(text, letters) == strlen(text) && strlen(text) <= TOKEN_MAX;
}

int token_parse(const char *text, struct token *ret_token)
{
	const char *payload = strchr(text, '.'), *end = payload ? strchr(payload + 1, '.') : NULL;
	auto_free unsigned char *json = NULL;
	struct token token = { 0 };
	struct claims claims = { 0 };
	size_t len;
	int r;

	if (!end || !is_token_text(text))
		return -EINVAL;
	r = decode_part(payload + 1, (size_t)(end - payload - 1), &json, &len);
	if (r == 0)
		r = read_claims((const char *)json, len, &claims);
	if (r < 0)
		return r;
	token.expires = claims.expires;
	if (claims.user_id && id_is_uuid(claims.user_id)) {
		memcpy(token.user_id, claims.user_id, ID_UUID_SIZE);
		token.text = strdup(text);
		r = token.text ? 0 : -ENOMEM;
	} else {
		r = -EINVAL;
	}
	json_clear(claim_fields, ARRAY_SIZE(claim_fields), &claims);
	if (r == 0)
		*ret_token = token;
	return r;
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

int token_load(const char *path, struct token *ret_token)
{
	char *text = NULL;
	int r = file_read_secret(path, TOKEN_MAX, &text, NULL);

	if (r == 0)
		r = token_parse(text, ret_token);
	wipe(text);
	return r;
}

int token_save(const char *path, const char *text)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(TOKEN_MAX + 1);
	int r;

	strbuf_addf(&sb, "%s\n", text);
	r = strbuf_error(&sb);
	return r < 0 ? r : file_write(path, sb.buf, sb.len, 0600);
}

void token_clear(struct token *token)
{
	wipe(token->text);
	*token = (struct token){ 0 };
}
