/* SPDX-License-Identifier: ISC */
/* mysocket-api: REST API, accounts, sockets, tunnels and the feed of changes; the only program that touches the
 * database. This file is its command line and its life from start to SIGTERM. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "api/admin.h"
#include "api/api.h"
#include "api/http.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/notify.h"
#include "lib/paths.h"

#define DESCRIPTORS 4096

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };
enum { OPT_CONFIG = 1, OPT_CHECK, OPT_VERBOSE, OPT_HELP, OPT_VERSION };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "check-config", no_argument, NULL, OPT_CHECK },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static void usage(FILE *out)
{
	fprintf(out,
		"usage: mysocket-api [options]                    serve until SIGTERM\n"
		"       mysocket-api [options] account VERB ...   manage accounts\n"
		"\n"
		"  --config FILE   read FILE instead of %s\n"
		"  --check-config  check the configuration and the secrets, and exit\n"
		"  --verbose       log each request\n"
		"  --help          show this\n"
		"  --version       show the version\n"
		"\n",
		PATHS_CONF);
	api_admin_usage(out);
}

/* A connection each for hundreds of waiting nodes is more than the customary 1024. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DESCRIPTORS)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warn("cannot raise the limit of open files: %s", strerror(errno));
}

static void block_signals(sigset_t *ret_set)
{
	sigemptyset(ret_set);
	sigaddset(ret_set, SIGTERM);
	sigaddset(ret_set, SIGINT);
	sigaddset(ret_set, SIGHUP);
	/* Before the first thread, so that all inherit it. */
	pthread_sigmask(SIG_BLOCK, ret_set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void wait_for_end(const sigset_t *set)
{
	int sig = 0;

	/* SIGHUP: host keys are read again by themselves, all else needs a restart. */
	while (sigwait(set, &sig) == 0 && sig == SIGHUP)
		log_warn("ignore SIGHUP, restart to read the configuration again");
	log_info("end on signal %d", sig);
}

static int serve(struct api *api)
{
	struct http_server *server = NULL;
	char why[API_WHY_SIZE] = "out of memory";
	sigset_t signals;
	int r;

	block_signals(&signals);
	raise_descriptors();
	r = api_start(api, why);
	if (r == 0)
		r = api_http_start(api, &server, why, sizeof(why));
	if (r < 0) {
		log_error("%s", why);
		return EXIT_FAILED;
	}
	log_info("serve the API on %s", api->conf.api_listen);
	r = notify_send("READY=1");
	if (r < 0)
		log_warn("cannot tell the service manager: %s", strerror(-r));

	wait_for_end(&signals);
	notify_send("STOPPING=1");
	api_http_drain(server);
	api_stop(api);
	api_http_stop(server);
	return EXIT_DONE;
}

static int run(const char *conf_path, bool check_only)
{
	auto_call(api_clear) struct api api = { 0 };
	char why[API_WHY_SIZE] = "out of memory";

	if (api_load(conf_path, &api, why) < 0) {
		log_error("%s", why);
		return EXIT_FAILED;
	}
	if (check_only) {
		printf("%s: no errors\n", conf_path);
		return EXIT_DONE;
	}
	return serve(&api);
}

int main(int argc, char **argv)
{
	const char *conf_path = PATHS_CONF;
	bool check_only = false;
	int opt;

	log_init("mysocket-api", LOG_LEVEL_INFO, 1);
	/* "+": options end at "account". */
	while ((opt = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
		switch (opt) {
		case OPT_CONFIG:
			conf_path = optarg;
			break;
		case OPT_CHECK:
			check_only = true;
			break;
		case OPT_VERBOSE:
			log_set_level(LOG_LEVEL_DEBUG);
			break;
		case OPT_HELP:
			usage(stdout);
			return EXIT_DONE;
		case OPT_VERSION:
			printf("mysocket-api %s\n", MYSOCKET_VERSION);
			return EXIT_DONE;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (sodium_init() < 0) {
		log_error("cannot start libsodium");
		return EXIT_FAILED;
	}
	if (optind < argc && strcmp(argv[optind], "account") == 0 && !check_only) {
		log_init("mysocket-api", LOG_LEVEL_WARN, 0);
		return api_admin(conf_path, argc - optind, argv + optind);
	}
	if (optind < argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	return run(conf_path, check_only);
}
