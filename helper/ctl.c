/* SPDX-License-Identifier: ISC */
/* The context of a command: opening what it needs, saying what went wrong. */
#include "helper/ctl.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "helper/json_text.h"
#include "helper/rest.h"
#include "helper/signals.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/strbuf.h"

#define MESSAGE_SIZE 1800
#define TERMINATED_MS 1500 /* what is under way may still be answered */
#define LOGIN_COMMAND "mysocketctl login --email EMAIL"

static const struct ctl_option common[] = {
	{ "json", CTL_OPTION_FLAG, offsetof(struct ctl_common, json),
	  .help = "Print JSON instead of text; errors too, on standard error" },
	{ "help", CTL_OPTION_FLAG, offsetof(struct ctl_common, help),
	  .help = "Show this message and exit" },
};

const struct ctl_option_table ctl_common_options = { common, ARRAY_SIZE(common) };

static void say_json(const char *name, const char *text)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(16384);
	struct json_object *o = ctl_json_strings(name, text, NULL);

	if (o && json_text_add(&sb, o, false) == 0)
		fprintf(stderr, "%s\n", sb.buf);
	json_object_put(o);
}

static void say(const struct ctl *ctl, enum log_level level, const char *text)
{
	const char *rest = text, *end;

	if (ctl->json) {
		say_json(level == LOG_LEVEL_ERROR ? "error_message" : "warning_message", text);
		return;
	}
	while ((end = strchr(rest, '\n'))) {
		log_line(level, "%.*s", (int)(end - rest), rest);
		rest = end + 1;
	}
	log_line(level, "%s", rest);
}

int ctl_fail(const struct ctl *ctl, int r, const char *fmt, ...)
{
	char text[MESSAGE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say(ctl, LOG_LEVEL_ERROR, text);
	return r;
}

int ctl_usage(struct ctl *ctl, const char *fmt, ...)
{
	char text[MESSAGE_SIZE];
	va_list ap;

	ctl->usage_error = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say(ctl, LOG_LEVEL_ERROR, text);
	return -EINVAL;
}

void ctl_warn(const struct ctl *ctl, const char *fmt, ...)
{
	char text[MESSAGE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say(ctl, LOG_LEVEL_WARN, text);
}

/* Whoever sends SIGTERM may send SIGKILL soon. */
static bool is_terminated(struct ctl *ctl)
{
	int64_t now = clock_mono_ms();

	if (ctl->patience < 2 || !signals_terminated())
		return false;
	if (!ctl->terminated_ms)
		ctl->terminated_ms = now;
	return now - ctl->terminated_ms >= TERMINATED_MS;
}

static bool is_cancelled(void *context)
{
	struct ctl *ctl = context;
	unsigned asked = ctl->patience ? signals_end_requests() : 0;

	if (asked && asked < ctl->patience && !ctl->told_patience && !signals_terminated()) {
		ctl->told_patience = true;
		ctl_warn(ctl, "waiting for the API, so that what it makes is deleted; Ctrl-C again "
			      "waits no longer");
	}
	return (asked && asked >= ctl->patience) || is_terminated(ctl);
}

int ctl_open_api(struct ctl *ctl)
{
	struct rest_config config = { .cancelled = is_cancelled, .context = ctl };
	char why[SETTINGS_WHY_SIZE];
	int r = settings_load(&ctl->settings, why);

	if (r < 0)
		return ctl_fail(ctl, r, "%s", why);
	if (!ctl->settings.api)
		return ctl_fail(ctl, -ENOENT,
				"no service is set; set MYSOCKET_API to the address of your "
				"service's API, for example: "
				"export MYSOCKET_API=https://api.example.com ('login' saves it)");
	config.api = ctl->settings.api;
	config.ca_file = ctl->settings.ca_file;
	r = rest_new(&config, &ctl->rest);
	return r < 0 ? ctl_fail(ctl, r, "cannot set up the API client: out of memory") : 0;
}

static int token_trouble(const struct ctl *ctl, int r)
{
	const char *path = ctl->settings.token_file;

	switch (r) {
	case -ENOENT:
		return ctl_fail(ctl, r, "not logged in; run: " LOGIN_COMMAND);
	case -EACCES:
		return ctl_fail(
			ctl, r,
			"cannot use the token '%s': others may read it, or it is not yours; "
			"run: chmod 600 '%s'",
			path, path);
	case -EINVAL:
	case -EFBIG:
		return ctl_fail(ctl, r, "'%s' holds no login token; run: " LOGIN_COMMAND, path);
	default:
		return ctl_fail(ctl, r, "cannot read the token '%s': %s", path, strerror(-r));
	}
}

int ctl_open_token(struct ctl *ctl)
{
	int r = token_load(ctl->settings.token_file, &ctl->token);

	if (r < 0)
		return token_trouble(ctl, r);
	r = rest_set_token(ctl->rest, ctl->token.text);
	return r < 0 ? ctl_fail(ctl, r, "cannot use the token: out of memory") : 0;
}

/* What the API calls a field, its user knows by another name. */
static const struct {
	const char *field, *name;
} names[] = {
	{ "add_request_headers", "add-header" },
	{ "allowed_networks", "allow" },
	{ "denied_networks", "deny" },
	{ "host_header", "host-header" },
	{ "protected_password", "password" },
	{ "protected_socket", "protected" },
	{ "protected_username", "username" },
	{ "proxy_protocol", "proxy-protocol" },
	{ "rate_limit", "rate-limit" },
	{ "remove_request_headers", "remove-header" },
	{ "socket_type", "type" },
};

/* "field 'allowed_networks': ..." -> "'allow': ..." */
static void say_field(const struct ctl *ctl, const char *message)
{
	const char *field = message + strlen("field '"), *rest = strchr(field, '\'');
	size_t i;

	for (i = 0; rest && i < ARRAY_SIZE(names); i++)
		if (strlen(names[i].field) == (size_t)(rest - field) &&
		    !strncmp(names[i].field, field, strlen(names[i].field))) {
			ctl_fail(ctl, 0, "'%s%s", names[i].name, rest);
			return;
		}
	ctl_fail(ctl, 0, "'%s", field);
}

int ctl_say_rest(const struct ctl *ctl, int r)
{
	if (!strncmp(rest_error(ctl->rest), "field '", strlen("field '"))) {
		say_field(ctl, rest_error(ctl->rest));
		return r;
	}

	if (r == -EACCES && ctl->token.text && ctl->token.expires &&
	    ctl->token.expires <= time(NULL))
		return ctl_fail(ctl, r, "the login has expired; run: " LOGIN_COMMAND);
	if (r == -EACCES && ctl->token.text)
		return ctl_fail(ctl, r, "%s; run: " LOGIN_COMMAND, rest_error(ctl->rest));
	return ctl_fail(ctl, r, "%s", rest_error(ctl->rest));
}

/* What is not there is looked for where it is listed. */
static int say_missing(const struct ctl *ctl, int r, const char *path)
{
	const char *socket = strncmp(path, "/socket/", 8) == 0 ? path + 8 : NULL;
	const char *tunnel = socket ? strstr(socket, "/tunnel/") : NULL;

	if (tunnel)
		return ctl_fail(ctl, r, "%s; see: mysocketctl tunnel ls --socket_id %.*s",
				rest_error(ctl->rest), (int)(tunnel - socket), socket);
	if (socket)
		return ctl_fail(ctl, r, "%s; see: mysocketctl socket ls", rest_error(ctl->rest));
	if (strstr(path, "/key/"))
		return ctl_fail(ctl, r, "%s; see: mysocketctl account key ls",
				rest_error(ctl->rest));
	if (!strncmp(path, "/domain/", strlen("/domain/")))
		return ctl_fail(ctl, r,
				"you have no such domain; see: mysocketctl domain ls; to add it: "
				"mysocketctl domain add");
	return ctl_say_rest(ctl, r);
}

int ctl_call(struct ctl *ctl, const char *method, const char *path, struct json_object *body,
	     struct json_object **ret_answer)
{
	int64_t left = ctl->deadline_ms - clock_mono_ms();
	int r;

	if (ctl->deadline_ms)
		rest_set_timeout(ctl->rest, left > 0 ? (int)left : 1);
	r = rest_call(ctl->rest, method, path, body, ret_answer);
	if (r == -ENOENT)
		return say_missing(ctl, r, path);
	return r < 0 ? ctl_say_rest(ctl, r) : 0;
}

int ctl_bad_answer(const struct ctl *ctl, const char *why)
{
	return ctl_fail(ctl, -EBADMSG, "cannot use the answer of %s: %s; is it a mysocket API?",
			ctl->settings.api, why);
}

void ctl_clear(struct ctl *ctl)
{
	rest_free(ctl->rest);
	ctl->rest = NULL;
	token_clear(&ctl->token);
	settings_clear(&ctl->settings);
}
