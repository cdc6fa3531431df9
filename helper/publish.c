/* SPDX-License-Identifier: ISC */
/* Passes each change on to both. */
#include "helper/publish.h"

#include <string.h>
#include <time.h>

#include "helper/ctl.h"
#include "helper/resource.h"

#include "lib/clock.h"

static int64_t tick(void *context)
{
	struct publish *p = context;

	return announce_tick(&p->announce, clock_mono_ms());
}

static void stop(struct publish *p)
{
	if (!p->stopping)
		announce_stopping();
	p->stopping = true;
}

static void changed(void *context, size_t job, const struct supervise_status *status)
{
	struct publish *p = context;

	p->status.tunnels[job].status = *status;
	runstatus_write(&p->status);
	if (status->state == SUPERVISE_ENDED)
		stop(p);
	if (!p->stopping)
		announce_change(&p->announce, p->status.tunnels, p->status.count);
}

static bool hangup(void *context, struct tunnel_run *run)
{
	struct publish *p = context;

	return p->reload && p->reload(p->context, run);
}

void publish_begin(struct publish *p, const char *command, const char *file)
{
	*p = (struct publish){
		.watch = { .changed = changed, .tick = tick, .hangup = hangup, .context = p }
	};
	(void)runstatus_begin(&p->status, command, file);
	announce_init(&p->announce);
	(void)tick(p);
}

void publish_message(struct publish *p, const char *text)
{
	p->status.message = text;
	runstatus_write(&p->status);
	if (*text)
		announce_message(text);
	(void)tick(p);
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static struct supervise_status status_of(const struct publish *p, const struct tunnel_job *job)
{
	size_t i;

	for (i = 0; i < p->status.count; i++) {
		const struct runstatus_tunnel *t = &p->tunnels[i];

		if (!strcmp(t->tunnel_id, job->tunnel->tunnel_id) &&
		    t->status.state != SUPERVISE_FAILED && t->status.state != SUPERVISE_ENDED)
			return t->status;
	}
	return (struct supervise_status){ .state = SUPERVISE_CONNECTING, .since = time(NULL) };
}

void publish_jobs(struct publish *p, const struct tunnel_job *jobs, size_t count)
{
	struct runstatus_tunnel tunnels[TUNNEL_JOBS_MAX] = { { NULL } };
	size_t i;

	for (i = 0; i < count; i++)
		tunnels[i] = (struct runstatus_tunnel){
			.name = or_empty(jobs[i].socket->name),
			.type = or_empty(jobs[i].socket->socket_type),
			.url = or_empty(jobs[i].socket->url),
			.socket_id = jobs[i].socket->socket_id,
			.tunnel_id = jobs[i].tunnel->tunnel_id,
			.host = jobs[i].request->host,
			.port = jobs[i].request->port,
			.status = status_of(p, &jobs[i]),
		};
	memcpy(p->tunnels, tunnels, count * sizeof(*tunnels));
	p->status.tunnels = p->tunnels;
	p->status.count = count;
	publish_message(p, "");
	announce_change(&p->announce, p->tunnels, count);
}

void publish_end(struct publish *p)
{
	stop(p);
	runstatus_end(&p->status);
	p->status.tunnels = NULL;
	p->status.count = 0;
}

int publish_run(struct ctl *ctl, const char *command, const struct tunnel_job *jobs, size_t count)
{
	struct publish p;
	int r;

	publish_begin(&p, command, "");
	publish_jobs(&p, jobs, count);
	r = tunnel_run(ctl, jobs, count, &p.watch);
	publish_end(&p);
	return r;
}
