/* SPDX-License-Identifier: ISC */
/* $HOME goes before the password database. */
#include "lib/home.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/strbuf.h"

const char *home_folder(void)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (home && home[0] == '/')
		return home;
	pw = getpwuid(getuid());
	return pw && pw->pw_dir && pw->pw_dir[0] == '/' ? pw->pw_dir : NULL;
}

int home_expand(const char *path, char **ret_path)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(PATH_MAX);

	if (path[0] == '~' && (!path[1] || path[1] == '/')) {
		const char *home = home_folder();

		if (!home)
			return -ENOENT;
		strbuf_adds(&sb, home);
		path++;
	}
	strbuf_adds(&sb, path);
	return strbuf_take(&sb, ret_path);
}
