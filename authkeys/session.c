/* SPDX-License-Identifier: ISC */
/* mysocket-session: what a tunnel's login sees instead of a shell: the welcome, the public names, then a line
 * per request. One process per tunnel, so it stays small: libc only, no buffers that grow with traffic. */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "authkeys/session_ask.h"
#include "authkeys/session_command.h"
#include "authkeys/session_node.h"
#include "authkeys/session_run.h"
#include "authkeys/session_tty.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/strbuf.h"

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

static const char usage[] =
	"Usage: mysocket-session\n"
	"Shows a tunnel's requests to its user. sshd starts it, as the users' shell and as ForceCommand.\n"
	"      --help     this text\n"
	"      --version  the version\n";
static const char version[] = "mysocket-session " MYSOCKET_VERSION "\n";
static const char by_hand[] =
	"mysocket-session: sshd starts this for a tunnel's login, it does nothing by hand; see mysocket-session(8)\n";
static const char no_token[] =
	"mysocket-session: no session was opened for this login: add pam_mysocket.so to sshd's PAM service, see pam_mysocket(8)\n";
static const char no_answer[] =
	"mysocket: this server cannot answer now, try again in a moment [unavailable]\n";

static int say(int fd, const char *text, int status)
{
	return file_write_all(fd, text, strlen(text)) < 0 ? EXIT_FAILED : status;
}

/* Takes the token out of the environment, which everybody with our uid could read. */
static int take_token(struct session_node *node)
{
	char *token = getenv(NODEWIRE_TOKEN_ENV);
	int r;

	prctl(PR_SET_DUMPABLE, 0);
	if (!token)
		return -1;
	r = session_node_init(node, token, isatty(STDOUT_FILENO));
	explicit_bzero(token, strlen(token));
	return r;
}

static int refuse(void)
{
	auto_call(strbuf_clear) struct strbuf text = STRBUF_INIT(1024);

	strbuf_adds(&text, "mysocket: no commands, files or subsystems here but ");
	session_command_words(&text);
	strbuf_adds(&text, "; to publish a port: ssh -R <relay port>:127.0.0.1:<your port>\n");
	return say(STDERR_FILENO, text.buf, EXIT_FAILED);
}

static int help(void)
{
	auto_call(strbuf_clear) struct strbuf text = STRBUF_INIT(1024);

	session_command_help(&text);
	return say(STDOUT_FILENO, text.buf, EXIT_DONE);
}

static void prepare(void)
{
	setlocale(LC_CTYPE, "C.UTF-8"); /* wide characters; without it all count as one column */
	/* Not to outlive sshd's process: as one of the session's processes it would keep the login alive. */
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	session_tty_prepare();
}

static int ask(struct session_node *node, const struct session_command *command)
{
	int r;

	prepare();
	r = session_ask(node, command);
	if (r < 0 && r != -EPERM)
		return say(STDERR_FILENO, no_answer, EXIT_FAILED);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

int main(int argc, char **argv)
{
	const char *text = getenv("SSH_ORIGINAL_COMMAND");
	struct session_command command;
	struct session_node node;

	if (argc == 2 && !strcmp(argv[1], "--help"))
		return say(STDOUT_FILENO, usage, EXIT_DONE);
	if (argc == 2 && !strcmp(argv[1], "--version"))
		return say(STDOUT_FILENO, version, EXIT_DONE);
	if (!getenv("SSH_CONNECTION"))
		return say(STDERR_FILENO, by_hand, EXIT_USAGE);
	if (text && *text && session_command_parse(text, &command) < 0)
		return refuse();
	if (text && *text && command.is_local)
		return help();
	if (take_token(&node) < 0)
		return say(STDERR_FILENO, no_token, EXIT_FAILED);

	if (text && *text)
		return ask(&node, &command);
	prepare();
	session_tty_end_on_interrupt();
	return session_run(&node) < 0 ? EXIT_FAILED : EXIT_DONE;
}
