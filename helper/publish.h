/* SPDX-License-Identifier: ISC */
/* Lets others know how a run is doing: `mysocketctl status` (runstatus.h) and the service manager (announce.h).
 *
 *	publish_begin(&p, "up", file);
 *	publish_jobs(&p, jobs, count);
 *	r = tunnel_run(ctl, jobs, count, &p.watch);
 *	publish_end(&p);
 */
#ifndef HELPER_PUBLISH_H
#define HELPER_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>

#include "helper/announce.h"
#include "helper/runstatus.h"
#include "helper/tunnel_run.h"

struct publish {
	struct tunnel_watch watch; /* for tunnel_run(); knows where this struct is: don't move it */
	struct runstatus status;
	struct announce announce;
	struct runstatus_tunnel tunnels[TUNNEL_JOBS_MAX];
	bool stopping;
	/* Asked at SIGHUP, as watch.hangup is; NULL: each tunnel is connected anew. */
	bool (*reload)(void *context, struct tunnel_run *run);
	void *context;
};

/* Never fails: what cannot be published is not. The strings are kept by reference; `file` may be "". */
void publish_begin(struct publish *p, const char *command, const char *file);
/* What it waits for, before there are tunnels; "": nothing any more. Kept by reference. */
void publish_message(struct publish *p, const char *text);
/* The tunnels, kept by reference; one that is there already, and has not ended, keeps its status. */
void publish_jobs(struct publish *p, const struct tunnel_job *jobs, size_t count);
void publish_end(struct publish *p);

/* All of the above around tunnel_run(), for a command without a file. */
int publish_run(struct ctl *ctl, const char *command, const struct tunnel_job *jobs, size_t count);

#endif
