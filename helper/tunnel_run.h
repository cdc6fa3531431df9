/* SPDX-License-Identifier: ISC */
/* From the API's answers to supervised tunnels: what `connect`, `tunnel connect` and `up` have in common.
 *
 *	signals_catch();
 *	const struct tunnel_job jobs[] = {
 *		{ .request = &request, .socket = &web, .tunnel = &web.tunnels[0], .label = "web" },
 *		{ .request = &other, .socket = &ssh, .tunnel = &ssh.tunnels[0], .label = "ssh" },
 *	};
 *	r = tunnel_run(ctl, jobs, ARRAY_SIZE(jobs), &watch);
 *	signals_release();
 */
#ifndef HELPER_TUNNEL_RUN_H
#define HELPER_TUNNEL_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/options.h"
#include "helper/supervise.h"

struct ctl;
struct socket_info;
struct tunnel_info;
struct tunnel_run;

struct tunnel_request {
	int64_t port;
	const char *host;
	const char *identity;
	struct ctl_list ssh_options;
};

/* Rows of an option table, for an options struct with a member `struct tunnel_request tunnel`. */
#define TUNNEL_REQUEST_OPTION(type, member) \
	(offsetof(type, tunnel) + offsetof(struct tunnel_request, member))
/* clang-format off */ /* its releases disagree about braces in macros */
#define TUNNEL_REQUEST_PORT(options_type) \
	{ "port", CTL_OPTION_INT, TUNNEL_REQUEST_OPTION(options_type, port), .metavar = "INTEGER", \
	  .help = "Local port to connect", .required = true, .min = 1, .max = 65535 }
#define TUNNEL_REQUEST_OPTIONS(options_type) \
	{ "host", CTL_OPTION_STRING, TUNNEL_REQUEST_OPTION(options_type, host), .metavar = "TEXT", \
	  .help = "Host that the port is on, as seen from here", .fallback = "127.0.0.1" }, \
	{ "identity", CTL_OPTION_STRING, TUNNEL_REQUEST_OPTION(options_type, identity), .metavar = "FILE", \
	  .help = "Your ssh private key; without it ssh tries those in ~/.ssh and in ssh-agent" }, \
	{ "ssh_option", CTL_OPTION_LIST, TUNNEL_REQUEST_OPTION(options_type, ssh_options), .metavar = "OPTION", \
	  .help = "Passed to ssh -o, for example ProxyJump=gateway; your own ssh_config is not read. " \
		  "May be given several times" }
/* clang-format on */

/* Checks what can be checked before anything is made on the server. 0, or a negative errno, said. */
int tunnel_request_check(struct ctl *ctl, const struct tunnel_request *request);

/* One tunnel to keep connected; all is kept by reference until tunnel_run() returns, or tunnel_change(). */
struct tunnel_job {
	const struct tunnel_request *request;
	const struct socket_info *socket;
	const struct tunnel_info *tunnel;
	const char *
		label; /* printed in front of its lines; NULL: there is only this one. Printable text */
	bool quiet; /* with a label: its session's welcome is not shown */
};

#define TUNNEL_JOBS_MAX SUPERVISE_MAX

/* Who follows what happens: all may be NULL. Nothing here may block. */
struct tunnel_watch {
	/* jobs[job] is in another state, or was connected again (helper/supervise.h). */
	void (*changed)(void *context, size_t job, const struct supervise_status *status);
	/* Called now and then; returns in how many milliseconds it wants to be called again. */
	int64_t (*tick)(void *context);
	/* SIGHUP has come: it may call tunnel_change(); false has each tunnel connected anew. The one that may block for a
	 * while: tunnels carry their traffic, but nothing is printed. */
	bool (*hangup)(void *context, struct tunnel_run *run);
	void *context;
};

/* Runs until the user or the system ends it, or the service all tunnels. signals_catch() has gone before. `watch` may be NULL. 0 if it was ended
 * from here, or not all were ended by the service; -EPERM if they were (said); another negative errno, said. */
int tunnel_run(struct ctl *ctl, const struct tunnel_job *jobs, size_t count,
	       const struct tunnel_watch *watch);

/* From hangup(), where jobs have labels: these are to run from now on. Those of a tunnel that runs already are left alone, or,
 * if they lead elsewhere now, connected anew without a gap; the others are ended and begun. 0; or a negative errno, said, and
 * all is as before. */
int tunnel_change(struct tunnel_run *run, const struct tunnel_job *jobs, size_t count);
/* From hangup(): prints on standard output, in its turn. */
void tunnel_print(struct tunnel_run *run, const char *text);

#endif
