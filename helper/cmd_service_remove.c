/* SPDX-License-Identifier: ISC */
/* mysocketctl service remove [NAME] */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/service_unit.h"
#include "helper/upconf.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

struct options {
	struct ctl_common common;
};

static int say(struct ctl *ctl, const struct service_unit *unit, bool removed, bool stopped)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(8192);
	struct json_object *o;
	int r;

	if (ctl->json) {
		o = ctl_json_strings("unit", unit->name, "unit_file", unit->file, NULL);
		if (!o ||
		    json_object_object_add(o, "removed", json_object_new_boolean(removed)) < 0 ||
		    json_object_object_add(o, "stopped", json_object_new_boolean(stopped)) < 0)
			r = ctl_fail(ctl, -ENOMEM, "out of memory");
		else
			r = ctl_print_json(ctl, o);
		json_object_put(o);
		return r;
	}
	if (removed)
		strbuf_addf(&sb, "Removed %s\nYour sockets, and %s, stay.\n", unit->file,
			    unit->config);
	else
		strbuf_addf(&sb, "Nothing to remove: there is no %s\n", unit->file);
	if (removed && !stopped)
		strbuf_addf(&sb,
			    "No systemd of yours can be reached from here. If it still runs, end "
			    "it in a login session of your own (not su) with:\n"
			    "  systemctl --user stop %s\n  systemctl --user daemon-reload\n",
			    unit->name);
	return ctl_print(ctl, sb.buf);
}

static int remove_unit(struct ctl *ctl, const struct service_unit *unit)
{
	bool there = service_manager_is_there(), removed = false;
	int r = 0;

	/* While systemd still knows what it is; one that does not run is stopped too. */
	if (there)
		(void)service_manager_call(
			(const char *const[]){ "stop", "--quiet", unit->name, NULL });
	r = service_unit_remove(unit, &removed);
	if (r < 0)
		return ctl_fail(ctl, r, "cannot remove '%s': %s", unit->file, strerror(-r));
	if (there && removed)
		r = service_manager_call((const char *const[]){ "daemon-reload", NULL });
	if (r < 0)
		return ctl_fail(ctl, r,
				"removed '%s', but systemd does not take notice; run: "
				"systemctl --user daemon-reload",
				unit->file);
	return say(ctl, unit, removed, there);
}

static int run(struct ctl *ctl, const void *options)
{
	struct service_unit unit;
	int r = service_unit_of_args(ctl, &unit);

	if (r < 0)
		return r;
	r = remove_unit(ctl, &unit);
	service_unit_clear(&unit);
	return r;
}

const struct ctl_command cmd_service_remove = {
	.name = "service remove",
	.run = run,
	.options_size = sizeof(struct options),
	.args = "[NAME]",
	.summary = "End what 'service install' made, and remove its unit.",
	.description = "The file in ~/.config/mysocket stays, and so do the sockets.",
};
