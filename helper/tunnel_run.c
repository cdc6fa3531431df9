/* SPDX-License-Identifier: ISC */
/* A private folder, a guard, what ssh is told (tunnel_set.h), and the supervisor over that. */
#include "helper/tunnel_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl.h"
#include "helper/guard.h"
#include "helper/keeper.h"
#include "helper/origin.h"
#include "helper/password.h"
#include "helper/refusal.h"
#include "helper/resource.h"
#include "helper/rest.h"
#include "helper/rundir.h"
#include "helper/sshconf.h"
#include "helper/supervise.h"
#include "helper/tunnel_set.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#define PROBE_MS 1000
#define PROBE_ONE_OF_MANY_MS 200
#define PROBE_ALL_MS 60000
#define PROBE_CHANGED_MS 1000 /* others run, and are not looked after meanwhile */

/* All that one run needs, made in this order and undone in the other. */
struct tunnel_run {
	struct ctl *ctl;
	const struct tunnel_watch *watch;
	struct rundir dir;
	struct tunnel_place place;
	struct guard guard;
	struct tunnel_set set;
	struct supervise *supervise; /* while hangup() runs */
	struct keeper keeper;
	struct refusal refusal;
};

int tunnel_request_check(struct ctl *ctl, const struct tunnel_request *request)
{
	auto_free char *identity = NULL;

	if (!sshconf_is_host(request->host))
		return ctl_usage(ctl, "'%.100s' is no host name or address; check --host",
				 request->host);
	if (!request->identity)
		return 0;
	if (tunnel_identity(ctl, request->identity, &identity) < 0)
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

/* But for those that were warned of before; none is begun with after limit_ms. */
static void warn_about_origins(const struct tunnel_run *run, const struct tunnel_job *jobs,
			       size_t count, int64_t limit_ms)
{
	int64_t end = clock_mono_ms() + limit_ms;
	size_t i;

	for (i = 0; i < count && clock_mono_ms() < end; i++)
		if ((!i || jobs[i].request != jobs[i - 1].request) &&
		    !tunnel_set_leads_to(&run->set, jobs[i].request))
			warn_about_origin(run->ctl, jobs[i].request,
					  count > 1 ? PROBE_ONE_OF_MANY_MS : PROBE_MS);
}

static int make_folder(struct tunnel_run *run)
{
	int r = rundir_make(&run->dir);

	if (r == 0)
		r = tunnel_place_init(&run->place, run->ctl, &run->dir);
	if (r == 0)
		r = guard_start(&run->dir, &run->guard);
	if (r < 0)
		return ctl_fail(run->ctl, r,
				"cannot make a private folder: %s; set TMPDIR to a folder you may "
				"write to",
				strerror(-r));
	return 0;
}

static int prepare(struct tunnel_run *run, const struct tunnel_job *jobs, size_t count)
{
	int r = make_folder(run);

	return r < 0 ? r : tunnel_set_make(&run->place, jobs, count, &run->set);
}

static void finish(struct tunnel_run *run)
{
	guard_stop(&run->guard);
	rundir_remove(&run->dir);
	tunnel_set_clear(&run->set);
}

/* ---- another set ---- */
int tunnel_change(struct tunnel_run *run, const struct tunnel_job *jobs, size_t count)
{
	struct tunnel_set next = { NULL };
	int r;

	warn_about_origins(run, jobs, count, PROBE_CHANGED_MS);
	r = tunnel_set_make(&run->place, jobs, count, &next);
	if (r < 0)
		return r;
	r = supervise_change(run->supervise, next.tunnels, count);
	if (r < 0) {
		(void)tunnel_set_write(&run->place, &run->set);
		tunnel_set_clear(&next);
		return ctl_fail(run->ctl, r, "cannot change what runs: %s", strerror(-r));
	}
	tunnel_set_clear(&run->set);
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
	const struct tunnel_job *job = tunnel_set_job(&run->set, refusal->tunnel);

	return refusal_answer(&run->refusal, job->tunnel->tunnel_id,
			      tunnel_set_keys(&run->set, refusal->tunnel), refusal, ret_why);
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

static bool wants_colors(void)
{
	const char *no_color = getenv("NO_COLOR");

	return !no_color || !*no_color;
}

static int supervise(struct tunnel_run *run)
{
	enum supervisor_result result;
	bool pty = tunnel_wants_terminal(run->ctl);
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
