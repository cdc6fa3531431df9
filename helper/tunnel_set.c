/* SPDX-License-Identifier: ISC */
/* A vector of arguments per tunnel, and two files that all of them share. */
#include "helper/tunnel_set.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "helper/ctl.h"
#include "helper/password.h"
#include "helper/proxyenv.h"
#include "helper/refusal.h"
#include "helper/resource.h"
#include "helper/rundir.h"
#include "helper/sshconf.h"
#include "helper/tunnel_run.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/home.h"
#include "lib/strbuf.h"

#define FORWARD_MAX 300
#define ALIAS_SIZE 64
#define FILE_MAX (1 << 20)
#define ARGV_MAX (12 + 2 * CTL_LIST_MAX)
/* It hands its connection to ssh and goes; a socket's name is not meant, so nothing is looked up. */
#define PROXY_COMMAND "ProxyCommand=mysocket-proxycommand --fdpass --type tcp --timeout 10 %h %p"

/* The port that the forward leads to, for what the session says of it (mysocket-session(8)); not the host, which is
 * nobody's business. ssh before 7.8 has no SetEnv. */
#define ORIGIN_OPTION "SetEnv=MYSOCKET_ORIGIN="
#define ORIGIN_ARGS 4

/* One job's part. */
struct prepared {
	const struct tunnel_job *job;
	char alias[ALIAS_SIZE]; /* of one that has a label */
	char *identity;
	const char *identities[1];
	struct refusal_keys keys;
	struct strbuf forward;
	char origin[sizeof(ORIGIN_OPTION) + 20];
	const char *argv[ARGV_MAX + ORIGIN_ARGS];
	struct strbuf stanza, known_hosts, given; /* the last one: all that its ssh goes by */
};

int tunnel_identity(const struct ctl *ctl, const char *given, char **ret_path)
{
	auto_free char *expanded = NULL;
	int r = home_expand(given, &expanded);
	char *path = r == 0 ? realpath(expanded, NULL) : NULL;

	if (r == 0 && (!path || access(path, R_OK) < 0))
		r = -errno;
	if (r < 0) {
		free(path);
		return ctl_fail(ctl, r, "cannot read the identity '%s': %s; check --identity",
				given, strerror(-r));
	}
	*ret_path = path;
	return 0;
}

bool tunnel_set_leads_to(const struct tunnel_set *set, const struct tunnel_request *request)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		const struct tunnel_request *other = set->prepared[i].job->request;

		if (other->port == request->port && !strcmp(other->host, request->host))
			return true;
	}
	return false;
}

int tunnel_place_init(struct tunnel_place *place, struct ctl *ctl, const struct rundir *dir)
{
	size_t i;
	int r;

	place->ctl = ctl;
	place->folder = dir->path;
	place->own_count = ownkey_identities(place->own);
	for (i = 0; i < place->own_count; i++)
		place->own_list[i] = place->own[i];
	r = rundir_path(dir, RUNDIR_CONFIG, place->config, sizeof(place->config));
	return r < 0 ? r
		     : rundir_path(dir, RUNDIR_KNOWN_HOSTS, place->known_hosts,
				   sizeof(place->known_hosts));
}

/* ---- ssh's files ---- */
bool tunnel_wants_terminal(const struct ctl *ctl)
{
	const char *term = getenv("TERM");

	return !ctl->json && isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

static struct ssh_target target_of(const struct tunnel_place *place, const struct prepared *p)
{
	const struct socket_info *socket = p->job->socket;

	return (struct ssh_target){
		.alias = p->job->label ? p->alias : NULL,
		.server = socket->ssh_server,
		.port = socket->ssh_port,
		.user = socket->user_name,
		.host_keys = (const char *const *)socket->ssh_host_keys.items,
		.host_key_count = socket->ssh_host_keys.count,
		.known_hosts = place->known_hosts,
		.identity = p->identity,
		.identities = place->own_list,
		.identity_count = place->own_count,
		.pty = tunnel_wants_terminal(place->ctl),
		.batch = !password_can_ask(),
	};
}

/* Each is replaced in one step, and a name in it stays a tunnel's: an ssh that starts just now finds its own. */
int tunnel_set_write(const struct tunnel_place *place, const struct tunnel_set *set)
{
	auto_call(strbuf_clear) struct strbuf config = STRBUF_INIT(FILE_MAX);
	auto_call(strbuf_clear) struct strbuf hosts = STRBUF_INIT(FILE_MAX);
	size_t i;
	int r;

	for (i = 0; i < set->count; i++) {
		strbuf_adds(&config, set->prepared[i].stanza.buf);
		strbuf_adds(&hosts, set->prepared[i].known_hosts.buf);
	}
	r = strbuf_error(&config) < 0 ? strbuf_error(&config) : strbuf_error(&hosts);
	if (r == 0)
		r = file_write(place->config, config.buf, config.len, 0600);
	if (r == 0)
		r = file_write(place->known_hosts, hosts.buf, hosts.len, 0600);
	return r < 0 ? ctl_fail(place->ctl, r, "cannot write to '%s': %s", place->folder,
				strerror(-r))
		     : 0;
}

/* ---- one job ---- */
static void make_argv(const struct tunnel_place *place, struct prepared *p)
{
	const struct ctl_list *options = &p->job->request->ssh_options;
	size_t n = 0, i;

	p->argv[n++] = "ssh";
	p->argv[n++] = "-F";
	p->argv[n++] = place->config;
	for (i = 0; i < options->count; i++) {
		p->argv[n++] = "-o";
		p->argv[n++] = options->items[i];
	}
	/* After the user's own: the first one counts. */
	if (proxyenv_leads_to(p->job->socket->ssh_server)) {
		p->argv[n++] = "-o";
		p->argv[n++] = PROXY_COMMAND;
		p->argv[n++] = "-o";
		p->argv[n++] = "ProxyUseFdpass=yes";
	}
	p->argv[n++] = "-R";
	p->argv[n++] = p->forward.buf;
	snprintf(p->origin, sizeof(p->origin), ORIGIN_OPTION "%d", (int)p->job->request->port);
	p->argv[n++] = "-o";
	p->argv[n++] = "IgnoreUnknown=SetEnv";
	p->argv[n++] = "-o";
	p->argv[n++] = p->origin;
	p->argv[n++] = p->job->label ? p->alias : p->job->socket->ssh_server;
	p->argv[n] = NULL;
}

/* Without a key that is named to it, ssh looks for some in the home of the password database. */
static bool looks_elsewhere(const struct tunnel_place *place)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *home = home_folder();
	size_t i;

	for (i = 0; i < place->own_count; i++)
		if (sshconf_is_path(place->own[i]))
			return false;
	return !pw || !home || strcmp(home, pw->pw_dir) != 0;
}

static void prepare_keys(const struct tunnel_place *place, struct prepared *p)
{
	const struct ctl_list *options = &p->job->request->ssh_options;

	if (p->identity) {
		p->identities[0] = p->identity;
		refusal_keys_init(&p->keys, p->identities, 1, false, options);
	} else {
		refusal_keys_init(&p->keys, place->own_list, place->own_count, true, options);
		if (looks_elsewhere(place))
			p->keys.offered.unsure = true;
	}
}

static int make_texts(const struct tunnel_place *place, struct prepared *p)
{
	struct ssh_target target = target_of(place, p);
	char why[SSHCONF_WHY_SIZE] = "";
	size_t i;
	int r = sshconf_add_stanza(&target, &p->stanza, why);

	if (r == 0)
		r = sshconf_add_known_hosts(&target, &p->known_hosts, why);
	for (i = 0; p->argv[i]; i++)
		strbuf_addf(&p->given, "%s\n", p->argv[i]);
	strbuf_adds(&p->given, p->stanza.buf);
	strbuf_adds(&p->given, p->known_hosts.buf);
	if (r == 0)
		r = strbuf_error(&p->given);
	if (r < 0 && *why)
		return ctl_bad_answer(place->ctl, why);
	return r < 0 ? ctl_fail(place->ctl, r, "cannot tell ssh what to do: %s", strerror(-r)) : 0;
}

/* A proxy, or a host of the user's own to jump over, leads to the server. */
static bool is_behind(const struct prepared *p)
{
	const struct ctl_list *options = &p->job->request->ssh_options;
	size_t i;

	for (i = 0; i < options->count; i++)
		if (!strncasecmp(options->items[i] + strspn(options->items[i], " \t"), "proxy", 5))
			return true;
	return proxyenv_leads_to(p->job->socket->ssh_server);
}

static int prepare_job(const struct tunnel_place *place, const struct tunnel_job *job,
		       struct prepared *p, struct supervise_tunnel *ret_tunnel)
{
	const struct tunnel_request *q = job->request;
	char why[SSHCONF_WHY_SIZE];
	const char *server = job->socket->ssh_server;
	int r;

	p->job = job;
	strbuf_init(&p->forward, FORWARD_MAX);
	strbuf_init(&p->stanza, FILE_MAX);
	strbuf_init(&p->known_hosts, FILE_MAX);
	strbuf_init(&p->given, 3 * FILE_MAX);
	snprintf(p->alias, sizeof(p->alias), "tunnel-%s", job->tunnel->tunnel_id);
	r = q->identity ? tunnel_identity(place->ctl, q->identity, &p->identity) : 0;
	if (r < 0)
		return r;
	if (sshconf_add_forward(job->tunnel->local_port, q->host, q->port, &p->forward, why) < 0)
		return ctl_fail(place->ctl, -EINVAL, "%s", why);
	make_argv(place, p);
	prepare_keys(place, p);
	r = make_texts(place, p);
	if (r < 0)
		return r;
	*ret_tunnel = (struct supervise_tunnel){
		.argv = p->argv,
		.server = server,
		.asks = password_can_ask() && offered_may_ask(&p->keys.offered),
		.probe_host = is_behind(p) ? NULL : sshconf_address(server),
		.probe_port = job->socket->ssh_port,
		.label = job->label,
		.id = job->tunnel->tunnel_id,
		.given = p->given.buf,
		.origin = strchr(p->forward.buf, ':') + 1,
		.quiet = job->quiet,
	};
	return 0;
}

void tunnel_set_clear(struct tunnel_set *set)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		struct prepared *p = &set->prepared[i];

		free(p->identity);
		refusal_keys_clear(&p->keys);
		strbuf_clear(&p->forward);
		strbuf_clear(&p->stanza);
		strbuf_clear(&p->known_hosts);
		strbuf_clear(&p->given);
	}
	free(set->prepared);
	free(set->tunnels);
	*set = (struct tunnel_set){ NULL };
}

int tunnel_set_make(const struct tunnel_place *place, const struct tunnel_job *jobs, size_t count,
		    struct tunnel_set *ret_set)
{
	struct tunnel_set set = { calloc(count, sizeof(*set.prepared)),
				  calloc(count, sizeof(*set.tunnels)), 0 };
	int r = 0;

	if (!set.prepared || !set.tunnels) {
		tunnel_set_clear(&set);
		return ctl_fail(place->ctl, -ENOMEM, "out of memory");
	}
	while (r == 0 && set.count < count) {
		size_t i = set.count++;

		r = prepare_job(place, &jobs[i], &set.prepared[i], &set.tunnels[i]);
	}
	if (r == 0)
		r = tunnel_set_write(place, &set);
	if (r < 0)
		tunnel_set_clear(&set);
	else
		*ret_set = set;
	return r;
}

const struct tunnel_job *tunnel_set_job(const struct tunnel_set *set, size_t i)
{
	return set->prepared[i].job;
}

struct refusal_keys *tunnel_set_keys(const struct tunnel_set *set, size_t i)
{
	return &set->prepared[i].keys;
}
