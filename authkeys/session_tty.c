/* SPDX-License-Identifier: ISC */
/* Terminal modes, width, colours and Ctrl-C. */
#include "authkeys/session_tty.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "authkeys/session_line.h"

#define COLUMNS_DEFAULT 80 /* of a terminal that does not tell */
#define GRACE_MS 1000

/* sshd's process of this login, or -1; for the signal handler. */
static int sshd_pidfd = -1;

void session_tty_prepare(void)
{
	struct termios t;

	if (tcgetattr(STDOUT_FILENO, &t) < 0)
		return;
	t.c_oflag |= OPOST | ONLCR;
	t.c_lflag |= ISIG;
	t.c_cc[VINTR] = 3;
	(void)tcsetattr(STDOUT_FILENO, TCSANOW, &t);
}

void session_tty_style(struct session_style *ret_style)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	struct winsize size;

	*ret_style = (struct session_style){ 0 };
	if (!isatty(STDOUT_FILENO))
		return;
	ret_style->columns = COLUMNS_DEFAULT;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		ret_style->columns = size.ws_col;
	ret_style->color = term && *term && strcmp(term, "dumb") != 0 && !(no_color && *no_color);
}

/* Only what signal-safety(7) allows. The exit status goes to the client first; a child that has nothing of
 * the terminal open stays behind to close the connection. */
static void on_interrupt(int sig)
{
	/* First: the end of the terminal's session leader hangs up on the child too. */
	signal(SIGHUP, SIG_IGN);
	if (sshd_pidfd < 0 || _Fork() != 0)
		_exit(0);
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	(void)poll(NULL, 0, GRACE_MS);
	(void)syscall(SYS_pidfd_send_signal, sshd_pidfd, SIGTERM, NULL, 0);
	_exit(0);
}

void session_tty_end_on_interrupt(void)
{
	struct sigaction action = { .sa_handler = on_interrupt };

	sshd_pidfd = (int)syscall(SYS_pidfd_open, getppid(), 0);
	sigaction(SIGINT, &action, NULL);
}
