/* SPDX-License-Identifier: ISC */
/* Environment and configuration file of the client programs. Nothing secret lies in either. */
#include "lib/clientconf.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/home.h"
#include "lib/strbuf.h"

#define FILE_MAX_SIZE 16384

static char *trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return s;
}

static int read_line(struct clientconf *c, int number, char *line, char *why)
{
	char *equals, *name, *value, **field;

	line = trim(line);
	if (!*line || *line == '#')
		return 0;
	equals = strchr(line, '=');
	if (equals)
		*equals = '\0';
	name = trim(line);
	field = !strcmp(name, "api") ? &c->api : !strcmp(name, "ca_file") ? &c->ca_file : NULL;
	if (!equals || !field) {
		snprintf(
			why, CLIENTCONF_WHY_SIZE,
			"%.300s:%d: unknown setting '%.60s'; correct it, or remove the file and log in again",
			c->file, number, name);
		return -EINVAL;
	}
	value = trim(equals + 1);
	free(*field);
	*field = *value ? strdup(value) : NULL;
	return *value && !*field ? -ENOMEM : 0;
}

static int read_file(struct clientconf *c, char *why)
{
	auto_free char *text = NULL;
	char *line, *rest;
	int number = 0, r = file_read(c->file, FILE_MAX_SIZE, &text, NULL);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0) {
		snprintf(why, CLIENTCONF_WHY_SIZE, "cannot read '%.300s': %s", c->file,
			 strerror(-r));
		return r;
	}
	rest = text;
	while (r == 0 && (line = strsep(&rest, "\n")))
		r = read_line(c, ++number, line, why);
	return r;
}

const char *clientconf_environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static int find_file(struct clientconf *c, char *why)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(PATH_MAX);
	const char *xdg = clientconf_environment("XDG_CONFIG_HOME");
	int r;

	strbuf_adds(&sb, xdg && xdg[0] == '/' ? xdg : "~/.config");
	strbuf_adds(&sb, "/mysocket/config");
	r = strbuf_error(&sb);
	if (r == 0)
		r = home_expand(sb.buf, &c->file);
	if (r == -ENOENT)
		snprintf(why, CLIENTCONF_WHY_SIZE,
			 "cannot find your home folder; set HOME to its absolute path");
	return r;
}

/* The same address, however many slashes stand at the end. */
static bool is_same(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);

	while (a_len && a[a_len - 1] == '/')
		a_len--;
	while (b_len && b[b_len - 1] == '/')
		b_len--;
	return a_len == b_len && !memcmp(a, b, a_len);
}

static int set(char **field, const char *value)
{
	char *copy = value ? strdup(value) : NULL;

	if (value && !copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

/* The environment goes first; the file's ca_file counts only for the file's api. */
static int merge(struct clientconf *c)
{
	const char *api = clientconf_environment("MYSOCKET_API");
	const char *ca_file = clientconf_environment("MYSOCKET_CA_FILE");
	bool same = c->api && (!api || is_same(api, c->api));
	int r = api ? set(&c->api, api) : 0;

	if (r == 0 && (ca_file || !same))
		r = set(&c->ca_file, ca_file);
	c->ca_for_api = c->ca_file && !ca_file;
	return r;
}

int clientconf_load(struct clientconf *ret_conf, char ret_why[CLIENTCONF_WHY_SIZE])
{
	struct clientconf c = { 0 };
	int r;

	snprintf(ret_why, CLIENTCONF_WHY_SIZE, "out of memory");
	r = find_file(&c, ret_why);
	if (r == 0)
		r = read_file(&c, ret_why);
	if (r == 0)
		r = merge(&c);
	if (r < 0)
		clientconf_clear(&c);
	else
		*ret_conf = c;
	return r;
}

void clientconf_clear(struct clientconf *conf)
{
	free(conf->file);
	free(conf->api);
	free(conf->ca_file);
	*conf = (struct clientconf){ 0 };
}
