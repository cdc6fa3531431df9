/* SPDX-License-Identifier: ISC */
/* Where a password comes from: the option, a file, the environment, or the terminal without echo. */
#ifndef HELPER_PASSWORD_H
#define HELPER_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#define PASSWORD_MAX 1024
#define PASSWORD_WHY_SIZE 400

struct password_source {
	const char *option;	 /* --password; NULL: not given */
	const char *file;	 /* --password-file; "-" is standard input; NULL: not given */
	const char *environment; /* name of a variable; NULL: none */
	const char *prompt;	 /* "Password for me@example.com" */
	bool twice;		 /* ask for it twice: a new password */
};

/* The first of: option, file, environment, terminal. 0 with *ret_password (password_free() it). Else a negative
 * errno with a sentence: -ENOTTY if nothing was given and there is no terminal, -EINTR on Ctrl-C. */
int password_get(const struct password_source *source, char **ret_password,
		 char ret_why[PASSWORD_WHY_SIZE]);

/* Wipes and frees; NULL is legal. */
void password_free(char *password);

/* True if a person can be asked: there is a terminal to open. */
bool password_can_ask(void);

#endif
