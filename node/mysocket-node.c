/* SPDX-License-Identifier: ISC */
/* mysocket-node: one per tunnel server. Sessions, bind broker, routes to HAProxy, log fan-out; see mysocket-node(8). */
#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/notify.h"
#include "lib/paths.h"
#include "node/node.h"

#define SECRET_MAX 4096

static const char usage[] =
	"usage: mysocket-node [--config FILE] [--check-config] [--verbose]\n"
	"\n"
	"Keeps the tunnels of one tunnel server: sessions, listeners, routes to HAProxy.\n"
	"\n"
	"  --config FILE    settings (default " PATHS_CONF ")\n"
	"  --check-config   check the settings and the file with the secret, and exit\n"
	"  --verbose        log more\n"
	"  --help           this text\n"
	"  --version        the version\n";

struct options {
	const char *config;
	bool check, verbose, help, version;
};

enum { OPT_CONFIG = 1, OPT_CHECK, OPT_VERBOSE, OPT_HELP, OPT_VERSION };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "check-config", no_argument, NULL, OPT_CHECK },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

/* 0, or -1: wrong usage, said by getopt. */
static int parse_options(int argc, char **argv, struct options *ret_options)
{
	struct options o = { .config = PATHS_CONF };
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (c) {
		case OPT_CONFIG:
			o.config = optarg;
			break;
		case OPT_CHECK:
			o.check = true;
			break;
		case OPT_VERBOSE:
			o.verbose = true;
			break;
		case OPT_HELP:
			o.help = true;
			break;
		case OPT_VERSION:
			o.version = true;
			break;
		default:
			return -1;
		}
	}
	*ret_options = o;
	return optind == argc ? 0 : -1;
}

static void on_stop(evutil_socket_t signal, short what, void *arg)
{
	log_info("stop on signal %d, tunnels go on, waiting for the next start", (int)signal);
	node_break(arg);
}

static int run(struct node *node)
{
	struct event *term = evsignal_new(node->base, SIGTERM, on_stop, node);
	struct event *intr = evsignal_new(node->base, SIGINT, on_stop, node);
	int r = term && intr && event_add(term, NULL) == 0 && event_add(intr, NULL) == 0 ? 0 : -1;

	if (r == 0) {
		log_info("serve '%s' as node '%s', %zu live sessions", node->conf->domain,
			 node->conf->node_name, node->registry.count);
		notify_send("READY=1");
		node_run(node);
		notify_send("STOPPING=1");
	}
	if (term)
		event_free(term);
	if (intr)
		event_free(intr);
	return r;
}

/* 0 with *ret_secret: heap, wiped and freed by secret_free(). */
static int read_secret(const struct conf *conf, char **ret_secret)
{
	char *secret;
	int r = file_read_secret(conf->node_secret_file, SECRET_MAX, &secret, NULL);

	if (r < 0)
		return log_error_r(r, "read the node's secret '%s' (see node_secret_file)",
				   conf->node_secret_file);
	*ret_secret = secret;
	if (!strpbrk(secret, "\r\n"))
		return 0;
	log_error("read the node's secret '%s': it must be one line", conf->node_secret_file);
	return -EINVAL;
}

static void secret_free(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

static int serve(const struct conf *conf)
{
	auto_call(secret_free) char *secret = NULL;
	struct node node;
	int r = read_secret(conf, &secret);

	if (r < 0)
		return r;
	r = node_start(&node, conf, secret);
	secret_free(&secret);
	if (r == 0)
		r = run(&node);
	node_stop(&node);
	return r;
}

static int check(const struct options *options, const struct conf *conf)
{
	auto_call(secret_free) char *secret = NULL;
	int r = read_secret(conf, &secret);

	if (r == 0)
		printf("%s: good\n", options->config);
	return r;
}

int main(int argc, char **argv)
{
	auto_call(conf_clear) struct conf conf = { 0 };
	char why[CONF_ERROR_SIZE];
	struct options options;

	if (parse_options(argc, argv, &options) < 0) {
		fputs(usage, stderr);
		return 2;
	}
	if (options.help || options.version) {
		fputs(options.help ? usage : "mysocket-node " MYSOCKET_VERSION "\n", stdout);
		return 0;
	}
	log_init("mysocket-node", options.verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, 1);
	if (conf_load(options.config, &conf, why) < 0) {
		log_error("%s", why);
		return 1;
	}
	if (options.check)
		return check(&options, &conf) < 0;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (serve(&conf) < 0)
		return 1;
	curl_global_cleanup();
	return 0;
}
