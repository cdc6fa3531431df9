/* SPDX-License-Identifier: ISC */
/* What a shell needs to complete mysocket-proxycommand's command line: a script, written from the table of options. */
#ifndef PROXYCOMMAND_PROXY_COMPLETION_H
#define PROXYCOMMAND_PROXY_COMPLETION_H

struct strbuf;

/* Appends the script for one of the shells that --completion may name. 0; -ENOENT for another; or the strbuf's error. */
int proxy_completion_add(const char *shell, struct strbuf *sb);

#endif
