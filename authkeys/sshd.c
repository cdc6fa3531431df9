/* SPDX-License-Identifier: ISC */
/* mysocket-sshd: becomes the sshd that is installed now, such that its PAM service is mysocket-sshd and
 * pam_mysocket.so sees every login; refuses if that cannot be. Decides nothing else about sshd.
 *
 * sshd up to 9.7 takes its PAM service from its own name, later ones from PAMServiceName, which the older ones refuse.
 * Asked when the service starts, since hosts are upgraded in place. sshd starts this again with the same arguments
 * upon SIGHUP, and up to 9.7 with -R for each connection.
 *
 * MUST 1: no listener starts whose PAM service is not ours.
 * MUST 2: a connection costs nothing but an exec: no question, no file read. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/pamconf.h"
#include "lib/paths.h"
#include "lib/spawn.h"
#include "lib/strbuf.h"

/* Also the last part of its path, which is what counts up to 9.7. */
#define SERVICE "mysocket-sshd"
#define SELF PATHS_LIBEXEC "/" SERVICE
#define ANSWER_MAX (1024 * 1024)
#define ANSWER_TIMEOUT_MS 60000

enum { EXIT_DONE, EXIT_FAILED };

static const char usage[] =
	"Usage: mysocket-sshd -D -f /usr/share/mysocket/sshd_config.d/mysocket-sshd.conf [OPTION...]\n"
	"Becomes the installed sshd, with mysocket-sshd as its PAM service.\n"
	"OPTION: as of sshd, whose -t and -T tell what it would do.\n"
	"      --help     this text\n"
	"      --version  the version\n";

/* Given to a sshd that knows the keyword. No penalties for a source address: a cluster behind one has some keys that
 * were removed, and its hundreds of other clients must come back after a restart. There is no password to guess, and
 * what one address may cost is limited by MaxStartups, PerSourceMaxStartups and LoginGraceTime. */
static const struct {
	const char *keyword; /* as `sshd -T` prints it */
	const char *option;
} extras[] = {
	{ "pamservicename", "PAMServiceName=" SERVICE },
	{ "persourcepenalties", "PerSourcePenalties=no" },
};

/* True if sshd's answer has the line "KEYWORD VALUE", with any value if it is NULL. */
static bool has_setting(const char *answer, const char *keyword, const char *value)
{
	size_t len = strlen(keyword), line_len;

	for (; *answer; answer += line_len + (answer[line_len] == '\n')) {
		line_len = strcspn(answer, "\n");
		if (line_len <= len || strncmp(answer, keyword, len) != 0 || answer[len] != ' ')
			continue;
		if (!value || (line_len - len - 1 == strlen(value) &&
			       !strncmp(answer + len + 1, value, strlen(value))))
			return true;
	}
	return false;
}

static bool is_extra(const char *option)
{
	for (size_t i = 0; i < ARRAY_SIZE(extras); i++)
		if (!strcmp(option, extras[i].option))
			return true;
	return false;
}

/* The arguments without those that a start before SIGHUP has put in front. */
static char **own_arguments(char **argv)
{
	argv++;
	while (argv[0] && argv[1] && !strcmp(argv[0], "-o") && is_extra(argv[1]))
		argv += 2;
	return argv;
}

static size_t count(char **arguments)
{
	size_t n = 0;

	while (arguments[n])
		n++;
	return n;
}

/* 0 with sshd's answer; or the exit status to end with, sshd having said why. */
static int ask(char **arguments, char **ret_answer)
{
	size_t n = count(arguments);
	auto_free const char **argv = calloc(n + 3, sizeof(*argv));
	int r, status;

	if (!argv) {
		log_error("no memory, refusing to start");
		return EXIT_FAILED;
	}
	argv[0] = PATHS_SSHD;
	memcpy(argv + 1, arguments, n * sizeof(*argv));
	argv[n + 1] = "-T";
	r = spawn_capture(argv, ANSWER_MAX, ANSWER_TIMEOUT_MS, ret_answer, &status);
	if (r < 0) {
		log_error_r(r, "cannot ask " PATHS_SSHD " for its settings, refusing to start");
		return EXIT_FAILED;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
}

/* MUST 1, but for the name. */
static int check(const char *answer)
{
	auto_call(strbuf_clear) struct strbuf why = STRBUF_INIT(PATH_MAX + 512);

	if (!has_setting(answer, "usepam", "yes"))
		strbuf_adds(&why, "sshd would not ask PAM, set \"UsePAM yes\"");
	else if (!pamconf_check(&pamconf_system, SERVICE, &why))
		return 0;
	log_error("refusing to start, sshd would bind relay ports by itself: %s", why.buf);
	return -EPERM;
}

/* Returns only on failure. */
static int become(char **argv)
{
	execv(PATHS_SSHD, argv);
	log_error_r(-errno, "cannot execute " PATHS_SSHD);
	return EXIT_FAILED;
}

static int start(char **arguments)
{
	size_t n = 0, i;
	auto_free char *answer = NULL;
	auto_free char **argv =
		calloc(1 + 2 * ARRAY_SIZE(extras) + count(arguments) + 1, sizeof(*argv));
	int status = argv ? ask(arguments, &answer) : EXIT_FAILED;

	if (status ||
	    !*answer) /* without settings it was asked for something else, as its version */
		return status;
	if (check(answer) < 0)
		return EXIT_FAILED;
	argv[n++] = (char *)SELF;
	for (i = 0; i < ARRAY_SIZE(extras); i++) {
		if (!has_setting(answer, extras[i].keyword, NULL))
			continue;
		argv[n++] = (char *)"-o";
		argv[n++] = (char *)extras[i].option;
	}
	memcpy(argv + n, arguments, count(arguments) * sizeof(*argv));
	return become(argv);
}

/* True if this process's parent runs a sshd that is no longer the installed one. */
static bool listener_is_replaced(void)
{
	struct stat installed, running;
	char exe[64], path[sizeof(PATHS_SSHD)];

	snprintf(exe, sizeof(exe), "/proc/%d/exe", (int)getppid());
	/* What somebody else runs, who has adopted this process, ends otherwise; " (deleted)" may follow. */
	if (readlink(exe, path, sizeof(path)) < (ssize_t)sizeof(path) - 1 ||
	    memcmp(path, PATHS_SSHD, sizeof(path) - 1) != 0)
		return false;
	if (stat(exe, &running) < 0 || stat(PATHS_SSHD, &installed) < 0)
		return false;
	return running.st_dev != installed.st_dev || running.st_ino != installed.st_ino;
}

/* For one connection of a listener up to 9.7. A newer sshd than it could not understand it; the client, whose connection
 * ends, comes back. */
static int serve(char **argv)
{
	if (!listener_is_replaced())
		return become(argv);
	log_warn(PATHS_SSHD " is another one than this listener's, restarting the listener");
	kill(getppid(), SIGHUP);
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	log_init(SERVICE, LOG_LEVEL_INFO, 0);
	if (argc > 1 && !strcmp(argv[argc - 1], "-R"))
		return serve(argv);
	if (argc == 2 && !strcmp(argv[1], "--help"))
		return file_write_all(STDOUT_FILENO, usage, sizeof(usage) - 1) < 0;
	if (argc == 2 && !strcmp(argv[1], "--version"))
		return file_write_all(STDOUT_FILENO, "mysocket-sshd " MYSOCKET_VERSION "\n",
				      sizeof("mysocket-sshd " MYSOCKET_VERSION "\n") - 1) < 0;
	return start(own_arguments(argv));
}
