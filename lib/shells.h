/* SPDX-License-Identifier: ISC */
/* The shells that our programs write completion for. */
#ifndef LIB_SHELLS_H
#define LIB_SHELLS_H

struct strbuf;

/* What appends a program's script for each of them. */
struct shells {
	void (*bash)(struct strbuf *sb);
	void (*zsh)(struct strbuf *sb);
	void (*fish)(struct strbuf *sb);
};

/* Appends the script for the shell of that name. 0; -ENOENT for another shell; or the strbuf's error. */
int shells_add(const struct shells *scripts, const char *shell, struct strbuf *sb);

#endif
