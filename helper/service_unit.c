/* SPDX-License-Identifier: ISC */
/* scripts/systemd/user/mysocket@.service is the same text, for packages; a test holds the two together. */
#include "helper/service_unit.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/ctl.h"
#include "helper/upconf.h"
#include "lib/cleanup.h"
#include "lib/clientconf.h"
#include "lib/escape.h"
#include "lib/file.h"
#include "lib/home.h"
#include "lib/spawn.h"
#include "lib/strbuf.h"

#define UNIT_MAX 65536
#define WORDS_MAX 8

static const char head[] = "# SPDX-License-Identifier: ISC\n"
			   "# The tunnels of one file. `mysocketctl service install` writes this; "
			   "so does a package, for every user.\n"
			   "[Unit]\n"
			   "Description=mysocket tunnels (%i)\n"
			   "Documentation=man:mysocketctl(1) man:mysocketctl.conf(5)\n"
			   "StartLimitIntervalSec=0\n"
			   "\n"
			   "[Service]\n"
			   "# Ready when traffic can flow: that may have to wait for a network, as "
			   "long as it takes.\n"
			   "Type=notify\n"
			   "TimeoutStartSec=infinity\n"
			   "TimeoutStopSec=20\n"
			   "WatchdogSec=60\n";
static const char tail[] = "ExecReload=/bin/kill -HUP $MAINPID\n"
			   "# It tries again by itself what may pass. What does not, such as an "
			   "expired login, somebody mends, after which it goes on\n"
			   "# without being told: so there is no limit of starts, but half a "
			   "minute between them, for the sake of the service.\n"
			   "Restart=on-failure\n"
			   "RestartSec=30\n"
			   "NoNewPrivileges=yes\n"
			   "\n"
			   "[Install]\n"
			   "WantedBy=default.target\n";

/* ---- text ---- */
int service_unit_quote(const char *word, struct strbuf *sb)
{
	if (!escape_is_clean(word, strlen(word)))
		return -EINVAL;
	strbuf_addch(sb, '"');
	for (; *word; word++) {
		if (*word == '"' || *word == '\\')
			strbuf_addch(sb, '\\');
		strbuf_addch(sb, *word);
		if (*word == '%' || *word == '$')
			strbuf_addch(sb, *word);
	}
	strbuf_addch(sb, '"');
	return strbuf_error(sb);
}

/* Environment= does not know "$$". */
static void add_environment(const char *setting, struct strbuf *sb)
{
	strbuf_adds(sb, "Environment=\"");
	for (; *setting; setting++) {
		if (*setting == '"' || *setting == '\\')
			strbuf_addch(sb, '\\');
		strbuf_addch(sb, *setting);
		if (*setting == '%')
			strbuf_addch(sb, *setting);
	}
	strbuf_adds(sb, "\"\n");
}

void service_unit_text(const char *program, const char *config, const char *const *environment,
		       struct strbuf *sb)
{
	size_t i;

	strbuf_adds(sb, head);
	for (i = 0; environment && environment[i]; i++)
		add_environment(environment[i], sb);
	strbuf_addf(sb, "ExecStart=%s up %s\n", program, config);
	strbuf_adds(sb, tail);
}

/* ---- places ---- */
static int folder(char **ret_path)
{
	const char *xdg = clientconf_environment("XDG_CONFIG_HOME");
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(PATH_MAX - 200);

	strbuf_addf(&sb, "%s/systemd/user", xdg && xdg[0] == '/' ? xdg : "~/.config");
	return strbuf_error(&sb) < 0 ? -ENAMETOOLONG : home_expand(sb.buf, ret_path);
}

int service_unit_find(const char *name, struct service_unit *ret_unit)
{
	struct service_unit unit = { NULL };
	auto_free char *base = NULL;
	int r = upconf_path(name, &unit.config);

	if (r == 0)
		r = folder(&base);
	if (r == 0 && (asprintf(&unit.name, "mysocket@%s.service", name) < 0 ||
		       asprintf(&unit.file, "%s/%s", base, unit.name) < 0 ||
		       asprintf(&unit.link, "%s/default.target.wants/%s", base, unit.name) < 0))
		r = -ENOMEM;
	if (r < 0)
		service_unit_clear(&unit);
	else
		*ret_unit = unit;
	return r;
}

int service_unit_of_args(struct ctl *ctl, struct service_unit *ret_unit)
{
	const char *name = ctl->args.count ? ctl->args.items[0] : UPCONF_DEFAULT;
	int r;

	if (ctl->args.count > 1)
		return ctl_usage(ctl, "one NAME is expected");
	r = service_unit_find(name, ret_unit);
	if (r == -EINVAL)
		return ctl_usage(ctl,
				 "'%.60s' is no name of a file in ~/.config/mysocket without its "
				 "'.conf': letters, digits, '.', '_' and '-'",
				 name);
	if (r < 0)
		return ctl_fail(ctl, r,
				"cannot find your home folder; set HOME to its absolute path");
	return 0;
}

void service_unit_clear(struct service_unit *unit)
{
	free(unit->name);
	free(unit->config);
	free(unit->file);
	free(unit->link);
	*unit = (struct service_unit){ NULL };
}

/* mkdir -p of what is above `path`. */
static int make_folders(const char *path)
{
	auto_free char *copy = strdup(path);
	char *slash = copy;
	struct stat st;

	if (!copy)
		return -ENOMEM;
	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		if (stat(copy, &st) < 0) {
			int r = file_mkdir(copy, 0755);

			if (r < 0)
				return r;
		}
		*slash = '/';
	}
	return 0;
}

static bool is_same(const char *path, const char *text)
{
	auto_free char *old = NULL;

	return file_read(path, UNIT_MAX, &old, NULL) == 0 && !strcmp(old, text);
}

int service_unit_write(const struct service_unit *unit, const char *text, bool *ret_changed)
{
	bool same = is_same(unit->file, text);
	int r = make_folders(unit->link);

	if (r == 0 && !same)
		r = file_write(unit->file, text, strlen(text), 0644);
	if (r == 0 && symlink(unit->file, unit->link) < 0 && errno != EEXIST)
		r = -errno;
	if (r == 0)
		*ret_changed = !same;
	return r;
}

int service_unit_remove(const struct service_unit *unit, bool *ret_changed)
{
	int link_r = unlink(unit->link) < 0 ? -errno : 0;
	int file_r = unlink(unit->file) < 0 ? -errno : 0;

	if (link_r < 0 && link_r != -ENOENT && link_r != -ENOTDIR)
		return link_r;
	if (file_r < 0 && file_r != -ENOENT && file_r != -ENOTDIR)
		return file_r;
	*ret_changed = link_r == 0 || file_r == 0;
	return 0;
}

/* ---- the service manager ---- */
static int call(const char *const *words, bool quiet)
{
	const char *argv[WORDS_MAX + 3] = { "systemctl", "--user" };
	struct spawn spawn = { .argv = argv, .fds = { -1, -1, quiet ? -1 : SPAWN_INHERIT } };
	size_t n = 2;
	int status = -1, r;
	pid_t pid;

	for (; *words && n < WORDS_MAX + 2; words++)
		argv[n++] = *words;
	r = spawn_start(&spawn, &pid);
	if (r == 0)
		r = spawn_wait(pid, &status);
	if (r < 0)
		return r;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

bool service_manager_is_there(void)
{
	return call((const char *const[]){ "show-environment", NULL }, true) == 0;
}

int service_manager_call(const char *const *words)
{
	return call(words, false);
}

bool service_manager_lingers(void)
{
	const struct passwd *pw = getpwuid(getuid());
	char path[300];

	return pw &&
	       snprintf(path, sizeof(path), "/var/lib/systemd/linger/%s", pw->pw_name) <
		       (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}
