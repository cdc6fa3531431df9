/* SPDX-License-Identifier: ISC */
/* Whether PAM asks our module: without it sshd would bind relay ports by itself. Reads PAM's configuration as libpam
 * finds it (pam.conf(5), and Debian's "@include"), and tells which lines there are, not what their order comes to. */
#ifndef LIB_PAMCONF_H
#define LIB_PAMCONF_H

struct strbuf;

struct pamconf {
	const char *folders
		[2]; /* of services; the first that has the file counts; both may be the same */
	const char *modules; /* folder of modules that are named without one */
};

/* The system's own. */
extern const struct pamconf pamconf_system;

/* 0 if the service has an account and a session line with pam_mysocket.so, itself or in what it includes, and the
 * module is there. Else -ENOENT (a file or a line is missing) or the error of reading, and ret_why, which may hold
 * something before, is given the reason and the remedy: "..., put ... at the top of ...". */
int pamconf_check(const struct pamconf *conf, const char *service, struct strbuf *ret_why);

#endif
