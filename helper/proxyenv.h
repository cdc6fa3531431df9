/* SPDX-License-Identifier: ISC */
/* Whether a proxy leads to a tunnel server: what https_proxy, ALL_PROXY and NO_PROXY say, as curl(1) understands them. libcurl does
 * the same for the API by itself; ssh knows nothing of it, and needs mysocket-proxycommand. */
#ifndef HELPER_PROXYENV_H
#define HELPER_PROXYENV_H

#include <stdbool.h>

/* True if the environment names a proxy for this host: not if NO_PROXY names the host, nor for this machine itself. */
bool proxyenv_leads_to(const char *host);

/* True if the list (hosts and domains, separated by commas or spaces; a domain's hosts are named by it; "*" is all) names the
 * host. NULL is an empty list. Networks such as 10.0.0.0/8 are left to mysocket-proxycommand, which then uses no proxy. */
bool proxyenv_excepts(const char *list, const char *host);

#endif
