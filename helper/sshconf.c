/* SPDX-License-Identifier: ISC */
/* Writes ssh's files from checked values. */
#include "helper/sshconf.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"
#include "lib/id.h"
#include "lib/sshkey.h"
#include "lib/strbuf.h"

#define HOST_MAX 253
#define SSH_PORT 22
/* In front of a key that signs host keys (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
#define AUTHORITY "@cert-authority "

/* ssh notices a dead peer after interval x (count + 1) at most: 40 s. */
#define ALIVE_INTERVAL 10
#define ALIVE_COUNT 3

static bool is_ipv6(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET6, host, &address) == 1;
}

bool sshconf_is_host(const char *host)
{
	size_t i, len = strlen(host);

	if (is_ipv6(host))
		return true;
	if (!len || len > HOST_MAX || host[0] == '-' || host[0] == '.')
		return false;
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)host[i];

		if (c > 0x7f || !(isalnum(c) || c == '.' || c == '-' || c == '_'))
			return false;
	}
	return true;
}

bool sshconf_is_path(const char *path)
{
	const char *p;

	if (path[0] != '/')
		return false;
	for (p = path; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f || strchr("\"\\%", *p) ||
		    (*p == '$' && p[1] == '{'))
			return false;
	return true;
}

static bool is_port(int64_t port)
{
	return port >= 1 && port <= 65535;
}

static int refuse(char *why, const char *what)
{
	snprintf(why, SSHCONF_WHY_SIZE, "%s", what);
	return -EINVAL;
}

static int check(const struct ssh_target *t, char *why)
{
	if (t->alias && !sshconf_is_host(t->alias))
		return refuse(why, "a socket's name cannot stand in an ssh_config");
	if (!t->server || !sshconf_is_host(t->server))
		return refuse(why, "the API named no usable tunnel server");
	if (!is_port(t->port))
		return refuse(why, "the API named no usable port of the tunnel server");
	if (!id_is_user(t->user))
		return refuse(why, "the API named no usable ssh user");
	if (!t->host_key_count)
		return refuse(why, "the API named no host key of the tunnel server");
	if (!sshconf_is_path(t->known_hosts))
		return refuse(why, "the run folder's path cannot stand in an ssh_config");
	if (t->identity && !sshconf_is_path(t->identity)) {
		snprintf(why, SSHCONF_WHY_SIZE,
			 "the path of the identity '%.200s' cannot stand in an ssh_config; it must "
			 "have no quote, backslash, '%%' or '${' in it",
			 t->identity);
		return -EINVAL;
	}
	return 0;
}

const char *sshconf_address(const char *server)
{
	static const char suffix[] = ".localhost";
	size_t len = strlen(server), tail = sizeof(suffix) - 1;

	return len > tail && !strcasecmp(server + len - tail, suffix) ? "127.0.0.1" : server;
}

/* The same for every tunnel: what makes it strict, quick to notice trouble, and independent of other settings. */
static const char *const fixed[] = {
	"StrictHostKeyChecking yes",
	"GlobalKnownHostsFile /dev/null",
	"UpdateHostKeys no",
	"VerifyHostKeyDNS no",
	"CheckHostIP no",
	"PreferredAuthentications publickey",
	"PasswordAuthentication no",
	"KbdInteractiveAuthentication no",
	"ExitOnForwardFailure yes",
	"TCPKeepAlive yes",
	"ConnectTimeout 10",
	"ConnectionAttempts 1",
	"ControlMaster no",
	"ControlPath none",
	"ForwardAgent no",
	"ForwardX11 no",
	"PermitLocalCommand no",
	"EscapeChar none",
	"LogLevel INFO",
};

int sshconf_add_stanza(const struct ssh_target *t, struct strbuf *sb, char why[SSHCONF_WHY_SIZE])
{
	int r = check(t, why);
	size_t i;

	if (r < 0)
		return r;
	strbuf_addf(sb, "Host %s\n", t->alias ? t->alias : t->server);
	strbuf_addf(sb, "\tHostName %s\n", sshconf_address(t->server));
	strbuf_addf(sb, "\tPort %" PRId64 "\n", t->port);
	strbuf_addf(sb, "\tUser %s\n", t->user);
	strbuf_addf(sb, "\tHostKeyAlias %s\n", t->server);
	strbuf_addf(sb, "\tUserKnownHostsFile \"%s\"\n", t->known_hosts);
	for (i = 0; !t->identity && i < t->identity_count; i++)
		if (sshconf_is_path(t->identities[i]))
			strbuf_addf(sb, "\tIdentityFile \"%s\"\n", t->identities[i]);
	if (t->identity)
		strbuf_addf(sb, "\tIdentityFile \"%s\"\n\tIdentitiesOnly yes\n", t->identity);
	for (i = 0; i < ARRAY_SIZE(fixed); i++)
		strbuf_addf(sb, "\t%s\n", fixed[i]);
	strbuf_addf(sb, "\tServerAliveInterval %d\n\tServerAliveCountMax %d\n", ALIVE_INTERVAL,
		    ALIVE_COUNT);
	strbuf_addf(sb, "\tRequestTTY %s\n", t->by_hand ? "auto" : t->pty ? "force" : "no");
	strbuf_addf(sb, "\tBatchMode %s\n", t->batch ? "yes" : "no");
	return strbuf_error(sb);
}

int sshconf_add_visit(const struct ssh_visit *v, struct strbuf *sb, char why[SSHCONF_WHY_SIZE])
{
	if (!sshconf_is_host(v->alias) || !v->host || !sshconf_is_host(v->host))
		return refuse(why, "a socket's name cannot stand in an ssh_config");
	if (!is_port(v->port))
		return refuse(why, "the API named no usable port of a socket");
	strbuf_addf(sb, "Host %s\n\tHostName %s\n\tPort %" PRId64 "\n", v->alias, v->host, v->port);
	strbuf_addf(sb, "\tProxyCommand mysocket-proxycommand %s %%h %%p\n",
		    v->tls ? "--type tls" : "--fdpass --type tcp");
	strbuf_addf(sb, "\tProxyUseFdpass %s\n", v->tls ? "no" : "yes");
	return strbuf_error(sb);
}

static int add_key(const struct ssh_target *t, const char *text, struct strbuf *sb, char *why)
{
	const bool is_authority = !strncmp(text, AUTHORITY, strlen(AUTHORITY));
	const char *trouble = "out of memory";
	struct sshkey key;
	int r;

	text += is_authority ? strlen(AUTHORITY) : 0;
	r = sshkey_parse(text, strlen(text), &key, &trouble);

	if (r < 0) {
		snprintf(why, SSHCONF_WHY_SIZE, "the API named an unusable host key: %s", trouble);
		return r;
	}
	/* ssh looks for the alias; people and other tools for the name with its port. */
	strbuf_addf(sb, "%s%s", is_authority ? AUTHORITY : "", t->server);
	if (t->port != SSH_PORT)
		strbuf_addf(sb, ",[%s]:%" PRId64, t->server, t->port);
	strbuf_addch(sb, ' ');
	sshkey_print(&key, sb);
	strbuf_addch(sb, '\n');
	sshkey_clear(&key);
	return 0;
}

int sshconf_add_known_hosts(const struct ssh_target *t, struct strbuf *sb,
			    char why[SSHCONF_WHY_SIZE])
{
	int r = check(t, why);
	size_t i;

	for (i = 0; r == 0 && i < t->host_key_count; i++)
		r = add_key(t, t->host_keys[i], sb, why);
	return r < 0 ? r : strbuf_error(sb);
}

static int check_forward(int64_t relay, const char *host, int64_t port, char *why)
{
	if (!is_port(relay))
		return refuse(why, "the API named no usable relay port");
	if (!is_port(port))
		return refuse(why, "the local port must be from 1 to 65535");
	if (!sshconf_is_host(host)) {
		snprintf(why, SSHCONF_WHY_SIZE, "'%.100s' is not a host name or an address", host);
		return -EINVAL;
	}
	return 0;
}

int sshconf_add_forward(int64_t relay, const char *host, int64_t port, struct strbuf *sb,
			char why[SSHCONF_WHY_SIZE])
{
	int r = check_forward(relay, host, port, why);

	if (r < 0)
		return r;
	strbuf_addf(sb, is_ipv6(host) ? "%" PRId64 ":[%s]:%" PRId64 : "%" PRId64 ":%s:%" PRId64,
		    relay, host, port);
	return strbuf_error(sb);
}

int sshconf_add_forward_line(int64_t relay, const char *host, int64_t port, struct strbuf *sb,
			     char why[SSHCONF_WHY_SIZE])
{
	int r = check_forward(relay, host, port, why);

	if (r < 0)
		return r;
	strbuf_addf(sb, "\tRemoteForward %" PRId64, relay);
	strbuf_addf(sb, is_ipv6(host) ? " [%s]:%" PRId64 "\n" : " %s:%" PRId64 "\n", host, port);
	return strbuf_error(sb);
}
