/* SPDX-License-Identifier: ISC */
#include "lib/shells.h"

#include <errno.h>
#include <string.h>

#include "lib/strbuf.h"

int shells_add(const struct shells *scripts, const char *shell, struct strbuf *sb)
{
	if (!strcmp(shell, "bash"))
		scripts->bash(sb);
	else if (!strcmp(shell, "zsh"))
		scripts->zsh(sb);
	else if (!strcmp(shell, "fish"))
		scripts->fish(sb);
	else
		return -ENOENT;
	return strbuf_error(sb);
}
