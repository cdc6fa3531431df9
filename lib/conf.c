/* SPDX-License-Identifier: ISC */
/* The server's configuration file: one table holds every setting with its kind, default and bounds. */
#include "lib/conf.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/file.h"

#define CONF_FILE_MAX 65536
#define CONF_VALUE_MAX 1024
#define HOST_LEN_MAX 253 /* RFC 1035 2.3.4, without the root's dot */
#define LABEL_LEN_MAX 63
#define PORT_MAX 65535
/* Of one account: a node takes no answer about a login with more (node/node_login.h). */
#define TUNNELS_MAX 4096
#define KEYS_MAX 256

/* What a value must look like. */
enum kind {
	KIND_TEXT,
	KIND_DOMAIN,
	KIND_HOST,
	KIND_LISTEN,
	KIND_PATH,
	KIND_URL,
	KIND_CONFIRM,
	KIND_NUMBER
};

static const struct setting {
	const char *name;
	enum kind kind;
	size_t offset;
	const char *preset; /* the default as text; NULL: required, or worked out by derive() */
	int64_t min, max;
	bool may_be_empty;
} settings[] = {
#define AT(member) #member, .offset = offsetof(struct conf, member)
	{ AT(domain), .kind = KIND_DOMAIN },
	{ AT(service_name), .kind = KIND_TEXT, .preset = "Mysocket" },
	{ AT(api_listen), .kind = KIND_LISTEN, .preset = "127.0.0.1:7080" },
	{ AT(database), .kind = KIND_PATH, .preset = "/var/lib/mysocket/mysocket.db" },
	{ AT(token_secret_file), .kind = KIND_PATH, .preset = "/etc/mysocket/token.secret" },
	{ AT(confirm), .kind = KIND_CONFIRM, .preset = "email" },
	{ AT(ssh_host), .kind = KIND_HOST },
	{ AT(ssh_host_keys), .kind = KIND_PATH, .preset = "/etc/mysocket/ssh_host_*_key.pub" },
	{ AT(ssh_port), .kind = KIND_NUMBER, .preset = "22", .min = 1, .max = PORT_MAX },
	{ AT(http_port), .kind = KIND_NUMBER, .preset = "80", .min = 1, .max = PORT_MAX },
	{ AT(https_port), .kind = KIND_NUMBER, .preset = "443", .min = 1, .max = PORT_MAX },
	{ AT(relay_port_min), .kind = KIND_NUMBER, .preset = "5000", .min = 1024, .max = PORT_MAX },
	{ AT(relay_port_max), .kind = KIND_NUMBER, .preset = "64999", .min = 1024,
	  .max = PORT_MAX },
	{ AT(tcp_port_min), .kind = KIND_NUMBER, .preset = "20000", .min = 1, .max = PORT_MAX },
	{ AT(tcp_port_max), .kind = KIND_NUMBER, .preset = "25999", .min = 1, .max = PORT_MAX },
	{ AT(tls_port_min), .kind = KIND_NUMBER, .preset = "26000", .min = 1, .max = PORT_MAX },
	{ AT(tls_port_max), .kind = KIND_NUMBER, .preset = "31999", .min = 1, .max = PORT_MAX },
	{ AT(max_sockets), .kind = KIND_NUMBER, .preset = "100", .min = 1, .max = TUNNELS_MAX },
	{ AT(max_tunnels), .kind = KIND_NUMBER, .preset = "16", .min = 1, .max = 1000 },
	{ AT(max_keys), .kind = KIND_NUMBER, .preset = "16", .min = 1, .max = KEYS_MAX },
	{ AT(dns_server), .kind = KIND_LISTEN, .preset = "", .may_be_empty = true },
	{ AT(name_rest_days), .kind = KIND_NUMBER, .preset = "30", .min = 0, .max = 3650 },
	{ AT(node_name), .kind = KIND_HOST },
	{ AT(node_address), .kind = KIND_HOST },
	{ AT(api_url), .kind = KIND_URL, .preset = "http://127.0.0.1:7080" },
	{ AT(api_ca_file), .kind = KIND_PATH, .preset = "", .may_be_empty = true },
	{ AT(edge_socket), .kind = KIND_PATH, .preset = "/run/mysocket/edge.sock" },
	{ AT(log_socket), .kind = KIND_PATH, .preset = "/run/mysocket/log.sock" },
	{ AT(state_dir), .kind = KIND_PATH, .preset = "/run/mysocket/sessions" },
	{ AT(node_metrics_listen), .kind = KIND_LISTEN, .preset = "127.0.0.1:7081",
	  .may_be_empty = true },
	{ AT(hold_seconds), .kind = KIND_NUMBER, .preset = "10", .min = 0, .max = 300 },
	{ AT(max_sessions), .kind = KIND_NUMBER, .preset = "64", .min = 1, .max = 100000 },
	{ AT(node_secret_file), .kind = KIND_PATH, .preset = "/etc/mysocket/node.secret" },
#undef AT
};

/* Pairs that must be in order: the lower end of a range first. */
static const struct range {
	const char *min_name, *max_name;
	size_t min, max;
	bool is_public;
} ranges[] = {
#define ENDS(low, high) #low, #high, offsetof(struct conf, low), offsetof(struct conf, high)
	{ ENDS(relay_port_min, relay_port_max) },
	{ ENDS(tcp_port_min, tcp_port_max), .is_public = true },
	{ ENDS(tls_port_min, tls_port_max), .is_public = true },
#undef ENDS
};

static __attribute__((format(printf, 2, 3))) int refuse(char *ret_why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ret_why, CONF_ERROR_SIZE, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* ---- what values look like ---- */
static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* A DNS name: labels of letters, digits and inner dashes (RFC 1123 2.1). */
static bool is_host_name(const char *s)
{
	size_t total = strlen(s);

	if (!total || total > HOST_LEN_MAX)
		return false;
	for (;;) {
		size_t len = strcspn(s, "."), i;

		if (!len || len > LABEL_LEN_MAX || s[0] == '-' || s[len - 1] == '-')
			return false;
		for (i = 0; i < len; i++)
			if (!is_alnum(s[i]) && s[i] != '-')
				return false;
		if (!s[len])
			return true;
		s += len + 1;
	}
}

static bool is_domain(const char *s)
{
	return is_host_name(s) && !strpbrk(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

static bool is_host(const char *s)
{
	return is_host_name(s) || (strchr(s, ':') && !s[strspn(s, "0123456789abcdefABCDEF:.")]);
}

static bool is_number(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	const char *digits = s + (*s == '-');
	long long v;
	char *end;

	if (*digits < '0' || *digits > '9')
		return false;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno || *end || v < min || v > max)
		return false;
	*ret = v;
	return true;
}

/* address:port; an IPv6 address stands in brackets. */
static bool is_listen(const char *s)
{
	const char *colon = strrchr(s, ':');
	char host[HOST_LEN_MAX + 3];
	size_t len = colon ? (size_t)(colon - s) : 0;
	int64_t port;

	if (!len || len >= sizeof(host) || !is_number(colon + 1, 1, PORT_MAX, &port))
		return false;
	memcpy(host, s, len);
	host[len] = '\0';
	if (host[0] != '[')
		return is_host_name(host);
	host[len - 1] = host[len - 1] == ']' ? '\0' : 'x';
	return len > 2 && strchr(host, ':') && is_host(host + 1);
}

static bool is_path(const char *s)
{
	return s[0] == '/';
}

static bool is_url(const char *s)
{
	size_t scheme = !strncmp(s, "http://", 7) ? 7 : !strncmp(s, "https://", 8) ? 8 : 0;

	return scheme && s[scheme] && s[scheme] != '/' && !strpbrk(s, " \t\"");
}

static bool is_confirm(const char *s)
{
	return !strcmp(s, "email") || !strcmp(s, "auto");
}

static bool is_text(const char *s)
{
	return s[0] != '\0';
}

static const struct {
	bool (*matches)(const char *s);
	const char *must;
} kinds[] = {
	[KIND_TEXT] = { is_text, "must not be empty" },
	[KIND_DOMAIN] = { is_domain, "must be a DNS name in lower case, such as example.com" },
	[KIND_HOST] = { is_host, "must be a host name or an address" },
	[KIND_LISTEN] = { is_listen, "must be address:port, such as 127.0.0.1:7080" },
	[KIND_PATH] = { is_path, "must be an absolute path" },
	[KIND_URL] = { is_url, "must be a URL that starts with http:// or https://" },
	[KIND_CONFIRM] = { is_confirm, "must be 'email' or 'auto'" },
};

/* ---- setting members ---- */
static void *member(const struct setting *s, struct conf *conf)
{
	return (char *)conf + s->offset;
}

/* `where`: the front of an error, with its colon. */
static int set(const struct setting *s, const char *value, struct conf *conf, const char *where,
	       char *ret_why)
{
	char **text = member(s, conf), *copy;

	if (s->kind == KIND_NUMBER) {
		if (is_number(value, s->min, s->max, member(s, conf)))
			return 0;
		return refuse(ret_why, "%s '%s' must be an integer from %" PRId64 " to %" PRId64,
			      where, s->name, s->min, s->max);
	}
	if (!(s->may_be_empty && !*value) && !kinds[s->kind].matches(value))
		return refuse(ret_why, "%s '%s' %s", where, s->name, kinds[s->kind].must);
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

static const struct setting *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strcmp(settings[i].name, name))
			return &settings[i];
	return NULL;
}

/* ---- reading lines ---- */
struct reader {
	const char *name; /* of the file, for errors */
	unsigned line;
	bool given[ARRAY_SIZE(settings)];
};

static char *trim(char *s)
{
	size_t len;

	s += strspn(s, " \t\r");
	len = strlen(s);
	while (len && strchr(" \t\r", s[len - 1]))
		len--;
	s[len] = '\0';
	return s;
}

static int read_line(struct reader *reader, char *line, struct conf *conf, char *ret_why)
{
	char where[CONF_ERROR_SIZE / 2], *equals, *name, *value;
	const struct setting *s;

	snprintf(where, sizeof(where), "%.100s:%u:", reader->name, reader->line);
	line[strcspn(line, "#")] = '\0';
	line = trim(line);
	if (!*line)
		return 0;
	equals = strchr(line, '=');
	if (!equals)
		return refuse(ret_why, "%s 'name = value' is expected", where);
	*equals = '\0';
	name = trim(line);
	value = trim(equals + 1);
	if (!escape_is_clean(name, strlen(name)) || !escape_is_clean(value, strlen(value)))
		return refuse(ret_why, "%s control characters or invalid UTF-8", where);
	s = find(name);
	if (!s)
		return refuse(ret_why, "%s unknown setting '%.60s', see mysocket.conf(5)", where,
			      name);
	if (reader->given[s - settings])
		return refuse(ret_why, "%s '%s' is set a second time", where, name);
	if (strlen(value) > CONF_VALUE_MAX)
		return refuse(ret_why, "%s '%s' is longer than %d bytes", where, name,
			      CONF_VALUE_MAX);
	reader->given[s - settings] = true;
	return set(s, value, conf, where, ret_why);
}

/* `text` is taken apart in place. */
static int read_lines(struct reader *reader, char *text, struct conf *conf, char *ret_why)
{
	char *line, *next;
	int r = 0;

	for (line = text; line && r == 0; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		reader->line++;
		r = read_line(reader, line, conf, ret_why);
	}
	return r;
}

/* ---- defaults and what belongs together ---- */
static int set_presets(const char *name, struct conf *conf, char *ret_why)
{
	size_t i;
	int r = 0;

	for (i = 0; i < ARRAY_SIZE(settings) && r == 0; i++)
		if (settings[i].preset)
			r = set(&settings[i], settings[i].preset, conf, name, ret_why);
	return r;
}

/* Defaults that depend on other settings or on the host. */
static int derive(struct conf *conf)
{
	char host[HOST_LEN_MAX + 1];

	if (!conf->ssh_host && asprintf(&conf->ssh_host, "ssh.%s", conf->domain) < 0)
		return conf->ssh_host = NULL, -ENOMEM;
	if (!conf->node_address)
		conf->node_address = strdup(conf->ssh_host);
	if (!conf->node_name) {
		if (gethostname(host, sizeof(host)) < 0)
			return -errno;
		host[sizeof(host) - 1] = '\0';
		conf->node_name = strdup(host);
	}
	return conf->node_address && conf->node_name ? 0 : -ENOMEM;
}

static int64_t number_at(const struct conf *conf, size_t offset)
{
	return *(const int64_t *)((const char *)conf + offset);
}

/* Of public ports: what is given out must not be what http and https have. */
static bool has_web_port(const struct conf *conf, size_t min, size_t max)
{
	int64_t low = number_at(conf, min), high = number_at(conf, max);

	return (low <= conf->http_port && conf->http_port <= high) ||
	       (low <= conf->https_port && conf->https_port <= high);
}

static int check(const char *name, const struct conf *conf, char *ret_why)
{
	size_t i;

	if (!conf->domain)
		return refuse(ret_why, "%.200s: 'domain' is missing, such as: domain = example.com",
			      name);
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		if (number_at(conf, ranges[i].min) > number_at(conf, ranges[i].max))
			return refuse(ret_why, "%.200s: '%s' must not be above '%s'", name,
				      ranges[i].min_name, ranges[i].max_name);
	if (conf->tcp_port_min <= conf->tls_port_max && conf->tls_port_min <= conf->tcp_port_max)
		return refuse(ret_why, "%.200s: the tcp and the tls ports must not overlap", name);
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		if (ranges[i].is_public && has_web_port(conf, ranges[i].min, ranges[i].max))
			return refuse(ret_why,
				      "%.200s: '%s' to '%s' must not contain 'http_port' or "
				      "'https_port'",
				      name, ranges[i].min_name, ranges[i].max_name);
	if (conf->http_port == conf->https_port)
		return refuse(ret_why, "%.200s: 'http_port' and 'https_port' must differ", name);
	if (conf->max_sockets * conf->max_tunnels > TUNNELS_MAX)
		return refuse(ret_why,
			      "%.200s: max_sockets times max_tunnels may be at most %d: nodes take "
			      "no more tunnels of one account",
			      name, TUNNELS_MAX);
	return 0;
}

int conf_parse(const char *name, const char *text, struct conf *ret_conf,
	       char ret_why[CONF_ERROR_SIZE])
{
	auto_call(conf_clear) struct conf conf = { 0 };
	struct reader reader = { .name = name };
	auto_free char *copy = strdup(text);
	int r = copy ? 0 : -ENOMEM;

	if (r == 0)
		r = set_presets(name, &conf, ret_why);
	if (r == 0)
		r = read_lines(&reader, copy, &conf, ret_why);
	if (r == 0)
		r = check(name, &conf, ret_why);
	if (r == 0)
		r = derive(&conf);
	if (r < 0 && r != -EINVAL)
		refuse(ret_why, "%.200s: %s", name, strerror(-r));
	if (r < 0)
		return r;
	*ret_conf = conf;
	conf = (struct conf){ 0 };
	return 0;
}

int conf_load(const char *path, struct conf *ret_conf, char ret_why[CONF_ERROR_SIZE])
{
	auto_free char *text = NULL;
	size_t len;
	int r = file_read(path, CONF_FILE_MAX, &text, &len);

	if (r < 0) {
		refuse(ret_why, "cannot read '%.200s': %s", path, strerror(-r));
		return r;
	}
	if (strlen(text) != len)
		return refuse(ret_why, "%.200s: has a NUL byte in it", path);
	return conf_parse(path, text, ret_conf, ret_why);
}

void conf_clear(struct conf *conf)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].kind != KIND_NUMBER)
			free(*(char **)member(&settings[i], conf));
	*conf = (struct conf){ 0 };
}

bool conf_setting(size_t i, struct conf_setting *ret_setting)
{
	if (i >= ARRAY_SIZE(settings))
		return false;
	*ret_setting = (struct conf_setting){ settings[i].name, settings[i].preset, settings[i].min,
					      settings[i].max };
	return true;
}
