/* SPDX-License-Identifier: ISC */
/* What a shell needs to complete mysocketctl's command line: a script, written from the tables of commands and options. */
#ifndef HELPER_COMPLETION_H
#define HELPER_COMPLETION_H

struct strbuf;

/* Appends the script for "bash", "zsh" or "fish". 0; -ENOENT for another shell; or the strbuf's error. */
int completion_add(const char *shell, struct strbuf *sb);

#endif
