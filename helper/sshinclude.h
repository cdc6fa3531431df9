/* SPDX-License-Identifier: ISC */
/* One line at the top of the user's own ssh_config, put there and taken away again. The rest of the file is
 * the user's: it stays as it is, to the byte. */
#ifndef HELPER_SSHINCLUDE_H
#define HELPER_SSHINCLUDE_H

#include <stdbool.h>
#include <stddef.h>

struct strbuf;

/* ssh looks for a path without a slash in front below ~/.ssh (ssh_config(5)). */
#define SSHINCLUDE_LINE "Include mysocket/config"

/* Append the file's new text: 1; or nothing, if it is as it should be: 0; or the strbuf's error. The line counts only
 * where ssh reads it for every host: before the first Host or Match. It ends as the file's first line does. */
int sshinclude_add(const char *text, size_t len, struct strbuf *sb);
int sshinclude_remove(const char *text, size_t len, struct strbuf *sb);

/* The same with a file, in one step, its mode kept, a symlink followed. A missing file is made, 0600: *ret_made is set then.
 * 0 or a negative errno: -EPERM if the file is somebody else's, -EFBIG past 1 MiB; the file is untouched then. */
int sshinclude_install(const char *path, bool *ret_made);
/* 1: taken away; 0: it was not there. `made`: a file that is empty then is removed. */
int sshinclude_uninstall(const char *path, bool made);

#endif
