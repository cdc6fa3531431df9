/* SPDX-License-Identifier: ISC */
/* mysocketctl ssh-config: tunnels for plain ssh, printed or kept below ~/.ssh. */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/resource.h"
#include "helper/sshhosts.h"
#include "helper/sshinclude.h"
#include "helper/table.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/home.h"
#include "lib/strbuf.h"

#define TEXT_MAX ((size_t)4 << 20)

struct options {
	struct ctl_common common;
	struct ctl_list ports;
	bool write;
	bool remove;
};

static const struct ctl_option table[] = {
	{ "port", CTL_OPTION_LIST, offsetof(struct options, ports), .metavar = "NAME=PORT",
	  .help = "Local port that a socket's tunnel leads to; remembered with --write. May be "
		  "given several times" },
	{ "write", CTL_OPTION_FLAG, offsetof(struct options, write),
	  .help = "Keep the hosts in ~/.ssh/mysocket, and include them in ~/.ssh/config" },
	{ "remove", CTL_OPTION_FLAG, offsetof(struct options, remove), .help = "Undo --write" },
};

/* Where everything lies. */
struct places {
	char *ssh;	   /* ~/.ssh */
	char *user_config; /* ~/.ssh/config */
	char *folder;	   /* ~/.ssh/mysocket */
	char *config;
	char *known_hosts;
};

/* The API's list, and what is made of it. */
struct hosts {
	struct socket_info *sockets;
	size_t count;
	struct ssh_hosts list;
	struct strbuf config, known_hosts;
};

static void places_clear(struct places *p)
{
	free(p->ssh);
	free(p->user_config);
	free(p->folder);
	free(p->config);
	free(p->known_hosts);
}

static int find_places(const struct ctl *ctl, struct places *p)
{
	int r = home_expand("~/.ssh", &p->ssh);

	if (r == 0)
		r = home_expand("~/.ssh/config", &p->user_config);
	if (r == 0)
		r = home_expand("~/.ssh/mysocket", &p->folder);
	if (r == 0)
		r = home_expand("~/.ssh/mysocket/config", &p->config);
	if (r == 0)
		r = home_expand("~/.ssh/mysocket/known_hosts", &p->known_hosts);
	if (r < 0)
		return ctl_fail(ctl, r, "cannot find your home folder; set HOME to its path");
	if (!sshconf_is_path(p->known_hosts))
		return ctl_fail(ctl, -EINVAL,
				"cannot write an ssh_config for '%s': the path must have no quote, "
				"backslash, '%%' or '${' in it",
				p->folder);
	return 0;
}

/* What an earlier --write has left; *ret_text stays NULL if that is nothing. */
static int read_kept(const struct ctl *ctl, const struct places *p, char **ret_text)
{
	int r = file_read(p->config, TEXT_MAX, ret_text, NULL);

	if (r == 0 || r == -ENOENT || r == -ENOTDIR)
		return 0;
	return ctl_fail(ctl, r, "cannot read '%s': %s; correct that, or remove the file", p->config,
			strerror(-r));
}

/* ---- from the API ---- */
static void hosts_clear(struct hosts *h)
{
	size_t i;

	sshhosts_clear(&h->list);
	for (i = 0; i < h->count; i++)
		socket_info_clear(&h->sockets[i]);
	free(h->sockets);
	strbuf_clear(&h->config);
	strbuf_clear(&h->known_hosts);
}

static int read_sockets(struct ctl *ctl, struct json_object *answer, struct hosts *h)
{
	char why[RESOURCE_WHY_SIZE];
	size_t count, i;

	if (!json_object_is_type(answer, json_type_array))
		return ctl_bad_answer(ctl, "a list of sockets is expected");
	count = json_object_array_length(answer);
	h->sockets = calloc(count + 1, sizeof(*h->sockets));
	if (!h->sockets)
		return ctl_fail(ctl, -ENOMEM, "out of memory");
	for (i = 0; i < count; i++) {
		if (socket_info_read(json_object_array_get_idx(answer, i), &h->sockets[i], why) < 0)
			return ctl_bad_answer(ctl, why);
		h->count++;
	}
	return 0;
}

static int get_sockets(struct ctl *ctl, struct hosts *h)
{
	struct json_object *answer = NULL;
	int r = ctl_open_api(ctl);

	if (r == 0)
		r = ctl_open_token(ctl);
	if (r == 0)
		r = ctl_call(ctl, "GET", "/socket", NULL, &answer);
	if (r == 0)
		r = read_sockets(ctl, answer, h);
	json_object_put(answer);
	return r;
}

static int set_ports(struct ctl *ctl, const struct options *options, struct ssh_hosts *list)
{
	char why[SSHCONF_WHY_SIZE];
	size_t i;

	for (i = 0; i < options->ports.count; i++) {
		int r = sshhosts_set_port(list, options->ports.items[i], why);

		if (r == -EINVAL)
			return ctl_usage(ctl, "%s", why);
		if (r < 0)
			return ctl_fail(ctl, r, "%s", r == -ENOMEM ? "out of memory" : why);
	}
	return 0;
}

static int make_texts(struct ctl *ctl, const struct places *p, struct hosts *h)
{
	char why[SSHCONF_WHY_SIZE] = "out of memory";
	int r;

	strbuf_reset(&h->config);
	strbuf_reset(&h->known_hosts);
	r = sshhosts_add_config(&h->list, p->known_hosts, &h->config, why);
	if (r == 0)
		r = sshhosts_add_known_hosts(&h->list, p->known_hosts, &h->known_hosts, why);
	return r < 0 ? ctl_fail(ctl, r, "cannot write an ssh_config: %s", why) : 0;
}

static int make_hosts(struct ctl *ctl, const struct options *options, const struct places *p,
		      struct hosts *h)
{
	auto_free char *kept = NULL;
	int r = read_kept(ctl, p, &kept);

	if (r == 0)
		r = get_sockets(ctl, h);
	if (r < 0)
		return r;
	r = sshhosts_make(h->sockets, h->count, &h->list);
	if (r < 0)
		return ctl_fail(ctl, r, "out of memory");
	if (kept)
		sshhosts_recall(&h->list, kept);
	r = set_ports(ctl, options, &h->list);
	return r < 0 ? r : make_texts(ctl, p, h);
}

/* ---- below ~/.ssh ---- */
static int say_include(const struct ctl *ctl, int r, const struct places *p)
{
	if (r == -EPERM)
		return ctl_fail(ctl, r, "cannot change '%s': it belongs to somebody else",
				p->user_config);
	return ctl_fail(ctl, r, "cannot change '%s': %s", p->user_config, strerror(-r));
}

static int write_file(const struct ctl *ctl, const char *path, const struct strbuf *sb)
{
	int r = file_write(path, sb->buf, sb->len, 0600);

	return r < 0 ? ctl_fail(ctl, r, "cannot write '%s': %s", path, strerror(-r)) : 0;
}

/* ssh asks the password database for the home folder, and never $HOME. */
static void warn_about_home(const struct ctl *ctl)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *home = home_folder();

	if (pw && pw->pw_dir && home && strcmp(pw->pw_dir, home) != 0)
		ctl_warn(ctl,
			 "ssh reads its files in '%s', whatever HOME says; run this with HOME "
			 "set to that",
			 pw->pw_dir);
}

static int write_all(struct ctl *ctl, const struct places *p, struct hosts *h)
{
	bool made = false;
	int r = file_mkdir(p->ssh, 0700);

	warn_about_home(ctl);
	if (r == 0)
		r = file_mkdir(p->folder, 0700);
	if (r < 0)
		return ctl_fail(
			ctl, r,
			"cannot make the folder '%s': %s; without --write the hosts are printed",
			p->folder, strerror(-r));
	r = write_file(ctl, p->known_hosts, &h->known_hosts);
	if (r == 0)
		r = write_file(ctl, p->config, &h->config);
	if (r < 0)
		return r;
	r = sshinclude_install(p->user_config, &made);
	if (r < 0)
		return say_include(ctl, r, p);
	if (!made)
		return 0;
	h->list.made_config = true;
	r = make_texts(ctl, p, h);
	return r < 0 ? r : write_file(ctl, p->config, &h->config);
}

static int remove_file(const struct ctl *ctl, const char *path)
{
	if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
		return ctl_fail(ctl, -errno, "cannot remove '%s': %s", path, strerror(errno));
	return 0;
}

static int remove_all(struct ctl *ctl, const struct places *p)
{
	auto_free char *kept = NULL;
	struct json_object *o;
	int r = read_kept(ctl, p, &kept), removed;

	if (r < 0)
		return r;
	removed = sshinclude_uninstall(p->user_config, kept && sshhosts_recall_made(kept));
	if (removed < 0)
		return say_include(ctl, removed, p);
	r = remove_file(ctl, p->config);
	if (r == 0)
		r = remove_file(ctl, p->known_hosts);
	if (r < 0)
		return r;
	(void)rmdir(p->folder); /* stays if there is something of the user's in it */
	if (!ctl->json)
		return ctl_print(ctl, removed || kept ? "Removed.\n" : "Nothing to remove.\n");
	o = ctl_json_strings("user_config", p->user_config, "config_file", p->config, NULL);
	if (!o ||
	    json_object_object_add(o, "removed", json_object_new_boolean(removed || kept)) < 0)
		r = ctl_fail(ctl, -ENOMEM, "out of memory");
	else
		r = ctl_print_json(ctl, o);
	json_object_put(o);
	return r;
}

/* ---- results ---- */
static struct json_object *host_json(const struct ssh_host *host)
{
	struct json_object *o =
		ctl_json_strings("host", host->alias, "socket_id", host->socket->socket_id,
				 "tunnel_id", host->tunnel->tunnel_id, "url", host->socket->url,
				 NULL);

	if (o &&
	    json_object_object_add(o, "port",
				   host->port ? json_object_new_int64(host->port) : NULL) < 0) {
		json_object_put(o);
		o = NULL;
	}
	return o;
}

static struct json_object *visit_json(const struct ssh_host *host, const char *alias)
{
	return ctl_json_strings("host", alias, "socket_id", host->socket->socket_id, "url",
				host->socket->url, NULL);
}

/* Takes `item`; NULL is out of memory. */
static int list_add(struct json_object *list, struct json_object *item)
{
	if (item && json_object_array_add(list, item) == 0)
		return 0;
	json_object_put(item);
	return -ENOMEM;
}

static int list_hosts(const struct hosts *h, struct json_object *tunnels,
		      struct json_object *visits)
{
	char alias[SSHHOSTS_ALIAS_SIZE];
	struct ssh_visit visit;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < h->list.count; i++) {
		const struct ssh_host *host = &h->list.items[i];

		if (host->tunnel)
			r = list_add(tunnels, host_json(host));
		if (r == 0 && sshhosts_visit(host, alias, &visit))
			r = list_add(visits, visit_json(host, alias));
	}
	return r;
}

static int print_json(const struct ctl *ctl, const struct places *p, const struct hosts *h,
		      bool written)
{
	struct json_object *list = json_object_new_array(), *visits = json_object_new_array(), *o;
	int r = list && visits ? list_hosts(h, list, visits) : -ENOMEM;

	o = ctl_json_strings("config_file", p->config, "config", h->config.buf, "known_hosts_file",
			     p->known_hosts, "known_hosts", h->known_hosts.buf, NULL);
	if (r < 0 || !o ||
	    json_object_object_add(o, "written", json_object_new_boolean(written)) < 0 ||
	    json_object_object_add(o, "hosts", json_object_get(list)) < 0 ||
	    json_object_object_add(o, "visit_hosts", json_object_get(visits)) < 0)
		r = ctl_fail(ctl, -ENOMEM, "out of memory");
	else
		r = ctl_print_json(ctl, o);
	json_object_put(list);
	json_object_put(visits);
	json_object_put(o);
	return r;
}

/* The stanzas; the known_hosts that they name follows as a comment. */
static int print_text(const struct ctl *ctl, const struct places *p, const struct hosts *h)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(2 * TEXT_MAX);
	const char *line = h->known_hosts.buf;

	strbuf_add(&sb, h->config.buf, h->config.len);
	if (*line)
		strbuf_addf(&sb, "\n# %s, which --write writes, holds:\n", p->known_hosts);
	while (*line) {
		size_t len = strcspn(line, "\n");

		strbuf_addf(&sb, "#\t%.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
	return strbuf_error(&sb) < 0 ? ctl_fail(ctl, -ENOMEM, "out of memory")
				     : ctl_print(ctl, sb.buf);
}

static int print_tunnels(const struct ctl *ctl, const struct hosts *h)
{
	static const struct table_column columns[] = { { "ssh" },
						       { "local_port" },
						       { "url", true } };
	bool missing = false;
	struct table t;
	size_t i;
	int r;

	table_init(&t, columns, ARRAY_SIZE(columns));
	for (i = 0; i < h->list.count; i++) {
		const struct ssh_host *host = &h->list.items[i];
		char port[24] = "";

		if (!host->tunnel)
			continue;
		if (host->port)
			snprintf(port, sizeof(port), "%" PRId64, host->port);
		missing |= !host->port;
		table_add(&t, (const char *const[]){ host->alias, port, host->socket->url });
	}
	r = t.row_count ? ctl_print_table(ctl, &t)
			: ctl_print(ctl, "None of your sockets has a tunnel yet; make one with: "
					 "mysocketctl tunnel create\n");
	table_clear(&t);
	if (r == 0 && missing)
		r = ctl_print(ctl, "Those without a port cannot be used yet; run: mysocketctl "
				   "ssh-config --write --port NAME=PORT\n");
	return r;
}

static int print_visits(const struct ctl *ctl, const struct hosts *h)
{
	static const struct table_column columns[] = { { "ssh, as a visitor" }, { "url", true } };
	char alias[SSHHOSTS_ALIAS_SIZE];
	struct ssh_visit visit;
	struct table t;
	size_t i;
	int r;

	table_init(&t, columns, ARRAY_SIZE(columns));
	for (i = 0; i < h->list.count; i++)
		if (sshhosts_visit(&h->list.items[i], alias, &visit))
			table_add(&t, (const char *const[]){ alias, h->list.items[i].socket->url });
	r = t.row_count ? ctl_print_table(ctl, &t) : 0;
	table_clear(&t);
	return r;
}

static int print_summary(const struct ctl *ctl, const struct hosts *h)
{
	int r = print_tunnels(ctl, h);

	return r < 0 ? r : print_visits(ctl, h);
}

static int print_or_write(struct ctl *ctl, const struct options *options, const struct places *p)
{
	struct hosts h = { 0 };
	int r;

	strbuf_init(&h.config, TEXT_MAX);
	strbuf_init(&h.known_hosts, TEXT_MAX);
	r = make_hosts(ctl, options, p, &h);
	if (r == 0 && options->write)
		r = write_all(ctl, p, &h);
	if (r == 0 && ctl->json)
		r = print_json(ctl, p, &h, options->write);
	else if (r == 0)
		r = options->write ? print_summary(ctl, &h) : print_text(ctl, p, &h);
	hosts_clear(&h);
	return r;
}

static int run(struct ctl *ctl, const void *values)
{
	const struct options *options = values;
	auto_call(places_clear) struct places p = { 0 };
	int r;

	if (options->remove && (options->write || options->ports.count))
		return ctl_usage(ctl, "option '--remove' stands alone");
	r = find_places(ctl, &p);
	if (r < 0)
		return r;
	return options->remove ? remove_all(ctl, &p) : print_or_write(ctl, options, &p);
}

const struct ctl_command cmd_ssh_config = {
	.name = "ssh-config",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.summary = "Make your tunnels hosts of plain ssh: ssh my-test-service.mysocket",
	.description =
		"Prints a stanza of ssh_config for each tunnel, named after its socket. Each needs "
		"the local port that it leads to: --port. A tcp or tls socket gets one for visitors "
		"too: ssh my-test-service.mysocket-visit. With --write they are kept in "
		"~/.ssh/mysocket, and ~/.ssh/config includes them by one line at its top.",
};
