/* SPDX-License-Identifier: ISC */
/* Reads the environment. */
#include "helper/proxyenv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/sshconf.h"
#include "lib/cleanup.h"

static const char *first_set(const char *const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return value;
	}
	return NULL;
}

static bool is_this_machine(const char *host)
{
	const char *address = sshconf_address(host);

	return !strcmp(address, "localhost") || !strcmp(address, "::1") ||
	       !strncmp(address, "127.", 4);
}

/* example.net names itself and a.example.net, not anexample.net. A dot in front, and one behind, mean nothing. */
static bool names_host(const char *item, size_t len, const char *host, size_t host_len)
{
	if (len == 1 && *item == '*')
		return true;
	if (len && *item == '.') {
		item++;
		len--;
	}
	if (len && item[len - 1] == '.')
		len--;
	if (!len || len > host_len || strncasecmp(host + host_len - len, item, len) != 0)
		return false;
	return len == host_len || host[host_len - len - 1] == '.';
}

bool proxyenv_excepts(const char *list, const char *host)
{
	static const char separators[] = ", \t";
	size_t len;

	for (; list && *list; list += len + strspn(list + len, separators)) {
		len = strcspn(list, separators);
		if (names_host(list, len, host, strlen(host)))
			return true;
	}
	return false;
}

bool proxyenv_leads_to(const char *host)
{
	static const char *const proxies[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
					       "ALL_PROXY" };
	static const char *const exceptions[] = { "no_proxy", "NO_PROXY" };

	return first_set(proxies, ARRAY_SIZE(proxies)) && !is_this_machine(host) &&
	       !proxyenv_excepts(first_set(exceptions, ARRAY_SIZE(exceptions)), host);
}
