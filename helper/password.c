/* SPDX-License-Identifier: ISC */
/* Passwords. The terminal's echo is restored on every way out, signals included. */
#include "helper/password.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/file.h"

#define TERMINAL "/dev/tty"

static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
static volatile sig_atomic_t signal_seen;

static void on_signal(int sig)
{
	signal_seen = sig;
}

void password_free(char *password)
{
	if (password)
		explicit_bzero(password, strlen(password));
	free(password);
}

bool password_can_ask(void)
{
	auto_close int fd = open(TERMINAL, O_RDWR | O_NOCTTY | O_CLOEXEC);

	return fd >= 0;
}

static int say(int fd, const char *text)
{
	return file_write_all(fd, text, strlen(text));
}

/* Reads one line into buf; longer ones are -EMSGSIZE, but eaten to their end. */
static int read_line(int fd, char *buf, size_t size)
{
	size_t len = 0;
	bool too_long = false;
	char c;

	for (;;) {
		ssize_t n = read(fd, &c, 1);

		if (n < 0)
			return -errno;
		if (n == 0 && len == 0)
			return -ECANCELED;
		if (n == 0 || c == '\n')
			break;
		if (len + 1 < size)
			buf[len++] = c;
		else
			too_long = true;
	}
	buf[len] = '\0';
	return too_long ? -EMSGSIZE : 0;
}

/* read_line with the echo off. Signals end the read with -EINTR; the caller raises them again. */
static int read_hidden(int fd, char *buf, size_t size)
{
	struct sigaction catch = { .sa_handler = on_signal }, before[ARRAY_SIZE(caught)];
	struct termios shown, hidden;
	size_t i;
	int r;

	if (tcgetattr(fd, &shown) < 0)
		return -errno;
	signal_seen = 0;
	for (i = 0; i < ARRAY_SIZE(caught); i++)
		sigaction(caught[i], &catch, &before[i]);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	r = tcsetattr(fd, TCSAFLUSH, &hidden) < 0 ? -errno : read_line(fd, buf, size);
	tcsetattr(fd, TCSAFLUSH, &shown);
	for (i = 0; i < ARRAY_SIZE(caught); i++)
		sigaction(caught[i], &before[i], NULL);
	return r;
}

/* One prompt and its answer; asks again after Ctrl-Z and fg. */
static int ask_once(int fd, const char *prompt, const char *more, char *buf, size_t size)
{
	for (;;) {
		int r = say(fd, prompt);

		if (r == 0)
			r = say(fd, more);
		if (r == 0)
			r = read_hidden(fd, buf, size);
		say(fd, "\n");
		if (r != -EINTR || !signal_seen)
			return r;
		raise(signal_seen);
		if (signal_seen != SIGTSTP)
			return -EINTR;
	}
}

static int refuse(char *why, int r, const char *text)
{
	snprintf(why, PASSWORD_WHY_SIZE, "%s", text);
	return r;
}

static int ask(const struct password_source *source, char **ret_password, char *why)
{
	auto_close int fd = open(TERMINAL, O_RDWR | O_NOCTTY | O_CLOEXEC);
	char first[PASSWORD_MAX + 1] = "", again[PASSWORD_MAX + 1] = "";
	int r;

	if (fd < 0)
		return refuse(
			why, -ENOTTY,
			source->environment
				? "no password was given, and there is no terminal to ask on; "
				  "set MYSOCKET_PASSWORD or use --password-file"
				: "no password was given, and there is no terminal to ask on; "
				  "use --password");
	r = ask_once(fd, source->prompt, ": ", first, sizeof(first));
	if (r == 0 && source->twice)
		r = ask_once(fd, source->prompt, ", again: ", again, sizeof(again));
	if (r < 0)
		refuse(why, r,
		       r == -EMSGSIZE ? "the password is too long (1024 bytes at most)"
				      : "no password was entered");
	else if (source->twice && strcmp(first, again) != 0)
		r = refuse(why, -EINVAL, "the two passwords differ; try again");
	else if (!(*ret_password = strdup(first)))
		r = refuse(why, -ENOMEM, "out of memory");
	explicit_bzero(first, sizeof(first));
	explicit_bzero(again, sizeof(again));
	return r;
}

static int from_file(const char *path, char **ret_password, char *why)
{
	char *text = NULL;
	size_t len;
	int r = file_read(!strcmp(path, "-") ? "/dev/stdin" : path, PASSWORD_MAX + 2, &text, &len);

	if (r < 0) {
		snprintf(why, PASSWORD_WHY_SIZE, "cannot read the password file '%.200s': %s", path,
			 strerror(-r));
		return r;
	}
	/* One line end, as an editor leaves it. */
	if (len && text[len - 1] == '\n')
		text[--len] = '\0';
	if (len && text[len - 1] == '\r')
		text[--len] = '\0';
	if (strlen(text) != len || strpbrk(text, "\r\n")) {
		password_free(text);
		return refuse(why, -EINVAL, "the password file must hold one line of text");
	}
	*ret_password = text;
	return 0;
}

static int from_text(const char *text, char **ret_password, char *why)
{
	*ret_password = strdup(text);
	return *ret_password ? 0 : refuse(why, -ENOMEM, "out of memory");
}

int password_get(const struct password_source *source, char **ret_password,
		 char ret_why[PASSWORD_WHY_SIZE])
{
	const char *environment = source->environment ? getenv(source->environment) : NULL;
	char *password = NULL;
	int r;

	if (source->option)
		r = from_text(source->option, &password, ret_why);
	else if (source->file)
		r = from_file(source->file, &password, ret_why);
	else if (environment && *environment)
		r = from_text(environment, &password, ret_why);
	else
		r = ask(source, &password, ret_why);
	if (r == 0 && !*password) {
		free(password);
		return refuse(ret_why, -EINVAL, "the password must not be empty");
	}
	if (r == 0 && !escape_is_utf8(password)) {
		password_free(password);
		return refuse(
			ret_why, -EINVAL,
			"the password must be UTF-8; set your terminal, or what wrote it, to it");
	}
	if (r == 0)
		*ret_password = password;
	return r;
}
