/* SPDX-License-Identifier: ISC */
/* Actions, in the order of supervisor.h. */
#include "helper/kept_tunnel.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "helper/reach.h"
#include "helper/sshsession.h"
#include "helper/stall.h"
#include "helper/wrap.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

/* What is known by now goes for all that begins from now on. */
static void set_times(struct kept_tunnel *t)
{
	struct supervisor *s = &t->supervisor;
	int64_t blind_ms = KEPT_TUNNEL_BLIND_EACH_MS * (int64_t)t->group->params->count;

	if (!t->tunnel)
		return;
	s->start_timeout_ms =
		t->tunnel->asks && !t->quick ? KEPT_TUNNEL_START_ASKING_MS : KEPT_TUNNEL_START_MS;
	if (blind_ms < KEPT_TUNNEL_BLIND_MS)
		blind_ms = KEPT_TUNNEL_BLIND_MS;
	s->lost_max_ms = t->tunnel->probe_host ? SUPERVISOR_BACKOFF_MAX_MS : blind_ms;
}

struct kept_tunnel *kept_tunnel_new(struct kept_group *group, const struct supervise_tunnel *tunnel)
{
	struct kept_tunnel *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	*t = (struct kept_tunnel){
		.group = group,
		.tunnel = tunnel,
		.name = { .server = strdup(tunnel->server),
			  .label = tunnel->label ? strdup(tunnel->label) : NULL },
		.given = strdup(tunnel->given ? tunnel->given : ""),
		.status.since = time(NULL),
	};
	supervisor_init(&t->supervisor, KEPT_TUNNEL_START_MS);
	if (!t->name.server || !t->name.label != !tunnel->label || !t->given) {
		kept_tunnel_free(t);
		return NULL;
	}
	return t;
}

void kept_tunnel_free(struct kept_tunnel *t)
{
	if (!t)
		return;
	free((char *)t->name.server);
	free((char *)t->name.label);
	free(t->given);
	free(t);
}

bool kept_tunnel_is_up(const struct kept_tunnel *t)
{
	return t->supervisor.state == SUPERVISOR_UP || t->supervisor.state == SUPERVISOR_RENEWING;
}

bool kept_tunnel_is_busy(const struct kept_tunnel *t)
{
	return t->supervisor.state == SUPERVISOR_CONNECTING ||
	       t->supervisor.state == SUPERVISOR_RENEWING;
}

bool kept_tunnel_asks(const struct kept_tunnel *t)
{
	return t->stalled || t->supervisor.state == SUPERVISOR_WAITING ||
	       (t->supervisor.state == SUPERVISOR_CONNECTING && t->supervisor.attempts);
}

void kept_tunnel_reached(struct kept_tunnel *t, bool is_back)
{
	/* The server answers, this connection does not: it is dead, or would take long to recover. */
	if (t->stalled)
		t->wants_renewal = true;
	else if (is_back && !kept_tunnel_is_up(t))
		kept_tunnel_give(t, SUPERVISOR_REACHED);
}

void kept_tunnel_renew(struct kept_tunnel *t)
{
	if (kept_tunnel_is_up(t))
		t->wants_renewal = t->told = true;
	else
		kept_tunnel_give(t, SUPERVISOR_RENEW);
}

/* A second ssh that is on its way may be one of before: it comes first. */
bool kept_tunnel_is_due(const struct kept_tunnel *t)
{
	return t->wants_renewal && t->supervisor.state != SUPERVISOR_RENEWING &&
	       !(t->told && t->supervisor.state == SUPERVISOR_CONNECTING);
}

void kept_tunnel_suspect(struct kept_tunnel *t)
{
	if (kept_tunnel_is_up(t))
		t->wants_renewal = t->suspect = true;
}

void kept_tunnel_wake(struct kept_tunnel *t)
{
	if (t->suspect && kept_tunnel_is_up(t))
		t->wants_renewal = true;
	t->retry_at_ms = 0;
	kept_tunnel_give(t, SUPERVISOR_WAKE);
}

/* ---- an ssh that is not what is wanted by now ---- */
static bool is_outdated(const struct kept_tunnel *t)
{
	return t->ssh && t->ssh->given && kept_tunnel_is_up(t) &&
	       strcmp(t->ssh->given, t->given) != 0;
}

/* Its renewal has failed, and is to be tried again. */
static bool has_retry_timer(const struct kept_tunnel *t)
{
	return t->supervisor.state == SUPERVISOR_UP && !t->wants_renewal && is_outdated(t);
}

static void note_renewal(struct kept_tunnel *t, bool done, int64_t now)
{
	if (done)
		t->failed_renewals = 0;
	else
		t->retry_at_ms = now + supervisor_backoff_ms(t->failed_renewals++,
							     (uint32_t)jrand48(t->group->seed));
}

/* ---- status ---- */
static enum supervise_state public_state(const struct supervisor *s)
{
	switch (s->state) {
	case SUPERVISOR_UP:
	case SUPERVISOR_RENEWING:
		return SUPERVISE_CONNECTED;
	case SUPERVISOR_WAITING:
	case SUPERVISOR_OFFERING:
		return SUPERVISE_WAITING;
	case SUPERVISOR_ENDED:
		return s->result == SUPERVISOR_RESULT_DENIED ? SUPERVISE_FAILED : SUPERVISE_ENDED;
	default:
		return SUPERVISE_CONNECTING;
	}
}

/* In the set of now. */
static size_t index_of(const struct kept_tunnel *t)
{
	return (size_t)(t->tunnel - t->group->params->tunnels);
}

static void update_status(struct kept_tunnel *t)
{
	const struct supervise_params *params = t->group->params;
	const struct supervisor *s = &t->supervisor;
	struct supervise_status *status = &t->status;
	enum supervise_state state = public_state(s);
	const char *origin = is_outdated(t) && t->ssh->origin ? t->ssh->origin : "";
	bool same = state == status->state && s->reconnects == status->reconnects;

	/* About to end, it is what it was. */
	if (s->state == SUPERVISOR_ENDING || s->state == SUPERVISOR_CLOSING ||
	    (same && !strcmp(origin, status->origin)))
		return;
	if (!same)
		status->since = time(NULL);
	snprintf(status->origin, sizeof(status->origin), "%s", origin);
	status->state = state;
	status->reconnects = s->reconnects;
	status->retry_ms = state == SUPERVISE_WAITING ? s->delay_ms : 0;
	if (state == SUPERVISE_WAITING || state == SUPERVISE_FAILED) {
		status->error = sshline_explain(&t->why);
		status->code =
			t->why.reason == SSH_REASON_DENIED ? denial_code(t->why.denial) : NULL;
	}
	t->group->tick_now = true;
	if (params->changed && t->tunnel)
		params->changed(params->context, index_of(t), status);
}

/* ---- actions ---- */
static bool is_quiet(const struct kept_tunnel *t)
{
	return t->tunnel->label && t->tunnel->quiet;
}

static struct sshsession *start(struct kept_tunnel *t, bool quiet)
{
	const struct supervise_params *params = t->group->params;
	struct voice voice = {
		.report = &t->group->report,
		.name = &t->name,
		.colors = params->colors,
		.quiet = quiet || is_quiet(t),
	};
	const struct sshsession_params session = {
		.argv = t->tunnel->argv,
		.guard = params->guard,
		.pty = params->pty,
		.indent = t->name.label ? wrap_width(t->name.label, strlen(t->name.label)) + 3 : 0,
	};
	struct sshsession *s;

	if (sshsession_start(&session, &voice, &s, &t->why) < 0)
		return NULL;
	s->given = strdup(t->given);
	s->origin = t->tunnel->origin ? strdup(t->tunnel->origin) : NULL;
	return s;
}

static void kill_spare(struct kept_tunnel *t)
{
	if (t->spare)
		sshsession_give_up(t->spare);
	retired_add(&t->retired, take_ptr(t->spare));
}

static void ask(struct kept_tunnel *t)
{
	const struct supervise_params *params = t->group->params;

	t->refusal = (struct supervise_refusal){
		.was_up = t->supervisor.was_up,
		.why = t->why,
	};
	t->unexplained = true;
	t->group->tick_now = true;
	params->ask(params->context);
}

static void act(struct kept_tunnel *t, unsigned actions)
{
	if (actions & SUPERVISOR_STOP_SSH && t->ssh)
		sshsession_stop(t->ssh);
	if (actions & SUPERVISOR_KILL_SSH && t->ssh)
		sshsession_give_up(t->ssh);
	if (actions & SUPERVISOR_START_SPARE)
		t->spare = start(t, true);
	if (actions & SUPERVISOR_ADOPT_SPARE) {
		if (t->ssh)
			t->ssh->end_ms = clock_mono_ms() + KEPT_TUNNEL_RETIRE_MS;
		retired_add(&t->retired, t->ssh);
		t->ssh = take_ptr(t->spare);
		if (t->ssh && t->supervisor.state == SUPERVISOR_CONNECTING)
			t->ssh->voice.quiet = is_quiet(t);
	}
	if (actions & SUPERVISOR_KILL_SPARE)
		kill_spare(t);
	if (actions & SUPERVISOR_START_SSH) {
		t->started_ms = clock_mono_ms();
		t->stall_at_ms = t->started_ms + KEPT_TUNNEL_STALL_MS;
		t->ssh = start(t, false);
	}
	if (actions & SUPERVISOR_ASK)
		ask(t);
}

/* Of several tunnels, all are closed by the same Ctrl-C: that is said once. */
static void say_closed(struct kept_tunnel *t)
{
	struct report_name all = { .server = t->name.server };

	if (t->group->offered && !t->group->report.json)
		return;
	t->group->offered = true;
	report_closed(&t->group->report, &all);
	report_reconnecting(&t->group->report, t->group->report.json ? &t->name : &all, &t->why,
			    t->supervisor.delay_ms);
}

static void say(struct kept_tunnel *t, unsigned actions)
{
	const struct supervisor *s = &t->supervisor;
	struct report *r = &t->group->report;

	if (actions & SUPERVISOR_SAY_UP)
		report_up(r, &t->name, s->reconnects);
	if (actions & SUPERVISOR_SAY_RENEWED)
		report_renewed(r, &t->name, s->reconnects);
	if (actions & SUPERVISOR_SAY_NOT_RENEWED && t->told)
		report_not_renewed(r, &t->name, &t->why, is_outdated(t));
	if (actions & SUPERVISOR_SAY_CLOSED && actions & SUPERVISOR_SAY_RECONNECTING)
		say_closed(t);
	else if (actions & SUPERVISOR_SAY_CLOSED)
		report_closed(r, &t->name);
	else if (actions & SUPERVISOR_SAY_RECONNECTING)
		report_reconnecting(r, &t->name, &t->why, s->delay_ms);
	if (actions & SUPERVISOR_SAY_RETRY)
		report_retry(r, &t->name, &t->why, s->delay_ms);
	if (actions & SUPERVISOR_SAY_DENIED)
		report_denied(r, &t->name, &t->why);
	if (actions & SUPERVISOR_SAY_BYE && !t->group->said_bye) {
		t->group->said_bye = true;
		report_bye(r);
	}
}

/* What the table does not know. */
static void note(struct kept_tunnel *t, unsigned actions, int64_t now)
{
	if (actions & (SUPERVISOR_SAY_RENEWED | SUPERVISOR_SAY_NOT_RENEWED)) {
		t->told = false;
		note_renewal(t, actions & SUPERVISOR_SAY_RENEWED, now);
	}
	if (actions & (SUPERVISOR_SAY_UP | SUPERVISOR_SAY_RENEWED)) {
		t->suspect = t->unexplained = false;
		t->stall_at_ms = now + KEPT_TUNNEL_STALL_FIRST_MS;
	}
	if (actions & SUPERVISOR_SAY_UP)
		t->quick = now - t->started_ms < KEPT_TUNNEL_QUICK_MS;
	if (actions & SUPERVISOR_SAY_UP && t->quick)
		t->group->asks_nothing = true;
	if (!kept_tunnel_is_up(t) || actions & SUPERVISOR_SAY_RENEWED)
		t->stalled = false;
	if (actions & (SUPERVISOR_SAY_RETRY | SUPERVISOR_SAY_RECONNECTING) && t->reach)
		reach_restart(t->reach);
}

void kept_tunnel_give(struct kept_tunnel *t, enum supervisor_event event)
{
	int64_t now = clock_mono_ms();
	unsigned actions;

	set_times(t);
	actions = supervisor_handle(&t->supervisor, event, now, (uint32_t)jrand48(t->group->seed));
	if (actions & SUPERVISOR_KILL_SPARE && actions & SUPERVISOR_SAY_NOT_RENEWED)
		t->why = (struct sshline){ SSH_REASON_SILENT };
	say(t, actions);
	act(t, actions);
	update_status(t);
	note(t, actions, now);
	if (actions & SUPERVISOR_START_SSH && !t->ssh)
		kept_tunnel_give(t, sshline_event(&t->why));
	if (actions & SUPERVISOR_START_SPARE && !t->spare)
		kept_tunnel_give(t, SUPERVISOR_SPARE_LOST);
}

/* ---- what happens to ssh ---- */
struct sshsession *kept_tunnel_next(const struct kept_tunnel *t, const struct sshsession *s)
{
	if (!s && t->ssh)
		return t->ssh;
	if ((!s || s == t->ssh) && t->spare)
		return t->spare;
	if (!s || s == t->ssh || s == t->spare)
		return t->retired.first;
	return s->next;
}

void kept_tunnel_heard(struct kept_tunnel *t, const struct sshsession *s)
{
	if (!s->spoke)
		return;
	if (s == t->ssh && t->supervisor.state == SUPERVISOR_CONNECTING)
		kept_tunnel_give(t, SUPERVISOR_CONNECTED);
	else if (s == t->spare)
		kept_tunnel_give(t, SUPERVISOR_SPARE_UP);
}

void kept_tunnel_reap(struct kept_tunnel *t)
{
	if (t->ssh)
		(void)sshsession_reap(t->ssh);
	if (t->spare)
		(void)sshsession_reap(t->spare);
	retired_reap(&t->retired);
}

static void end_of(struct kept_tunnel *t, struct sshsession **s)
{
	t->why = (*s)->why;
	sshsession_free(*s);
	*s = NULL;
}

void kept_tunnel_tell(struct kept_tunnel *t)
{
	if (t->spare && !t->spare->proc.pid) {
		/* Its last words may have been its first. */
		kept_tunnel_heard(t, t->spare);
		if (t->spare) {
			end_of(t, &t->spare);
			kept_tunnel_give(t, SUPERVISOR_SPARE_LOST);
		}
	}
	if (t->ssh && !t->ssh->proc.pid) {
		kept_tunnel_heard(t, t->ssh);
		end_of(t, &t->ssh);
		kept_tunnel_give(t, sshline_event(&t->why));
	}
}

void kept_tunnel_explain(struct kept_tunnel *t)
{
	const struct supervise_params *params = t->group->params;
	enum supervisor_state state = t->supervisor.state;
	struct sshline why;
	int r;

	if (!t->unexplained)
		return;
	t->refusal.tunnel = index_of(t);
	r = params->answer(params->context, &t->refusal, &why);
	if (r == -EINPROGRESS)
		return;
	t->unexplained = false;
	if (r > 0 && (state == SUPERVISOR_ASKING || state == SUPERVISOR_WAITING))
		t->why = why;
	kept_tunnel_give(t, r > 0 ? SUPERVISOR_GONE : SUPERVISOR_UNSURE);
}

/* ---- another set ---- */
bool kept_tunnel_can_become(const struct kept_tunnel *t, const struct supervise_tunnel *tunnel)
{
	if (!tunnel->id || !t->tunnel->id || strcmp(tunnel->id, t->tunnel->id) != 0)
		return false;
	return kept_tunnel_is_up(t) ||
	       (t->supervisor.state != SUPERVISOR_ENDED && !strcmp(tunnel->given, t->given));
}

void kept_tunnel_become(struct kept_tunnel *t, struct kept_tunnel *new)
{
	struct report_name name = t->name;
	char *given = t->given;
	bool leads_there;

	t->name = new->name;
	t->given = new->given;
	t->tunnel = new->tunnel;
	new->name = name;
	new->given = given;
	leads_there = t->supervisor.state == SUPERVISOR_UP && !is_outdated(t);
	if (strcmp(t->given, given) != 0 && !leads_there)
		kept_tunnel_renew(t);
	t->retry_at_ms = 0;
}

/* One whose place was taken would get it back from the server. */
void kept_tunnel_leave(struct kept_tunnel *t)
{
	t->tunnel = NULL;
	t->reach = NULL;
	t->unexplained = false;
	retired_hurry(&t->retired, clock_mono_ms());
	kept_tunnel_give(t, SUPERVISOR_TERMINATE);
}

bool kept_tunnel_is_gone(const struct kept_tunnel *t)
{
	return t->supervisor.state == SUPERVISOR_ENDED && !kept_tunnel_next(t, NULL);
}

/* ---- time ---- */
/* A login that may wait for somebody who types has a long time for it, but not if the peer is gone. */
static bool has_login_timer(const struct kept_tunnel *t)
{
	return t->supervisor.state == SUPERVISOR_CONNECTING && t->ssh && !t->ssh->asked &&
	       t->supervisor.start_timeout_ms == KEPT_TUNNEL_START_ASKING_MS;
}

static void look_after_login(struct kept_tunnel *t, int64_t now)
{
	if (!has_login_timer(t) || now < t->stall_at_ms)
		return;
	t->stall_at_ms = now + KEPT_TUNNEL_STALL_MS;
	if (stall_gave_up(t->ssh->proc.pid, KEPT_TUNNEL_LOGIN_SILENCE_MS))
		sshsession_give_up(t->ssh);
}

static bool has_stall_timer(const struct kept_tunnel *t)
{
	return t->reach && t->supervisor.state == SUPERVISOR_UP;
}

/* While it lasts, the server is asked again and again. */
static void look_for_stall(struct kept_tunnel *t, int64_t now)
{
	bool before = t->stalled;

	if (!has_stall_timer(t) || now < t->stall_at_ms)
		return;
	t->stall_at_ms = now + KEPT_TUNNEL_STALL_MS;
	t->stalled = stall_of_process(t->ssh->proc.pid);
	if (t->stalled && !before)
		t->suspect = true;
	if (t->stalled)
		reach_restart(t->reach);
}

int64_t kept_tunnel_deadline(const struct kept_tunnel *t)
{
	int64_t deadline = clock_sooner(t->supervisor.deadline_ms, retired_deadline(&t->retired));

	if (has_stall_timer(t) || has_login_timer(t))
		deadline = clock_sooner(deadline, t->stall_at_ms);
	if (has_retry_timer(t))
		deadline = clock_sooner(deadline, t->retry_at_ms);
	if (t->ssh)
		deadline = clock_sooner(deadline, sshsession_deadline(t->ssh));
	return deadline;
}

void kept_tunnel_timers(struct kept_tunnel *t)
{
	int64_t now = clock_mono_ms();

	if (t->supervisor.deadline_ms >= 0 && now >= t->supervisor.deadline_ms)
		kept_tunnel_give(t, SUPERVISOR_TIMER);
	look_for_stall(t, now);
	look_after_login(t, now);
	if (t->ssh)
		sshsession_timer(t->ssh, now);
	if (has_retry_timer(t) && now >= t->retry_at_ms)
		t->wants_renewal = true;
	if (t->tunnel)
		update_status(t);
	retired_timers(&t->retired, now);
}

void kept_tunnel_clear(struct kept_tunnel *t)
{
	retired_add(&t->retired, take_ptr(t->ssh));
	retired_add(&t->retired, take_ptr(t->spare));
	retired_clear(&t->retired);
}
