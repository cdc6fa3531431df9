/* SPDX-License-Identifier: ISC */
/* api/route.c, api/check.c and api/token.c: paths, form fields and tokens as strangers send them. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#include "api/check.h"
#include "api/route.h"
#include "api/token.h"
#include "lib/cleanup.h"
#include "lib/escape.h"

#define SECRET "0123456789abcdef0123456789abcdef"

static void check_path(const char *path)
{
	char params[HTTP_PARAMS_MAX][HTTP_PARAM_SIZE] = { "" };
	char allow[HTTP_ALLOW_SIZE];
	const struct route *route = NULL;
	const char *allowed;
	int r = api_route_find("GET", path, &route, params, allow);

	MUST(r == 0 || r == -ENOENT || r == -EOPNOTSUPP);
	MUST((r == -EOPNOTSUPP) == (allow[0] != '\0' && r != 0));
	if (r < 0)
		return;
	/* Whatever reaches a handler is hex and dashes, or may be the name of a host. */
	allowed = strstr(route->path, ":name")
			  ? "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
			  : "0123456789abcdef-";
	for (size_t i = 0; i < HTTP_PARAMS_MAX && strchr(route->path, ':'); i++)
		MUST(strspn(params[i], allowed) == strlen(params[i]));
	if (route->auth == ROUTE_NODE || route->auth == ROUTE_EDGE)
		MUST(!strncmp(path, "/node", 5) || !strncmp(path, "/edge", 5));
}

static void check_fields(const char *text)
{
	char email[STORE_EMAIL_SIZE], again[STORE_EMAIL_SIZE];
	const char *why = NULL;

	if (api_check_email(text, email, &why) == 0) {
		MUST(api_check_email(email, again, &why) == 0 && !strcmp(email, again));
		MUST(strchr(email, '@') && !strpbrk(email, " \t\r\n\"<>,;:\\"));
	} else {
		MUST(why && strstr(why, "'email'"));
	}
	if (api_check_socket_name(text, &why) == 0)
		MUST(strlen(text) < STORE_NAME_SIZE && escape_is_clean(text, strlen(text)));
	if (api_check_account_name(text, &why) == 0)
		MUST(strlen(text) < STORE_NAME_SIZE);
	if (api_check_node(text, &why) == 0)
		MUST(strlen(text) < STORE_SERVER_SIZE && !strpbrk(text, "\"\\{}\n"));
}

/* Nobody guesses a signature. */
static void check_token(const char *token)
{
	char user_id[ID_UUID_SIZE];
	int r = api_token_check(SECRET, token, 1, user_id);

	MUST(r == -EACCES || r == -ETIME);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	check_path(text);
	check_fields(text);
	check_token(text);
	return 0;
}
