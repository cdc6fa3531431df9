/* SPDX-License-Identifier: ISC */
/* Puts a node together: order of start, and what ties its parts. */
#include "node/node.h"

#include <errno.h>
#include <event2/event.h>
#include <pwd.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/log.h"
#include "lib/paths.h"
#include "node/attach.h"
#include "node/drain.h"
#include "node/edge_log.h"
#include "node/follower.h"
#include "node/gate.h"
#include "node/metrics.h"
#include "node/node_http.h"

/* ---- what the parts tell each other ---- */
static void tell_session(void *arg, struct session *session, const struct relay_listener *listener)
{
	if (session->attach)
		attach_tunnel(session->attach, listener);
}

static void tell_origin(void *arg, struct session *session, const struct relay_listener *listener)
{
	if (session->attach)
		attach_origin(session->attach, listener);
}

static void session_changed(void *arg, struct session *session)
{
	registry_save(session);
}

static void tunnel_deleted(void *arg, struct session *session, const struct node_tunnel *tunnel)
{
	registry_tunnel_deleted(session, tunnel);
}

static void tunnel_up(void *arg, const char *tunnel_id, bool up)
{
	struct node *node = arg;

	updown_report(node->updown, tunnel_id, up);
}

static void login_changed(void *arg, const char *user, const struct node_login *login)
{
	struct node *node = arg;

	registry_login_changed(&node->registry, user, login);
}

/* ---- what is needed of the host ---- */
static int find_uid(const char *name, uid_t *ret_uid)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(name);
	if (!pw) {
		log_error("find the user '%s': there is none, create it (see scripts/sysusers.d)",
			  name);
		return -ENOENT;
	}
	*ret_uid = pw->pw_uid;
	return 0;
}

static int check_rights(void)
{
	const char *missing = NULL;
	int r = process_check_capabilities(&missing);

	if (r < 0)
		log_error("start without %s: give it with AmbientCapabilities= (systemd) or "
			  "setpriv --inh-caps +sys_ptrace,+kill --ambient-caps +sys_ptrace,+kill",
			  missing ? missing : "capabilities");
	return r;
}

/* Four descriptors per live tunnel. */
static void raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int check_host(struct node *node)
{
	int r = check_rights();

	if (r == 0)
		r = find_uid(PATHS_TUNNEL_USER, &node->tunnel_uid);
	if (r == 0)
		r = find_uid(PATHS_KEYS_USER, &node->keys_uid);
	if (r == 0)
		r = find_uid(PATHS_EDGE_USER, &node->edge_uid);
	if (r < 0)
		return r;
	raise_limits();
	r = registry_open_state(&node->registry, node->conf->state_dir);
	if (r == -EBUSY)
		log_error("lock '%s': another mysocket-node serves this host, stop it first",
			  node->conf->state_dir);
	else if (r < 0)
		log_error_r(r, "open the state directory '%s'", node->conf->state_dir);
	return r;
}

/* ---- the parts, in the order in which they need each other ---- */
static int make_parts(struct node *node, const char *secret)
{
	const struct conf *conf = node->conf;
	const struct node_http_setup http = {
		.base = node->base,
		.url = conf->api_url,
		.ca_file = conf->api_ca_file,
		.secret = secret,
		.node_name = conf->node_name,
	};
	const struct relays_hooks hooks = {
		.tell = tell_session,
		.origin = tell_origin,
		.changed = session_changed,
		.deleted = tunnel_deleted,
		.up = tunnel_up,
		.arg = node,
	};
	int r = node_http_new(&http, &node->http);

	if (r == 0)
		r = logins_init(&node->logins, node->base, node->http);
	if (r == 0)
		r = updown_new(node->base, node->http, conf->node_name, conf->node_address,
			       &node->updown);
	if (r < 0)
		return log_error_r(r, "start");
	node->logins.changed = login_changed;
	node->logins.arg = node;
	relays_init(&node->relays, node->base, &node->edge, conf->hold_seconds * 1000, &hooks);
	return 0;
}

/* Tunnels matter more: without its metrics a node serves all the same. */
static void serve_metrics(struct node *node)
{
	const char *where = node->conf->node_metrics_listen;
	int r = where[0] ? node_metrics_new(node, where, &node->metrics) : 0;

	if (r < 0)
		log_warn("serve metrics at '%s': %s, going on without (see node_metrics_listen)",
			 where, strerror(-r));
}

static int open_doors(struct node *node)
{
	int r = edge_log_new(node, node->conf->log_socket, &node->edge_log);

	if (r < 0)
		return log_error_r(r, "receive HAProxy's log at '%s'", node->conf->log_socket);
	/* HAProxy is told only when all sessions are found: what it has beyond them is removed. */
	r = node_edge_start(&node->edge, node->base, node->http, node->conf->edge_socket);
	if (r == 0)
		r = follower_new(node, &node->follower);
	if (r == 0)
		r = registry_start(&node->registry);
	if (r < 0)
		return log_error_r(r, "start");
	serve_metrics(node);
	r = gate_new(node, PATHS_NODE_SOCKET, &node->gate);
	if (r == -EADDRINUSE)
		log_error("listen at '%s': another mysocket-node serves it, stop it first",
			  PATHS_NODE_SOCKET);
	else if (r < 0)
		log_error_r(r, "listen at '%s'", PATHS_NODE_SOCKET);
	return r;
}

int node_start(struct node *node, const struct conf *conf, const char *secret)
{
	int r;

	*node = (struct node){ .conf = conf };
	registry_init(&node->registry, node);
	node_edge_init(&node->edge);
	node->base = event_base_new();
	if (!node->base)
		return log_error_r(-ENOMEM, "start");
	r = check_host(node);
	if (r == 0)
		r = make_parts(node, secret);
	if (r < 0)
		return r;
	registry_restore(&node->registry);
	return open_doors(node);
}

void node_run(struct node *node)
{
	event_base_dispatch(node->base);
}

void node_break(struct node *node)
{
	event_base_loopbreak(node->base);
}

void node_stop(struct node *node)
{
	node_metrics_free(node->metrics);
	gate_free(node->gate);
	follower_free(node->follower);
	edge_log_free(node->edge_log);
	node_edge_clear(&node->edge);
	relays_clear(&node->relays); /* before the sessions, in whose lists the listeners are */
	registry_clear(&node->registry);
	drain_end_all();
	updown_free(node->updown);
	logins_clear(&node->logins);
	node_http_free(node->http);
	if (node->base)
		event_base_free(node->base);
}
