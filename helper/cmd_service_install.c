/* SPDX-License-Identifier: ISC */
/* mysocketctl service install [NAME] */
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/service_unit.h"
#include "helper/upconf.h"
#include "lib/cleanup.h"
#include "lib/clientconf.h"
#include "lib/strbuf.h"

#define TEXT_MAX 65536

struct options {
	struct ctl_common common;
};

struct outcome {
	const struct service_unit *unit;
	bool changed; /* the unit file is new or another */
	bool started; /* systemd was told to */
	bool lingers;
};

/* What `up` must be told again, since a service does not have this shell's environment. */
static const char *const variables[] = { "MYSOCKET_API", "MYSOCKET_CA_FILE", "MYSOCKET_TOKEN_FILE",
					 "XDG_CONFIG_HOME" };

static void free_all(char *(*list)[ARRAY_SIZE(variables) + 1])
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(*list); i++)
		free((*list)[i]);
}

/* "NAME=value", paths made absolute. */
static int get_environment(struct ctl *ctl, char *(*ret)[ARRAY_SIZE(variables) + 1])
{
	size_t i, n = 0;

	for (i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *value = clientconf_environment(variables[i]);
		auto_free char *path = NULL;

		if (value && i > 0) {
			path = realpath(value, NULL);
			value = path ? path : value;
		}
		if (value && strpbrk(value, "\r\n"))
			return ctl_fail(ctl, -EINVAL,
					"cannot put %s into a unit: it has a line "
					"break in it",
					variables[i]);
		if (value && asprintf(&(*ret)[n], "%s=%s", variables[i], value) < 0) {
			(*ret)[n] = NULL;
			return ctl_fail(ctl, -ENOMEM, "out of memory");
		}
		n += value != NULL;
	}
	return 0;
}

static int make_text(struct ctl *ctl, const struct service_unit *unit, struct strbuf *sb)
{
	auto_call(free_all) char *environment[ARRAY_SIZE(variables) + 1] = { NULL };
	auto_call(strbuf_clear) struct strbuf program = STRBUF_INIT(2L * PATH_MAX);
	auto_call(strbuf_clear) struct strbuf config = STRBUF_INIT(2L * PATH_MAX);
	char self[PATH_MAX] = "";
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int r;

	if (n <= 0)
		return ctl_fail(ctl, -ENOSYS,
				"cannot find this program's own path; this host seems to have no "
				"systemd: run 'mysocketctl up' by what starts programs here");
	r = get_environment(ctl, &environment);
	if (r < 0)
		return r;
	r = service_unit_quote(self, &program);
	if (r == 0)
		r = service_unit_quote(unit->config, &config);
	if (r == 0) {
		service_unit_text(program.buf, config.buf, (const char *const *)environment, sb);
		r = strbuf_error(sb);
	}
	return r < 0 ? ctl_fail(ctl, r, "cannot name '%s' or '%s' in a unit: %s", self,
				unit->config, strerror(-r))
		     : 0;
}

/* A unit whose file is wrong would only fail later, where nobody looks. */
static int check_config(const struct ctl *ctl, const struct service_unit *unit)
{
	struct upconf conf;
	char why[UPCONF_WHY_SIZE];
	int r = upconf_load(unit->config, &conf, why);

	if (r < 0)
		return ctl_fail(ctl, r, "%s", why);
	upconf_clear(&conf);
	return 0;
}

/* Starts it, or starts it anew if the unit is another; it is not waited for: that may take until there is a network. */
static int start(struct outcome *o)
{
	int r = 0;

	o->started = service_manager_is_there();
	if (!o->started)
		return 0;
	r = service_manager_call((const char *const[]){ "daemon-reload", NULL });
	if (r == 0)
		r = service_manager_call((const char *const[]){
			"--no-block", o->changed ? "restart" : "start", o->unit->name, NULL });
	return r;
}

static int print_json(struct ctl *ctl, const struct outcome *o)
{
	struct json_object *json = ctl_json_strings("unit", o->unit->name, "unit_file",
						    o->unit->file, "config", o->unit->config, NULL);
	int r;

	if (!json ||
	    json_object_object_add(json, "changed", json_object_new_boolean(o->changed)) < 0 ||
	    json_object_object_add(json, "started", json_object_new_boolean(o->started)) < 0 ||
	    json_object_object_add(json, "linger", json_object_new_boolean(o->lingers)) < 0)
		r = ctl_fail(ctl, -ENOMEM, "out of memory");
	else
		r = ctl_print_json(ctl, json);
	json_object_put(json);
	return r;
}

static int print_text(struct ctl *ctl, const struct outcome *o)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(TEXT_MAX);
	const char *unit = o->unit->name;

	strbuf_addf(&sb, "%s %s\n", o->changed ? "Wrote" : "Is up to date:", o->unit->file);
	strbuf_addf(&sb, "It starts at login, and runs: mysocketctl up %s\n", o->unit->config);
	if (o->started)
		strbuf_addf(&sb, "%s %s\n", o->changed ? "Started" : "Runs, or was started:", unit);
	else
		strbuf_addf(&sb,
			    "No systemd of yours can be reached from here. In a login session of "
			    "your own (not su), run:\n"
			    "  systemctl --user daemon-reload\n  systemctl --user restart %s\n",
			    unit);
	if (!o->lingers)
		strbuf_adds(&sb, "To have it run from boot on, and after you log out, run:\n"
				 "  loginctl enable-linger\n");
	strbuf_addf(&sb,
		    "To watch it:\n  mysocketctl status\n  systemctl --user status %s\n"
		    "  journalctl --user -fu %s\nAfter changing the file:\n"
		    "  systemctl --user reload %s\n",
		    unit, unit, unit);
	return strbuf_error(&sb) < 0 ? ctl_fail(ctl, -ENOMEM, "out of memory")
				     : ctl_print(ctl, sb.buf);
}

static int install(struct ctl *ctl, const struct service_unit *unit)
{
	auto_call(strbuf_clear) struct strbuf text = STRBUF_INIT(TEXT_MAX);
	struct outcome outcome = { .unit = unit };
	int r = check_config(ctl, unit);

	if (r == 0)
		r = make_text(ctl, unit, &text);
	if (r < 0)
		return r;
	r = service_unit_write(unit, text.buf, &outcome.changed);
	if (r < 0)
		return ctl_fail(ctl, r, "cannot write '%s': %s", unit->file, strerror(-r));
	r = start(&outcome);
	if (r < 0)
		return ctl_fail(ctl, r,
				"wrote '%s', but systemd does not start it; see: systemctl --user "
				"status %s",
				unit->file, unit->name);
	outcome.lingers = service_manager_lingers();
	return ctl->json ? print_json(ctl, &outcome) : print_text(ctl, &outcome);
}

static int run(struct ctl *ctl, const void *options)
{
	struct service_unit unit;
	int r = service_unit_of_args(ctl, &unit);

	if (r < 0)
		return r;
	r = install(ctl, &unit);
	service_unit_clear(&unit);
	return r;
}

const struct ctl_command cmd_service_install = {
	.name = "service install",
	.run = run,
	.options_size = sizeof(struct options),
	.args = "[NAME]",
	.summary = "Let systemd keep 'up' running with ~/.config/mysocket/NAME.conf.",
	.description = "Writes a unit of your own, mysocket@NAME.service, that starts when you log "
		       "in, and starts it. Without a name, it is 'up'. May be run again.",
};
