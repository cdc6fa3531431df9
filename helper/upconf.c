/* SPDX-License-Identifier: ISC */
/* Lines and sections; what a setting may be is upconf_setting.c's. Knows the file alone: whether a key or a password can be
 * read is seen where it is used. */
#include "helper/upconf.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/upconf_setting.h"
#include "lib/cleanup.h"
#include "lib/clientconf.h"
#include "lib/escape.h"
#include "lib/file.h"
#include "lib/home.h"
#include "lib/strbuf.h"

#define VALUE_MAX 1024
#define NAME_CHARACTERS_MAX 100
#define FILE_NAME_MAX 60
/* Where a line is: "<file>:<number>". */
#define WHERE_SIZE 300

struct reader {
	const char *name; /* of the file, for errors */
	unsigned line;
	struct upconf conf;
	struct upconf_socket all;	  /* what stands before the first section */
	struct upconf_socket *now;	  /* what the next setting is for */
	bool given[UPCONF_SETTING_COUNT]; /* in the present section */
	char *why;
};

static void socket_clear(struct upconf_socket *s)
{
	free(s->name);
	upconf_setting_clear(s);
	*s = (struct upconf_socket){ 0 };
}

void upconf_clear(struct upconf *conf)
{
	size_t i;

	for (i = 0; i < conf->count; i++)
		socket_clear(&conf->sockets[i]);
	free(conf->sockets);
	*conf = (struct upconf){ 0 };
}

/* ---- errors ---- */
/* "<file>:<line>: ...". */
static __attribute__((format(printf, 3, 4))) int refuse_at(const struct reader *reader,
							   unsigned line, const char *fmt, ...)
{
	size_t len = (size_t)snprintf(reader->why, UPCONF_WHY_SIZE, "%.*s:%u: ", WHERE_SIZE,
				      reader->name, line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reader->why + len, UPCONF_WHY_SIZE - len, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

#define refuse(reader, ...) refuse_at(reader, (reader)->line, __VA_ARGS__)

static int unknown_key(const struct reader *reader, const char *key)
{
	const char *near = upconf_setting_near(key);

	if (near)
		return refuse(reader, "unknown setting '%.60s'; did you mean '%s'?", key, near);
	return refuse(reader, "unknown setting '%.60s'; see mysocketctl.conf(5)", key);
}

/* ---- sections ---- */
/* What must hold of a section once all of it is read. */
static int check_socket(const struct reader *reader, const struct upconf_socket *s)
{
	bool web = !strncmp(s->type, "http", 4);
	char why[UPCONF_SETTING_WHY_SIZE];
	int r;

	if (!s->port)
		return refuse_at(reader, s->line,
				 "'port' is missing in [%.60s]; add for example: port = 8000",
				 s->name);
	if (s->is_protected && !web)
		return refuse_at(reader, s->line,
				 "'protected' works with the types http and https, not '%s'",
				 s->type);
	if (s->is_protected && (!s->username || !s->password_file))
		return refuse_at(reader, s->line,
				 "'%s' is missing in [%.60s], which is protected; add it, or "
				 "remove 'protected'",
				 s->username ? "password_file" : "username", s->name);
	if (!s->is_protected && (s->username || s->password_file))
		return refuse_at(reader, s->line,
				 "'%s' in [%.60s] needs 'protected = yes'; add it, or anybody may "
				 "visit",
				 s->username ? "username" : "password_file", s->name);
	r = upconf_setting_check(s, why);
	return r == -EINVAL ? refuse_at(reader, s->line, "%s", why) : r;
}

/* What stands before the first section goes for those that do not say otherwise; lists are joined, those for all sockets
 * last: of ssh's options the first counts. Then what must hold of the whole section is checked. */
static int end_section(const struct reader *reader)
{
	char why[UPCONF_SETTING_WHY_SIZE] = "";
	size_t i;
	int r = 0;

	if (!reader->conf.count)
		return 0;
	for (i = 0; i < UPCONF_SETTING_COUNT && r == 0; i++) {
		struct upconf_setting s = upconf_setting_at(i);
		bool done = reader->given[i];

		if (!done || s.is_list)
			r = upconf_setting_inherit(i, &reader->all, reader->now, &done, why);
		if (r == 0 && !done && s.preset)
			r = upconf_setting_set(i, s.preset, reader->now, why);
	}
	if (r == -EINVAL)
		return refuse(reader, "%s", why);
	return r < 0 ? r : check_socket(reader, reader->now);
}

static size_t count_characters(const char *s)
{
	size_t count = 0;

	for (; *s; s++)
		count += ((unsigned char)*s & 0xc0) != 0x80;
	return count;
}

static int begin_section(struct reader *reader, const char *name)
{
	struct upconf *conf = &reader->conf;
	struct upconf_socket *grown;
	size_t i;
	int r = end_section(reader);

	if (r < 0)
		return r;
	if (!*name || count_characters(name) > NAME_CHARACTERS_MAX)
		return refuse(reader, "a socket's name has 1 to %d characters: [my web site]",
			      NAME_CHARACTERS_MAX);
	for (i = 0; i < conf->count; i++)
		if (!strcmp(conf->sockets[i].name, name))
			return refuse(reader,
				      "[%.60s] is there already, in line %u; give one of "
				      "them another name",
				      name, conf->sockets[i].line);
	if (conf->count == UPCONF_SOCKETS_MAX)
		return refuse(reader, "more than %d sockets; put the others in a file of their own",
			      UPCONF_SOCKETS_MAX);
	grown = realloc(conf->sockets, (conf->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	conf->sockets = grown;
	reader->now = &grown[conf->count++];
	*reader->now = (struct upconf_socket){ .line = reader->line };
	memset(reader->given, 0, sizeof(reader->given));
	reader->now->name = strdup(name);
	return reader->now->name ? 0 : -ENOMEM;
}

/* ---- lines ---- */
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

static void cut_comment(char *line)
{
	char *p;

	for (p = line; *p; p++)
		if (*p == '#' && (p == line || p[-1] == ' ' || p[-1] == '\t')) {
			*p = '\0';
			return;
		}
}

static int read_section(struct reader *reader, char *line)
{
	size_t len = strlen(line);

	if (line[len - 1] != ']')
		return refuse(reader,
			      "'[' without ']'; a socket begins with its name: [my web site]");
	line[len - 1] = '\0';
	return begin_section(reader, trim(line + 1));
}

static int read_setting(struct reader *reader, char *line)
{
	char *equals = strchr(line, '='), *key, *value;
	char why[UPCONF_SETTING_WHY_SIZE];
	size_t i;
	int r;

	if (!equals)
		return refuse(reader, "[name] or 'key = value' is expected, not '%.60s'", line);
	*equals = '\0';
	key = trim(line);
	value = trim(equals + 1);
	i = upconf_setting_find(key);
	if (i == UPCONF_SETTING_COUNT)
		return unknown_key(reader, key);
	if (!reader->conf.count && !upconf_setting_at(i).for_all)
		return refuse(reader,
			      "'%s' belongs to one socket; write the socket's name above "
			      "it: [my web site]",
			      key);
	if (reader->given[i] && !upconf_setting_at(i).is_list)
		return refuse(reader, "'%s' is set a second time", key);
	if (strlen(value) > VALUE_MAX)
		return refuse(reader, "'%s' is longer than %d bytes", key, VALUE_MAX);
	reader->given[i] = true;
	r = upconf_setting_set(i, value, reader->now, why);
	return r == -EINVAL ? refuse(reader, "%s", why) : r;
}

static int read_line(struct reader *reader, char *line)
{
	cut_comment(line);
	line = trim(line);
	if (!*line)
		return 0;
	for (char *p = line; *p; p++)
		if (*p == '\t')
			*p = ' ';
	if (!escape_is_clean(line, strlen(line)))
		return refuse(reader, "control characters or invalid UTF-8");
	return *line == '[' ? read_section(reader, line) : read_setting(reader, line);
}

/* `text` is taken apart in place. */
static int read_lines(struct reader *reader, char *text)
{
	char *line, *rest = text;
	int r = 0;

	/* What other editors put in front (U+FEFF). */
	if (!strncmp(rest, "\xef\xbb\xbf", 3))
		rest += 3;
	while (r == 0 && (line = strsep(&rest, "\n"))) {
		reader->line++;
		r = read_line(reader, line);
	}
	if (r == 0)
		r = end_section(reader);
	if (r == 0 && !reader->conf.count)
		r = refuse(reader, "no socket is in it; add one: [my web site], and below it: "
				   "port = 8000");
	return r;
}

int upconf_parse(const char *name, const char *text, struct upconf *ret_conf,
		 char ret_why[UPCONF_WHY_SIZE])
{
	struct reader reader = { .name = name, .why = ret_why };
	auto_free char *copy = strdup(text);
	int r = copy ? 0 : -ENOMEM;

	reader.now = &reader.all;
	if (r == 0)
		r = read_lines(&reader, copy);
	if (r < 0 && r != -EINVAL)
		(void)refuse(&reader, "%s", strerror(-r));
	socket_clear(&reader.all);
	if (r < 0)
		upconf_clear(&reader.conf);
	else
		*ret_conf = reader.conf;
	return r;
}

int upconf_load(const char *path, struct upconf *ret_conf, char ret_why[UPCONF_WHY_SIZE])
{
	bool input = !strcmp(path, "-");
	auto_free char *text = NULL;
	size_t len;
	int r = file_read(input ? "/dev/stdin" : path, UPCONF_FILE_MAX, &text, &len);

	if (r == -ENOENT)
		snprintf(ret_why, UPCONF_WHY_SIZE,
			 "there is no file '%.300s'; mysocketctl.conf(5) shows what is in it",
			 path);
	else if (r == -EFBIG)
		snprintf(ret_why, UPCONF_WHY_SIZE, "'%.300s' is larger than %d bytes", path,
			 UPCONF_FILE_MAX);
	else if (r < 0)
		snprintf(ret_why, UPCONF_WHY_SIZE, "cannot read '%.300s': %s", path, strerror(-r));
	if (r < 0)
		return r;
	if (strlen(text) != len) {
		snprintf(ret_why, UPCONF_WHY_SIZE, "'%.300s' has a NUL byte in it", path);
		return -EINVAL;
	}
	return upconf_parse(input ? "standard input" : path, text, ret_conf, ret_why);
}

/* ---- comparing, and finding the file ---- */
bool upconf_socket_equal(const struct upconf_socket *a, const struct upconf_socket *b)
{
	return !strcmp(a->name, b->name) && upconf_setting_equal(a, b, true);
}

bool upconf_socket_same_service(const struct upconf_socket *a, const struct upconf_socket *b)
{
	return !strcmp(a->name, b->name) && upconf_setting_equal(a, b, false);
}

static bool is_file_name(const char *name)
{
	static const char firsts[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t len = strlen(name);

	return len && len <= FILE_NAME_MAX && strchr(firsts, name[0]) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       len;
}

int upconf_path(const char *name, char **ret_path)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(PATH_MAX);
	const char *xdg = clientconf_environment("XDG_CONFIG_HOME");

	if (!is_file_name(name))
		return -EINVAL;
	strbuf_addf(&sb, "%s/mysocket/%s.conf", xdg && xdg[0] == '/' ? xdg : "~/.config", name);
	return strbuf_error(&sb) < 0 ? strbuf_error(&sb) : home_expand(sb.buf, ret_path);
}
