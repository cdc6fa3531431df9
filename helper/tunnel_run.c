/* SPDX-License-Identifier: ISC */
/* A private folder with ssh's files, a guard, a vector of arguments per tunnel, and the supervisor over them. */
#include "helper/tunnel_run.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "helper/ctl.h"
#include "helper/guard.h"
#include "helper/keeper.h"
#include "helper/origin.h"
#include "helper/ownkey.h"
#include "helper/password.h"
#include "helper/proxyenv.h"
#include "helper/refusal.h"
#include "helper/resource.h"
#include "helper/rest.h"
#include "helper/rundir.h"
#include "helper/sshconf.h"
#include "helper/supervise.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/home.h"
#include "lib/strbuf.h"

#define PROBE_MS 1000
#define PROBE_ONE_OF_MANY_MS 200
#define PROBE_ALL_MS 60000
#define PROBE_CHANGED_MS 1000 /* others run, and are not looked after meanwhile */
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

struct set {
	struct prepared *prepared;
	struct supervise_tunnel *tunnels;
	size_t count;
};

/* All that one run needs, made in this order and undone in the other. */
struct tunnel_run {
	struct ctl *ctl;
	const struct tunnel_watch *watch;
	struct rundir dir;
	char config[PATH_MAX], known_hosts[PATH_MAX];
	char own[OWNKEY_MAX][PATH_MAX];
	const char *own_list[OWNKEY_MAX];
	size_t own_count;
	struct guard guard;
	struct set set;
	struct supervise *supervise; /* while hangup() runs */
	struct keeper keeper;
	struct refusal refusal;
};

static int resolve_identity(const struct ctl *ctl, const char *given, char **ret_path)
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

int tunnel_request_check(struct ctl *ctl, const struct tunnel_request *request)
{
	auto_free char *identity = NULL;

	if (!sshconf_is_host(request->host))
		return ctl_usage(ctl, "'%.100s' is no host name or address; check --host",
				 request->host);
	if (!request->identity)
		return 0;
	if (resolve_identity(ctl, request->identity, &identity) < 0)
		return -EINVAL;
	if (!sshconf_is_path(identity))
		return ctl_fail(ctl, -EINVAL,
				"cannot use the identity '%s': its path must have no quote, "
				"backslash, '%%' or '${' in it",
				identity);
	return 0;
}

static void warn_about_origin(const struct ctl *ctl, const struct tunnel_request *q, int probe_ms)
{
	int r = origin_probe(q->host, q->port, probe_ms);

	if (r == -ENOENT)
		ctl_warn(ctl, "cannot find the host '%s'; visitors get an error; check its name",
			 q->host);
	else if (r < 0 && !strcmp(q->host, "127.0.0.1") &&
		 origin_probe("::1", q->port, probe_ms) == 0)
		ctl_warn(ctl,
			 "nothing listens on %s port %d, but something does on ::1; visitors get "
			 "an error; use --host ::1",
			 q->host, (int)q->port);
	else if (r < 0)
		ctl_warn(ctl,
			 "nothing listens on %s port %d yet; visitors get an error until you start "
			 "your service there (to try it: python3 -m http.server %d)",
			 q->host, (int)q->port, (int)q->port);
}

static bool leads_there(const struct set *set, const struct tunnel_request *request)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		const struct tunnel_request *other = set->prepared[i].job->request;

		if (other->port == request->port && !strcmp(other->host, request->host))
			return true;
	}
	return false;
}

/* But for those that were warned of before; none is begun with after limit_ms. */
static void warn_about_origins(const struct tunnel_run *run, const struct tunnel_job *jobs,
			       size_t count, int64_t limit_ms)
{
	int64_t end = clock_mono_ms() + limit_ms;
	size_t i;

	for (i = 0; i < count && clock_mono_ms() < end; i++)
		if ((!i || jobs[i].request != jobs[i - 1].request) &&
		    !leads_there(&run->set, jobs[i].request))
			warn_about_origin(run->ctl, jobs[i].request,
					  count > 1 ? PROBE_ONE_OF_MANY_MS : PROBE_MS);
}

/* ---- ssh's files ---- */
static bool wants_terminal(const struct ctl *ctl)
{
	const char *term = getenv("TERM");

	return !ctl->json && isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

static bool wants_colors(void)
{
	const char *no_color = getenv("NO_COLOR");

	return !no_color || !*no_color;
}

static struct ssh_target target_of(const struct tunnel_run *run, const struct prepared *p)
{
	const struct socket_info *socket = p->job->socket;

	return (struct ssh_target){
		.alias = p->job->label ? p->alias : NULL,
		.server = socket->ssh_server,
		.port = socket->ssh_port,
		.user = socket->user_name,
		.host_keys = (const char *const *)socket->ssh_host_keys.items,
		.host_key_count = socket->ssh_host_keys.count,
		.known_hosts = run->known_hosts,
		.identity = p->identity,
		.identities = run->own_list,
		.identity_count = run->own_count,
		.pty = wants_terminal(run->ctl),
		.batch = !password_can_ask(),
	};
}

/* Each is replaced in one step, and a name in it stays a tunnel's: an ssh that starts just now finds its own. */
static int write_files(const struct tunnel_run *run, const struct set *set)
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
		r = file_write(run->config, config.buf, config.len, 0600);
	if (r == 0)
		r = file_write(run->known_hosts, hosts.buf, hosts.len, 0600);
	return r < 0 ? ctl_fail(run->ctl, r, "cannot write to '%s': %s", run->dir.path,
				strerror(-r))
		     : 0;
}

static int make_folder(struct tunnel_run *run)
{
	int r = rundir_make(&run->dir);

	if (r == 0)
		r = rundir_path(&run->dir, RUNDIR_CONFIG, run->config, sizeof(run->config));
	if (r == 0)
		r = rundir_path(&run->dir, RUNDIR_KNOWN_HOSTS, run->known_hosts,
				sizeof(run->known_hosts));
	if (r == 0)
		r = guard_start(&run->dir, &run->guard);
	if (r < 0)
		return ctl_fail(run->ctl, r,
				"cannot make a private folder: %s; set TMPDIR to a folder you may "
				"write to",
				strerror(-r));
	return 0;
}

/* ---- one job ---- */
static void make_argv(const struct tunnel_run *run, struct prepared *p)
{
	const struct ctl_list *options = &p->job->request->ssh_options;
	size_t n = 0, i;

	p->argv[n++] = "ssh";
	p->argv[n++] = "-F";
	p->argv[n++] = run->config;
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
static bool looks_elsewhere(const struct tunnel_run *run)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *home = home_folder();
	size_t i;

	for (i = 0; i < run->own_count; i++)
		if (sshconf_is_path(run->own[i]))
			return false;
	return !pw || !home || strcmp(home, pw->pw_dir) != 0;
}

static void prepare_keys(const struct tunnel_run *run, struct prepared *p)
{
	const struct ctl_list *options = &p->job->request->ssh_options;

	if (p->identity) {
		p->identities[0] = p->identity;
		refusal_keys_init(&p->keys, p->identities, 1, false, options);
	} else {
		refusal_keys_init(&p->keys, run->own_list, run->own_count, true, options);
		if (looks_elsewhere(run))
			p->keys.offered.unsure = true;
	}
}

static int make_texts(const struct tunnel_run *run, struct prepared *p)
{
	struct ssh_target target = target_of(run, p);
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
		return ctl_bad_answer(run->ctl, why);
	return r < 0 ? ctl_fail(run->ctl, r, "cannot tell ssh what to do: %s", strerror(-r)) : 0;
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

static int prepare_job(const struct tunnel_run *run, const struct tunnel_job *job,
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
	r = q->identity ? resolve_identity(run->ctl, q->identity, &p->identity) : 0;
	if (r < 0)
		return r;
	if (sshconf_add_forward(job->tunnel->local_port, q->host, q->port, &p->forward, why) < 0)
		return ctl_fail(run->ctl, -EINVAL, "%s", why);
	make_argv(run, p);
	prepare_keys(run, p);
	r = make_texts(run, p);
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

static void set_clear(struct set *set)
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
	*set = (struct set){ NULL };
}

static int set_make(const struct tunnel_run *run, const struct tunnel_job *jobs, size_t count,
		    struct set *ret_set)
{
	struct set set = { calloc(count, sizeof(*set.prepared)),
			   calloc(count, sizeof(*set.tunnels)), 0 };
	int r = 0;

	if (!set.prepared || !set.tunnels) {
		set_clear(&set);
		return ctl_fail(run->ctl, -ENOMEM, "out of memory");
	}
	while (r == 0 && set.count < count) {
		size_t i = set.count++;

		r = prepare_job(run, &jobs[i], &set.prepared[i], &set.tunnels[i]);
	}
	if (r == 0)
		r = write_files(run, &set);
	if (r < 0)
		set_clear(&set);
	else
		*ret_set = set;
	return r;
}

static int prepare(struct tunnel_run *run, const struct tunnel_job *jobs, size_t count)
{
	size_t i;
	int r;

	run->own_count = ownkey_identities(run->own);
	for (i = 0; i < run->own_count; i++)
		run->own_list[i] = run->own[i];
	r = make_folder(run);
	return r < 0 ? r : set_make(run, jobs, count, &run->set);
}

static void finish(struct tunnel_run *run)
{
	guard_stop(&run->guard);
	rundir_remove(&run->dir);
	set_clear(&run->set);
}

/* ---- another set ---- */
int tunnel_change(struct tunnel_run *run, const struct tunnel_job *jobs, size_t count)
{
	struct set next = { NULL };
	int r;

	warn_about_origins(run, jobs, count, PROBE_CHANGED_MS);
	r = set_make(run, jobs, count, &next);
	if (r < 0)
		return r;
	r = supervise_change(run->supervise, next.tunnels, count);
	if (r < 0) {
		(void)write_files(run, &run->set);
		set_clear(&next);
		return ctl_fail(run->ctl, r, "cannot change what runs: %s", strerror(-r));
	}
	set_clear(&run->set);
	run->set = next;
	return 0;
}

void tunnel_print(struct tunnel_run *run, const char *text)
{
	supervise_print(run->supervise, text);
}

/* ---- the supervisor ---- */
static int64_t tick(void *context)
{
	struct tunnel_run *run = context;
	const struct tunnel_watch *watch = run->watch;
	int64_t next = refusal_tick(&run->refusal, clock_mono_ms());
	int64_t keeper = keeper_tick(&run->keeper);
	int64_t other = watch && watch->tick ? watch->tick(watch->context) : next;

	if (keeper < next)
		next = keeper;
	return other < next ? other : next;
}

static void ask(void *context)
{
	struct tunnel_run *run = context;

	refusal_ask(&run->refusal, clock_mono_ms());
}

static int answer(void *context, const struct supervise_refusal *refusal, struct sshline *ret_why)
{
	struct tunnel_run *run = context;
	struct prepared *p = &run->set.prepared[refusal->tunnel];

	return refusal_answer(&run->refusal, p->job->tunnel->tunnel_id, &p->keys, refusal, ret_why);
}

static void changed(void *context, size_t tunnel, const struct supervise_status *status)
{
	struct tunnel_run *run = context;

	if (status->state == SUPERVISE_CONNECTED)
		refusal_note_up(&run->refusal);
	if (run->watch && run->watch->changed)
		run->watch->changed(run->watch->context, tunnel, status);
}

static bool hangup(void *context, struct supervise *supervise)
{
	struct tunnel_run *run = context;
	bool done;

	if (!run->watch || !run->watch->hangup)
		return false;
	run->supervise = supervise;
	done = run->watch->hangup(run->watch->context, run);
	run->supervise = NULL;
	return done;
}

static int supervise(struct tunnel_run *run)
{
	enum supervisor_result result;
	bool pty = wants_terminal(run->ctl);
	struct supervise_params params = {
		.tunnels = run->set.tunnels,
		.count = run->set.count,
		.json = run->ctl->json,
		.pty = pty,
		.colors = pty && wants_colors(),
		.asking = password_can_ask(),
		.guard = &run->guard,
		.tick = tick,
		.ask = ask,
		.answer = answer,
		.changed = changed,
		.hangup = hangup,
		.context = run,
	};
	int r;

	keeper_init(&run->keeper, run->ctl);
	refusal_init(&run->refusal, run->ctl);
	r = supervise_run(&params, &result);
	refusal_clear(&run->refusal);
	rest_cancel(run->ctl->rest); /* what was under way, nobody waits for any more */
	if (r < 0)
		return ctl_fail(run->ctl, r, "cannot supervise ssh: %s", strerror(-r));
	return result == SUPERVISOR_RESULT_DENIED ? -EPERM : 0;
}

int tunnel_run(struct ctl *ctl, const struct tunnel_job *jobs, size_t count,
	       const struct tunnel_watch *watch)
{
	struct tunnel_run run = { .ctl = ctl, .watch = watch };
	int r;

	warn_about_origins(&run, jobs, count, PROBE_ALL_MS);
	r = prepare(&run, jobs, count);
	if (r == 0)
		r = supervise(&run);
	finish(&run);
	return r;
}
