/* SPDX-License-Identifier: ISC */
/* mysocketctl up [FILE]: the sockets of a file, under one supervisor; they keep their names. */
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/password.h"
#include "helper/publish.h"
#include "helper/rest.h"
#include "helper/signals.h"
#include "helper/sshconf.h"
#include "helper/tunnel_run.h"
#include "helper/upconf.h"
#include "helper/upplan.h"
#include "helper/upsockets.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/home.h"
#include "lib/strbuf.h"

#define OUTPUT_MAX (1 << 20)
#define WAIT_MIN_MS 1000
#define WAIT_MAX_MS 30000
#define RELOAD_MS 5000 /* meanwhile nobody looks after the tunnels */

struct options {
	struct ctl_common common;
	bool check;
};

static const struct ctl_option table[] = {
	{ "check", CTL_OPTION_FLAG, offsetof(struct options, check),
	  .help = "Only check the file, and what it names; ask no server" },
};

/* One run of it. */
struct up {
	struct ctl *ctl;
	const char *file; /* absolute; "-": standard input */
	struct upplan plan;
	bool untold;	/* the API may not know what the plan's file says */
	bool told_next; /* but it knows what the next one says */
	struct publish publish;
};

/* ---- the file ---- */
/* Absolute, so that two runs of one file know each other. */
static int find_file(struct ctl *ctl, char **ret_path)
{
	const char *given = ctl->args.count ? ctl->args.items[0] : NULL;
	auto_free char *path = NULL;
	int r = 0;

	if (ctl->args.count > 1)
		return ctl_usage(ctl, "one FILE is expected\nrun: mysocketctl up --help");
	if (given)
		path = strdup(given);
	else
		r = upconf_path(UPCONF_DEFAULT, &path);
	if (r == -ENOENT)
		return ctl_fail(ctl, r,
				"cannot find your home folder; set HOME to its absolute path");
	if (r < 0 || !path)
		return ctl_fail(ctl, -ENOMEM, "out of memory");
	if (strcmp(path, "-") != 0) {
		char *real = realpath(path, NULL);

		if (real) {
			free(path);
			path = real;
		}
	}
	*ret_path = take_ptr(path);
	return 0;
}

static int check_socket(const struct up *up, const struct upconf_socket *s)
{
	struct password_source source = { .file = s->password_file };
	char why[PASSWORD_WHY_SIZE];
	char *password = NULL;
	int r;

	if (s->identity && access(s->identity, R_OK) < 0)
		return ctl_fail(up->ctl, -errno, "%s:%u: cannot read the identity '%s': %s",
				up->file, s->line, s->identity, strerror(errno));
	if (s->identity && !sshconf_is_path(s->identity))
		return ctl_fail(up->ctl, -EINVAL,
				"%s:%u: cannot use the identity '%s': its path must have no quote, "
				"backslash, '%%' or '${' in it",
				up->file, s->line, s->identity);
	if (!s->password_file)
		return 0;
	r = password_get(&source, &password, why);
	password_free(password);
	return r < 0 ? ctl_fail(up->ctl, r, "%s:%u: %s", up->file, s->line, why) : 0;
}

static int read_file(const struct up *up, struct upconf *ret_conf)
{
	char why[UPCONF_WHY_SIZE];
	size_t i, tunnels = 0;
	int r = upconf_load(up->file, ret_conf, why);

	if (r < 0)
		return ctl_fail(up->ctl, r, "%s", why);
	for (i = 0; i < ret_conf->count && r == 0; i++) {
		r = check_socket(up, &ret_conf->sockets[i]);
		tunnels += (size_t)ret_conf->sockets[i].tunnels;
	}
	if (r == 0 && tunnels > TUNNEL_JOBS_MAX)
		r = ctl_fail(up->ctl, -EINVAL,
			     "%s: has %zu tunnels in all, more than %d; put some sockets in a "
			     "file of their own",
			     up->file, tunnels, TUNNEL_JOBS_MAX);
	if (r < 0)
		upconf_clear(ret_conf);
	return r;
}

static int say_checked(const struct up *up)
{
	struct json_object *o;
	char text[PATH_MAX + 60];
	int r;

	if (!up->ctl->json) {
		snprintf(text, sizeof(text), "%s: ok (%zu socket%s)\n", up->file,
			 up->plan.conf.count, up->plan.conf.count > 1 ? "s" : "");
		return ctl_print(up->ctl, text);
	}
	o = ctl_json_strings("file", up->file, NULL);
	if (!o || json_object_object_add(o, "sockets",
					 json_object_new_int64((int64_t)up->plan.conf.count)) < 0)
		r = ctl_fail(up->ctl, -ENOMEM, "out of memory");
	else
		r = ctl_print_json(up->ctl, o);
	json_object_put(o);
	return r;
}

/* Two runs of a file would take each other's visitors. */
static int check_alone(const struct up *up)
{
	struct json_object *list;
	size_t i;
	int r = runstatus_list(&list);

	for (i = 0; r == 0 && i < json_object_array_length(list); i++) {
		struct json_object *run = json_object_array_get_idx(list, i);
		const char *file = json_object_get_string(json_object_object_get(run, "file"));
		int pid = json_object_get_int(json_object_object_get(run, "pid"));

		if (file && !strcmp(file, up->file) && strcmp(file, "-") != 0)
			r = ctl_fail(up->ctl, -EEXIST,
				     "'%s' is up already, as process %d; see: mysocketctl status; "
				     "to end it: kill %d",
				     up->file, pid, pid);
	}
	if (r == 0 || r == -EEXIST)
		json_object_put(list);
	return r == -ENOMEM ? ctl_fail(up->ctl, r, "out of memory") : r;
}

/* ---- the sockets ---- */
/* Waits before the API is asked again; SIGHUP has it asked at once. 0, 1 after SIGHUP; -EINTR if it is to end. */
static int pause_ms(int64_t ms)
{
	struct pollfd signal = { .fd = signals_fd(), .events = POLLIN };
	struct signals seen;

	if (poll(&signal, 1, (int)ms) <= 0)
		return 0;
	if (signals_end_requests())
		return -EINTR;
	signals_take(&seen);
	return seen.renew;
}

/* Before anything runs; what cannot be read leaves all as it was. */
static void read_again(struct up *up)
{
	struct upconf conf;

	if (!strcmp(up->file, "-"))
		return;
	if (read_file(up, &conf) < 0) {
		ctl_warn(up->ctl, "going on with the file as it was before");
		return;
	}
	upconf_clear(&up->plan.conf);
	up->plan.conf = conf;
}

/* What the API said before will do, where it cannot be asked; tunnels need no token. */
static int use_remembered(struct up *up)
{
	int r = upsockets_remembered(up->ctl, &up->plan.conf, &up->plan.sockets);

	if (r == 0)
		ctl_warn(up->ctl, "using the sockets as they were when the API was last asked");
	up->untold = r == 0;
	return r;
}

static int get_sockets(struct up *up)
{
	int64_t wait_ms = WAIT_MIN_MS;
	int r;

	for (;;) {
		r = upsockets_get(up->ctl, up->file, &up->plan.conf, NULL, &up->plan.sockets);
		if (r == 0 || r == -EINTR || (r != -EACCES && !rest_is_temporary(r)))
			return r;
		if (use_remembered(up) == 0)
			return 0;
		if (r == -EACCES)
			return r;
		ctl_warn(up->ctl, "trying again in %d s", (int)(wait_ms / 1000));
		publish_message(&up->publish, "waiting for the API");
		r = pause_ms(wait_ms);
		if (r < 0)
			return r;
		if (r > 0)
			read_again(up);
		wait_ms = wait_ms * 2 > WAIT_MAX_MS ? WAIT_MAX_MS : wait_ms * 2;
	}
}

static int print_sockets(const struct up *up)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(OUTPUT_MAX);
	int r = upplan_add_sockets(&up->plan, up->ctl->json, ctl_width(), &sb);

	if (r < 0)
		return ctl_fail(up->ctl, r, "cannot print the sockets: out of memory");
	return ctl_print(up->ctl, sb.buf);
}

/* ---- reloading ---- */
static bool has_failed(const struct publish *publish)
{
	size_t i;

	for (i = 0; i < publish->status.count; i++)
		if (publish->tunnels[i].status.state == SUPERVISE_FAILED)
			return true;
	return false;
}

/* The sockets of a changed file, asked for by a client of its own: that of the run may be busy. */
static int ask_for_next(struct up *up, struct upplan *next)
{
	struct ctl ctl = { .json = up->ctl->json,
			   .patience = 1,
			   .deadline_ms = clock_mono_ms() + RELOAD_MS };
	int r = ctl_open_api(&ctl);

	if (r == 0)
		r = ctl_open_token(&ctl);
	/* Whoever asks why a tunnel was refused asks as the account that this began with. */
	if (r == 0 && strcmp(ctl.token.user_id, up->ctl->token.user_id) != 0)
		r = ctl_fail(&ctl, -EPERM,
			     "the login is that of another account now; end mysocketctl and start "
			     "it again, or log in as before");
	if (r == 0) {
		r = upsockets_get(&ctl, up->file, &next->conf,
				  up->untold ? NULL : &up->plan.sockets, &next->sockets);
		up->untold = true;
		up->told_next = r == 0;
	}
	ctl_clear(&ctl);
	return r;
}

/* What failed for good may be gone; else the API is needed only for what it is to know. */
static int get_next(struct up *up, struct upplan *next)
{
	int r;

	up->told_next = false;
	r = has_failed(&up->publish)
		    ? -ENOENT
		    : upsockets_reuse(&up->plan.sockets, &next->conf, &next->sockets);

	if (r == -ENOENT)
		r = ask_for_next(up, next);
	else if (r < 0)
		return ctl_fail(up->ctl, r, "out of memory");
	if (r == 0 && upplan_make_jobs(next) < 0)
		r = ctl_fail(up->ctl, -ENOMEM, "out of memory");
	return r;
}

/* The strings of what was published are the old plan's. */
static void take_next(struct up *up, struct upplan *next, struct tunnel_run *run)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(OUTPUT_MAX);

	if (upplan_add_news(next, &up->plan, up->ctl->json, ctl_width(), &sb) == 0)
		tunnel_print(run, sb.buf);
	publish_jobs(&up->publish, next->jobs, next->job_count);
	upplan_clear(&up->plan);
	up->plan = *next;
	up->untold = up->untold && !up->told_next;
	*next = (struct upplan){ 0 };
}

/* SIGHUP: the file is read again, and only what is another in it is touched. If it says the same, all are connected anew
 * (false); those that have failed for good are given another chance then. */
static bool reload(void *context, struct tunnel_run *run)
{
	auto_call(upplan_clear) struct upplan next = { 0 };
	struct up *up = context;
	bool same;
	int r;

	if (!strcmp(up->file, "-"))
		return false;
	r = read_file(up, &next.conf);
	same = r == 0 && upplan_same_file(&next.conf, &up->plan.conf);
	if (same && !has_failed(&up->publish))
		return false;
	if (r == 0)
		r = get_next(up, &next);
	if (r == 0)
		r = tunnel_change(run, next.jobs, next.job_count);
	if (r == 0)
		take_next(up, &next, run);
	else if (rest_is_temporary(r))
		ctl_warn(up->ctl, "cannot reload, going on with the file as it was before; send "
				  "SIGHUP again when the API answers");
	else if (r != -EINTR)
		ctl_warn(up->ctl, "going on with the file as it was before");
	return !same;
}

/* ---- the run ---- */
static int connect_all(struct up *up)
{
	int r;

	/* An end that is asked for is none that failed. */
	up->ctl->patience = 1;
	r = get_sockets(up);
	if (r == 0 && upplan_make_jobs(&up->plan) < 0)
		r = ctl_fail(up->ctl, -ENOMEM, "out of memory");
	if (r == 0)
		r = print_sockets(up);
	if (r < 0)
		return r == -EINTR ? 0 : r;
	publish_jobs(&up->publish, up->plan.jobs, up->plan.job_count);
	return tunnel_run(up->ctl, up->plan.jobs, up->plan.job_count, &up->publish.watch);
}

static int say_ended(const struct up *up, int r)
{
	struct json_object *ended = up->ctl->json ? ctl_json_strings("event", "ended", NULL) : NULL;

	if (ended)
		(void)ctl_print_event(up->ctl, ended);
	json_object_put(ended);
	return r;
}

static int start(struct up *up)
{
	int r = check_alone(up);

	if (r == 0)
		r = ctl_open_api(up->ctl);
	if (r == 0)
		r = ctl_open_token(up->ctl);
	if (r < 0)
		return r;
	r = signals_catch();
	if (r < 0)
		return ctl_fail(up->ctl, r, "cannot catch signals: %s", strerror(-r));
	publish_begin(&up->publish, "up", up->file);
	up->publish.reload = reload;
	up->publish.context = up;
	r = say_ended(up, connect_all(up));
	publish_end(&up->publish);
	signals_release();
	return r;
}

static int run(struct ctl *ctl, const void *values)
{
	const struct options *options = values;
	auto_free char *file = NULL;
	struct up up = { .ctl = ctl };
	int r = find_file(ctl, &file);

	if (r < 0)
		return r;
	up.file = file;
	r = read_file(&up, &up.plan.conf);
	if (r == 0)
		r = options->check ? say_checked(&up) : start(&up);
	upplan_clear(&up.plan);
	return r;
}

const struct ctl_command cmd_up = {
	.name = "up",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.args = "[FILE]",
	.summary = "Connect all sockets of a file, which keep their names, until Ctrl-C.",
	.description =
		"Without FILE, it is ~/.config/mysocket/up.conf; '-' is standard input. A section "
		"is one socket: '[my web site]', and below it 'port = 8000'. A socket of that name "
		"and type is used if there is one, else made; none is deleted at the end. See "
		"mysocketctl.conf(5).",
};
