/* SPDX-License-Identifier: ISC */
/* mysocketctl logout: forgets the token. The service is not asked: it keeps no list of tokens, and a token that was copied
 * elsewhere ends by itself. */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

struct options {
	struct ctl_common common;
};

static int print(struct ctl *ctl, const char *path, bool removed)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(8192);
	struct json_object *o;
	int r;

	if (!ctl->json) {
		strbuf_addf(&sb,
			    removed ? "Logged out. Token removed: %s\n"
				    : "You are not logged in: there is no %s\n",
			    path);
		return ctl_print(ctl, sb.buf);
	}
	o = ctl_json_strings("token_file", path, NULL);
	if (!o || json_object_object_add(o, "removed", json_object_new_boolean(removed)) < 0)
		r = ctl_fail(ctl, -ENOMEM, "out of memory");
	else
		r = ctl_print_json(ctl, o);
	json_object_put(o);
	return r;
}

static int run(struct ctl *ctl, const void *options)
{
	char why[SETTINGS_WHY_SIZE];
	bool removed;
	int r = settings_load(&ctl->settings, why);

	if (r < 0)
		return ctl_fail(ctl, r, "%s", why);
	removed = unlink(ctl->settings.token_file) == 0;
	if (!removed && errno != ENOENT && errno != ENOTDIR)
		return ctl_fail(ctl, -errno, "cannot remove the token '%s': %s",
				ctl->settings.token_file, strerror(errno));
	return print(ctl, ctl->settings.token_file, removed);
}

const struct ctl_command cmd_logout = {
	.name = "logout",
	.run = run,
	.options_size = sizeof(struct options),
	.summary = "Forget the token of the last login.",
};
