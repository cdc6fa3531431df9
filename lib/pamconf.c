/* SPDX-License-Identifier: ISC */
/* PAM's configuration, as far as it says who asks our module. */
#include "lib/pamconf.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/paths.h"
#include "lib/strbuf.h"

#define MODULE "pam_mysocket.so"
#define FILE_MAX (64 * 1024)
/* Deeper than anybody's, and an end to files that include each other. */
#define DEPTH_MAX 8

enum { ACCOUNT = 1, SESSION = 2, WANTED = ACCOUNT | SESSION };

const struct pamconf pamconf_system = {
	.folders = { "/etc/pam.d", "/usr/lib/pam.d" },
	.modules = PATHS_PAM_MODULES,
};

struct search {
	const struct pamconf *conf;
	struct strbuf *why;
	int found; /* ACCOUNT, SESSION */
};

static int read_file(struct search *s, const char *name, int types, int depth);

/* The next word at *text, which is moved behind it; "" at the end. A control in brackets is one word. */
static const char *next_word(char **text)
{
	char *word = *text + strspn(*text, " \t"), *end;

	end = *word == '[' ? strchr(word, ']') : word + strcspn(word, " \t");
	end = end ? end + (*end == ']') : word + strlen(word);
	*text = end + (*end != '\0');
	*end = '\0';
	return word;
}

/* Of an absolute path, which stays, or a name in a folder. */
static int add_path(struct strbuf *sb, const char *folder, const char *name)
{
	if (*name != '/')
		strbuf_addf(sb, "%s/", folder);
	strbuf_adds(sb, name);
	return strbuf_error(sb);
}

static int type_of(const char *word)
{
	word += *word == '-'; /* silent if the module is missing */
	return !strcasecmp(word, "account") ? ACCOUNT : !strcasecmp(word, "session") ? SESSION : 0;
}

static int module_exists(struct search *s, const char *module)
{
	auto_call(strbuf_clear) struct strbuf path = STRBUF_INIT(PATH_MAX);
	int r = add_path(&path, s->conf->modules, module);

	if (r < 0)
		return r;
	if (!access(path.buf, R_OK))
		return 0;
	r = -errno;
	strbuf_addf(s->why, "cannot read '%s' (%s), install mysocket again", path.buf,
		    strerror(-r));
	return r;
}

static bool is_ours(const char *module)
{
	const char *name = strrchr(module, '/');

	return !strcmp(name ? name + 1 : module, MODULE);
}

/* `types`: those that this file can say something about, being included for them. */
static int read_line(struct search *s, char *line, int types, int depth)
{
	const char *type = next_word(&line), *control = next_word(&line), *module;
	int r = 0;

	if (!strcmp(type, "@include"))
		return read_file(s, control, types, depth + 1);
	types &= type_of(type);
	if (!types)
		return 0;
	module = next_word(&line);
	if (!strcmp(control, "include") || !strcmp(control, "substack"))
		return read_file(s, module, types, depth + 1);
	if (is_ours(module)) {
		r = module_exists(s, module);
		s->found |= types;
	}
	return r;
}

/* Cuts a line off *text: comments dropped, what a backslash continues joined. NULL at the end. */
static char *next_line(char **text)
{
	char *line = *text, *s = line, *comment;

	if (!*line)
		return NULL;
	while (*(s += strcspn(s, "\n")) && s > line && s[-1] == '\\')
		s[-1] = *s = ' ';
	*text = s + (*s != '\0');
	*s = '\0';
	comment = strchr(line, '#');
	if (comment)
		*comment = '\0';
	return line;
}

/* The file of a service, or of an absolute path. */
static int load(struct search *s, const char *name, char **ret_text)
{
	auto_call(strbuf_clear) struct strbuf path = STRBUF_INIT(PATH_MAX);
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(s->conf->folders) && r == -ENOENT; i++) {
		strbuf_reset(&path);
		r = add_path(&path, s->conf->folders[i], name);
		if (!r)
			r = file_read(path.buf, FILE_MAX, ret_text, NULL);
	}
	if (r == -ENOENT) {
		strbuf_reset(&path);
		add_path(&path, s->conf->folders[0], name);
		strbuf_addf(s->why, "'%s' is missing, install mysocket again", path.buf);
	} else if (r < 0) {
		strbuf_addf(s->why, "cannot read '%s': %s", path.buf, strerror(-r));
	}
	return r;
}

static int read_file(struct search *s, const char *name, int types, int depth)
{
	auto_free char *text = NULL;
	char *line, *rest;
	int r;

	if (depth > DEPTH_MAX)
		return 0;
	r = load(s, name, &text);
	for (rest = text; !r && (line = next_line(&rest));)
		r = read_line(s, line, types, depth);
	return r;
}

int pamconf_check(const struct pamconf *conf, const char *service, struct strbuf *ret_why)
{
	struct search s = { .conf = conf, .why = ret_why };
	int r = read_file(&s, service, WANTED, 0);

	if (r < 0)
		return r;
	if (s.found == WANTED)
		return 0;
	strbuf_addf(ret_why,
		    "'%s/%s' names no " MODULE " for %s, put \"@include mysocket\" at its top",
		    conf->folders[0], service,
		    s.found == ACCOUNT	 ? "session"
		    : s.found == SESSION ? "account"
					 : "account and session");
	return -ENOENT;
}
