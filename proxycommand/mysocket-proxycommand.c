/* SPDX-License-Identifier: ISC */
/* ssh's ProxyCommand: finds out where HOST is, connects to it, and gives the connection to ssh: as a descriptor, or by
 * copying between it and standard input and output. */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/clientconf.h"
#include "lib/log.h"
#include "lib/strbuf.h"
#include "proxycommand/dial.h"
#include "proxycommand/handover.h"
#include "proxycommand/lookup.h"
#include "proxycommand/net.h"
#include "proxycommand/proxy_completion.h"
#include "proxycommand/proxy_options.h"
#include "proxycommand/relay.h"
#include "proxycommand/target.h"

#define SSH_PORT 22

static int usage(const char *why)
{
	log_error("%s; see mysocket-proxycommand --help", why);
	return 2;
}

static int fail(const char *why)
{
	log_error("%s", why);
	return 1;
}

static int print_help(void)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(65536);

	proxy_options_help(&sb);
	return strbuf_error(&sb) || fputs(sb.buf, stdout) < 0 || fflush(stdout) < 0 ? 1 : 0;
}

static int print_completion(const char *shell)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(65536);

	return proxy_completion_add(shell, &sb) < 0 || fputs(sb.buf, stdout) < 0 ||
	       fflush(stdout) < 0;
}

/* Type and port of a socket, from the service's API. */
static int look_up(const struct net *net, const char *api, const char *api_host,
		   struct target *target, char *why)
{
	int64_t port = target->port;
	int r = lookup_ask(net, api, api_host, target, why, PROXY_WHY_SIZE);

	if (r < 0 || port == SSH_PORT || port == target->port)
		return r;
	snprintf(why, PROXY_WHY_SIZE,
		 "'%s' has port %" PRId64 ", not %" PRId64
		 "; leave the port out, or add --type tcp or tls to use it all the same",
		 target->host, target->port, port);
	return -EINVAL;
}

/* Fills in the target's port and tls, and whom to trust. */
static int resolve(const struct proxy_options *o, struct clientconf *conf, struct net *net,
		   struct target *target, char *why)
{
	const char *domain = target_domain(target->host);
	auto_free char *api = NULL;
	char api_host[TARGET_HOST_SIZE];
	bool is_configured = false, is_made = domain;
	int r;

	target->tls = o->type == PROXY_TLS;
	target->is_socket = is_made;
	if (o->type == PROXY_TCP)
		return 0;
	r = clientconf_load(conf, why);
	if (r == 0 && !is_made)
		domain = lookup_chosen(o->api, conf->api, target->host);
	if (r == 0 && !domain && lookup_may_be_own(o->api, target->host))
		domain = target->host; /* --api is asked, whatever it is */
	if (o->type == PROXY_AUTO && !domain)
		return 0;
	if (r == 0 && domain)
		r = lookup_api(o->api, conf->api, domain, &api, api_host, &is_configured, why,
			       PROXY_WHY_SIZE);
	if (r < 0)
		return r;
	if (!net->ca_file && (is_configured || !conf->ca_for_api))
		net->ca_file = conf->ca_file;
	if (o->type != PROXY_AUTO)
		return 0;
	r = look_up(net, api, api_host, target, why);
	target->is_socket |= r == 0;
	/* Not every name below the domain need be a socket's. */
	return r == -ENOENT && !is_made ? 0 : r;
}

static int connect_to(const struct proxy_options *o, struct target *target, struct dial *ret_dial,
		      char *why)
{
	auto_call(clientconf_clear) struct clientconf conf = { 0 };
	struct net net = { .proxy = o->proxy,
			   .ca_file = o->ca_file,
			   .timeout_ms = (long)o->timeout_s * 1000 };
	char proxy[300], detail[700];
	int r = resolve(o, &conf, &net, target, why);

	if (r < 0)
		return r;
	r = dial_open(&net, target, ret_dial, detail, sizeof(detail));
	if (r == 0)
		return 0;
	net_proxy_name(net_proxy(o->proxy, target->host), proxy, sizeof(proxy));
	snprintf(why, PROXY_WHY_SIZE, "cannot connect to %s port %" PRId64 "%s%s%s: %s",
		 target->host, target->port, target->tls ? " (tls)" : "",
		 proxy[0] ? " through proxy " : "", proxy, detail);
	return r;
}

static void tell_end(const void *context, int error, uint64_t received)
{
	const struct target *target = context;

	/* The edge takes every connection, and ends it where it has no tunnel for it. */
	if (!received && target->is_socket)
		log_warn("%s ended the connection without a word: its tunnel may be offline",
			 target->host);
	else if (error == -EIO)
		log_error("the tls connection to %s was cut off", target->host);
	else if (error < 0)
		log_error_r(error, "the connection to %s broke", target->host);
}

static int relay(int in, int out, struct dial *dial, const struct target *target)
{
	const struct relay relay = {
		.in = in, .out = out, .dial = dial, .on_end = tell_end, .context = target
	};

	int r = relay_run(&relay);

	dial_close(dial);
	return r < 0 ? 1 : 0;
}

static int handover_failed(int r)
{
	if (r == -ENOTSOCK)
		return fail(
			"--fdpass: standard output takes no descriptor; add 'ProxyUseFdpass yes' to "
			"ssh_config, or leave --fdpass out");
	log_error_r(r, "cannot hand the connection over");
	return 1;
}

/* ssh waits for our end, and cannot speak TLS: it gets one end of a socket pair, and a child serves the other. We leave
 * without closing the connection, since TLS would tell the peer. */
static int hand_over_tls(struct dial *dial, const struct target *target)
{
	int pair[2], r, null;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return handover_failed(-errno);
	r = handover_send(STDOUT_FILENO, pair[0]);
	if (r < 0)
		return handover_failed(r);
	close(pair[0]);
	pid = fork();
	if (pid < 0)
		return handover_failed(-errno);
	if (pid > 0)
		return 0;
	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return 1;
	return relay(pair[1], dup(pair[1]), dial, target);
}

static int serve(const struct proxy_options *o, struct dial *dial, const struct target *target)
{
	int r;

	if (!o->fdpass)
		return relay(STDIN_FILENO, STDOUT_FILENO, dial, target);
	if (dial->wrapped)
		return hand_over_tls(dial, target);
	r = handover_connection(STDOUT_FILENO, dial->fd);
	dial_close(dial);
	return r < 0 ? handover_failed(r) : 0;
}

/* A connection must not get the number of a standard descriptor that whoever started us has closed. */
static void hold_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	char why[PROXY_WHY_SIZE] = "out of memory";
	struct target target = { 0 };
	struct proxy_options o;
	struct dial dial;

	signal(SIGPIPE, SIG_IGN);
	hold_standard_descriptors();
	log_init("mysocket-proxycommand", LOG_LEVEL_INFO, 0);
	if (proxy_options_parse(argc - (argc > 0), argv + (argc > 0), &o, why) < 0)
		return usage(why);
	if (o.help)
		return print_help();
	if (o.completion)
		return print_completion(o.completion);
	if (o.version)
		return printf("mysocket-proxycommand %s\n", MYSOCKET_VERSION) < 0 ||
		       fflush(stdout) < 0;
	if (target_host(o.host, target.host) < 0)
		return usage("HOST must be a host name or an address");
	target.port = o.port;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return fail(why);
	if (connect_to(&o, &target, &dial, why) < 0)
		return fail(why);
	return serve(&o, &dial, &target);
}
