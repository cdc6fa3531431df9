/* SPDX-License-Identifier: ISC */
/* What mysocket-proxycommand takes from a name, from an address of an API and from its answer. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"
#include "proxycommand/lookup.h"

static void try_host(const char *text)
{
	char host[TARGET_HOST_SIZE], again[TARGET_HOST_SIZE];

	if (target_host(text, host) < 0)
		return;
	MUST(strlen(host) < TARGET_HOST_SIZE);
	MUST(!strpbrk(host, " /@[]?#%\\\r\n"));
	MUST(target_host(host, again) == 0);
	MUST(!strcmp(host, again));
	if (target_domain(host))
		MUST(strchr(host, '.') && *target_domain(host));
}

static void try_api(const char *text)
{
	char host[TARGET_HOST_SIZE], why[500];
	auto_free char *url = NULL;
	bool is_configured;

	if (lookup_api(text, NULL, "example.net", &url, host, &is_configured, why, sizeof(why)) < 0)
		return;
	MUST(!strncasecmp(url, "https://", 8) || target_is_loopback(host));
}

static void try_answer(const char *text, size_t len)
{
	struct target t = { .host = "long-hill-8399.example.net", .port = 22 };
	char why[500];
	int r = lookup_read("https://api.example.net", 200, text, len, &t, why, sizeof(why));

	MUST(r == 0 || r == -EBADMSG);
	MUST(t.port >= 1 && t.port <= 65535);
	(void)lookup_read("https://api.example.net", 404, text, len, &t, why, sizeof(why));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	try_host(text);
	try_api(text);
	try_answer(text, size);
	return 0;
}
