/* SPDX-License-Identifier: ISC */
/* From sockets to hosts to text. What is remembered lies in comments of the text itself:
 *
 *	# port <tunnel_id> <port>
 *	# made ~/.ssh/config */
#include "helper/sshhosts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/resource.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

#define PORT_COMMENT "# port "
#define MADE_COMMENT "# made ~/.ssh/config"
#define KNOWN_HOSTS_MAX 65536
#define PORT_TEXT_MAX 5

void sshhosts_slug(const char *name, char ret_slug[SSHHOSTS_SLUG_SIZE])
{
	size_t n = 0;

	for (; *name && n < SSHHOSTS_SLUG_SIZE - 1; name++) {
		char c = *name;

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			ret_slug[n++] = c;
		else if (n && ret_slug[n - 1] != '-')
			ret_slug[n++] = '-';
	}
	while (n && ret_slug[n - 1] == '-')
		n--;
	ret_slug[n] = '\0';
	if (!n)
		snprintf(ret_slug, SSHHOSTS_SLUG_SIZE, "socket");
}

static bool is_taken(const struct ssh_hosts *hosts, const char *slug)
{
	size_t i;

	for (i = 0; i < hosts->count; i++)
		if (!strcmp(hosts->items[i].slug, slug))
			return true;
	return false;
}

static void find_slug(const struct ssh_hosts *hosts, const struct socket_info *s, char *buf,
		      size_t size)
{
	char slug[SSHHOSTS_SLUG_SIZE], id[ID_USER_SIZE];

	sshhosts_slug(s->name ? s->name : "", slug);
	snprintf(buf, size, "%s", slug);
	if (!is_taken(hosts, buf))
		return;
	id_user_from_uuid(s->socket_id, id);
	snprintf(buf, size, "%s-%.8s", slug, id);
	if (is_taken(hosts, buf))
		snprintf(buf, size, "%s-%s", slug, id);
}

static void add_hosts(struct ssh_hosts *hosts, const struct socket_info *s)
{
	struct ssh_host host = { .socket = s };
	size_t i = 0;

	find_slug(hosts, s, host.slug, sizeof(host.slug));
	do {
		host.tunnel = i < s->tunnel_count ? &s->tunnels[i] : NULL;
		if (i)
			snprintf(host.alias, sizeof(host.alias), "%zu.%s." SSHHOSTS_DOMAIN, i + 1,
				 host.slug);
		else
			snprintf(host.alias, sizeof(host.alias), "%s." SSHHOSTS_DOMAIN, host.slug);
		hosts->items[hosts->count++] = host;
	} while (++i < s->tunnel_count);
}

int sshhosts_make(const struct socket_info *sockets, size_t count, struct ssh_hosts *ret_hosts)
{
	struct ssh_hosts hosts = { 0 };
	size_t i, total = 1;

	for (i = 0; i < count; i++)
		total += sockets[i].tunnel_count + 1;
	hosts.items = calloc(total, sizeof(*hosts.items));
	if (!hosts.items)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		add_hosts(&hosts, &sockets[i]);
	*ret_hosts = hosts;
	return 0;
}

void sshhosts_clear(struct ssh_hosts *hosts)
{
	free(hosts->items);
	*hosts = (struct ssh_hosts){ 0 };
}

/* 0 if the text is no port. */
static int64_t read_port(const char *text, size_t len)
{
	int64_t port = 0;
	size_t i;

	if (!len || len > PORT_TEXT_MAX)
		return 0;
	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		port = port * 10 + text[i] - '0';
	}
	return port <= 65535 ? port : 0;
}

/* Of the alias without the domain. */
static size_t short_len(const struct ssh_host *host)
{
	return strlen(host->alias) - strlen("." SSHHOSTS_DOMAIN);
}

/* With the domain or without. */
static bool is_called(const struct ssh_host *host, const char *name)
{
	size_t len = short_len(host);

	return !strcmp(host->alias, name) ||
	       (strlen(name) == len && !strncmp(host->alias, name, len));
}

/* 0: no; 1: the socket's name, which several may have; 2: the host's own. */
static int match(const struct ssh_host *host, const char *name)
{
	bool first = host->tunnel == host->socket->tunnels;

	if (!host->tunnel)
		return 0;
	if (is_called(host, name))
		return 2;
	if (first && !strcmp(host->socket->socket_id, name))
		return 2;
	return first && host->socket->name && !strcmp(host->socket->name, name);
}

static int no_tunnel(const struct ssh_hosts *hosts, const char *name, char *why)
{
	size_t i;

	for (i = 0; i < hosts->count; i++) {
		const struct ssh_host *host = &hosts->items[i];
		const struct socket_info *s = host->socket;

		if (host->tunnel || (!is_called(host, name) && strcmp(s->socket_id, name) != 0 &&
				     (!s->name || strcmp(s->name, name) != 0)))
			continue;
		snprintf(why, SSHCONF_WHY_SIZE,
			 "the socket '%.60s' has no tunnel yet; make one with: mysocketctl tunnel "
			 "create --socket_id %s",
			 name, s->socket_id);
		return -ENOENT;
	}
	snprintf(why, SSHCONF_WHY_SIZE,
		 "there is no socket '%.60s' with a tunnel; see: mysocketctl socket ls", name);
	return -ENOENT;
}

int sshhosts_set_port(struct ssh_hosts *hosts, const char *text, char why[SSHCONF_WHY_SIZE])
{
	const char *equals = strrchr(text, '=');
	int64_t port = equals ? read_port(equals + 1, strlen(equals + 1)) : 0;
	auto_free char *name = NULL;
	struct ssh_host *best = NULL;
	int rank = 0;
	size_t i;

	if (!port || equals == text) {
		snprintf(why, SSHCONF_WHY_SIZE,
			 "option '--port' must be a name and a port from 1 to 65535, like "
			 "my-test-service=8000, not '%.60s'",
			 text);
		return -EINVAL;
	}
	name = strndup(text, (size_t)(equals - text));
	if (!name)
		return -ENOMEM;
	for (i = 0; i < hosts->count; i++)
		if (match(&hosts->items[i], name) > rank) {
			best = &hosts->items[i];
			rank = match(best, name);
		}
	if (!best)
		return no_tunnel(hosts, name, why);
	best->port = port;
	return 0;
}

static void recall_port(struct ssh_hosts *hosts, const char *line, size_t len)
{
	const size_t id_len = ID_UUID_SIZE - 1, prefix = strlen(PORT_COMMENT);
	int64_t port;
	size_t i;

	if (len < prefix + id_len + 2 || strncmp(line, PORT_COMMENT, prefix) != 0 ||
	    line[prefix + id_len] != ' ')
		return;
	line += prefix;
	len -= prefix;
	port = read_port(line + id_len + 1, len - id_len - 1);
	for (i = 0; port && i < hosts->count; i++) {
		const struct tunnel_info *t = hosts->items[i].tunnel;

		if (t && !strncmp(t->tunnel_id, line, id_len))
			hosts->items[i].port = port;
	}
}

bool sshhosts_recall_made(const char *config)
{
	return strstr(config, "\n" MADE_COMMENT "\n") != NULL;
}

void sshhosts_recall(struct ssh_hosts *hosts, const char *config)
{
	hosts->made_config |= sshhosts_recall_made(config);
	while (*config) {
		size_t len = strcspn(config, "\n");

		recall_port(hosts, config, len);
		config += len + (config[len] == '\n');
	}
}

static struct ssh_target target(const struct ssh_host *host, const char *known_hosts)
{
	const struct socket_info *s = host->socket;

	return (struct ssh_target){
		.alias = host->alias,
		.server = s->ssh_server,
		.port = s->ssh_port,
		.user = s->user_name,
		.host_keys = (const char *const *)s->ssh_host_keys.items,
		.host_key_count = s->ssh_host_keys.count,
		.known_hosts = known_hosts,
		.by_hand = true,
	};
}

static int add_host(const struct ssh_host *host, const char *known_hosts, struct strbuf *sb,
		    char *why)
{
	struct ssh_target t = target(host, known_hosts);
	int r;

	if (!host->tunnel) {
		strbuf_addf(sb,
			    "\n# %s has no tunnel yet:\n"
			    "#\tmysocketctl tunnel create --socket_id %s\n",
			    host->slug, host->socket->socket_id);
		return strbuf_error(sb);
	}
	if (!host->port) {
		strbuf_addf(sb,
			    "\n# %s needs the local port of your service:\n"
			    "#\tmysocketctl ssh-config --write --port %.*s=PORT\n",
			    host->alias, (int)short_len(host), host->alias);
		return strbuf_error(sb);
	}
	strbuf_addf(sb, "\n" PORT_COMMENT "%s %" PRId64 "\n", host->tunnel->tunnel_id, host->port);
	r = sshconf_add_stanza(&t, sb, why);
	if (r < 0)
		return r;
	return sshconf_add_forward_line(host->tunnel->local_port, "127.0.0.1", host->port, sb, why);
}

bool sshhosts_visit(const struct ssh_host *host, char alias[SSHHOSTS_ALIAS_SIZE],
		    struct ssh_visit *ret_visit)
{
	const struct socket_info *s = host->socket;
	const char *type = s->socket_type ? s->socket_type : "";
	int64_t port = s->ports ? read_port(s->ports, strlen(s->ports)) : 0;
	bool tls = !strcmp(type, "tls");

	if ((!tls && strcmp(type, "tcp") != 0) || !port)
		return false;
	if (host->tunnel && host->tunnel != s->tunnels)
		return false;
	snprintf(alias, SSHHOSTS_ALIAS_SIZE, "%s." SSHHOSTS_VISIT_DOMAIN, host->slug);
	*ret_visit = (struct ssh_visit){ alias, s->dnsname, port, tls };
	return true;
}

static int add_visit(const struct ssh_host *host, struct strbuf *sb, char *why)
{
	char alias[SSHHOSTS_ALIAS_SIZE];
	struct ssh_visit visit;

	if (!sshhosts_visit(host, alias, &visit))
		return 0;
	strbuf_addf(sb, "\n# visitors of %s\n", host->slug);
	return sshconf_add_visit(&visit, sb, why);
}

int sshhosts_add_config(const struct ssh_hosts *hosts, const char *known_hosts, struct strbuf *sb,
			char why[SSHCONF_WHY_SIZE])
{
	size_t i;
	int r = 0;

	strbuf_adds(sb, "# Written by 'mysocketctl ssh-config', which keeps what it needs to "
			"know in comments.\n"
			"# It is written anew each time: settings of your own belong in "
			"~/.ssh/config.\n");
	if (hosts->made_config)
		strbuf_adds(sb, MADE_COMMENT "\n");
	for (i = 0; r == 0 && i < hosts->count; i++)
		r = add_host(&hosts->items[i], known_hosts, sb, why);
	for (i = 0; r == 0 && i < hosts->count; i++)
		r = add_visit(&hosts->items[i], sb, why);
	return r < 0 ? r : strbuf_error(sb);
}

int sshhosts_add_known_hosts(const struct ssh_hosts *hosts, const char *known_hosts,
			     struct strbuf *sb, char why[SSHCONF_WHY_SIZE])
{
	size_t i;

	for (i = 0; i < hosts->count; i++) {
		auto_call(strbuf_clear) struct strbuf lines = STRBUF_INIT(KNOWN_HOSTS_MAX);
		struct ssh_target t = target(&hosts->items[i], known_hosts);
		int r = 0;

		if (hosts->items[i].tunnel)
			r = sshconf_add_known_hosts(&t, &lines, why);
		if (r < 0)
			return r;
		/* Most sockets have the same server. */
		if (!strstr(sb->buf, lines.buf))
			strbuf_adds(sb, lines.buf);
	}
	return strbuf_error(sb);
}
