/* SPDX-License-Identifier: ISC */
/* mysocketctl login: a token for the password; remembers the service. */
#include <errno.h>
#include <json-c/json.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/password.h"
#include "helper/rest.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/strbuf.h"

struct options {
	struct ctl_common common;
	const char *email;
	const char *password;
	const char *password_file;
};

static const struct ctl_option table[] = {
	{ "email", CTL_OPTION_STRING, offsetof(struct options, email), .metavar = "TEXT",
	  .help = "E-mail address of your account", .required = true },
	{ "password", CTL_OPTION_STRING, offsetof(struct options, password), .metavar = "TEXT",
	  .help = "Password; without it you are asked, and nobody sees it in the list of processes" },
	{ "password_file", CTL_OPTION_STRING, offsetof(struct options, password_file),
	  .metavar = "FILE", .help = "Read the password from a file; - is standard input" },
};

struct answer {
	char *token;
};

static const struct json_field answer_fields[] = {
	{ "token", JSON_STRING, offsetof(struct answer, token), .required = true, .secret = true,
	  .max = TOKEN_MAX },
};

static int save(struct ctl *ctl, struct json_object *o)
{
	const char *path = ctl->settings.token_file;
	char why[JSON_ERROR_SIZE];
	struct answer answer;
	int r = json_read(o, answer_fields, ARRAY_SIZE(answer_fields), &answer, why);

	if (r < 0)
		return ctl_bad_answer(ctl, why);
	r = token_parse(answer.token, &ctl->token);
	if (r == 0) {
		r = token_save(path, answer.token);
		if (r < 0)
			ctl_fail(ctl, r,
				 "cannot write the token to '%s': %s; set MYSOCKET_TOKEN_FILE "
				 "to a file in a folder that you may write to",
				 path, strerror(-r));
	} else {
		r = ctl_bad_answer(ctl, "it holds no token");
	}
	json_clear(answer_fields, ARRAY_SIZE(answer_fields), &answer);
	if (r < 0)
		return r;
	r = settings_save(&ctl->settings);
	if (r < 0)
		ctl_warn(ctl, "cannot write '%s': %s; keep MYSOCKET_API set",
			 ctl->settings.config_file, strerror(-r));
	return 0;
}

static int report(struct ctl *ctl)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(8192);
	struct json_object *o;
	int r;

	if (ctl->json) {
		o = ctl_json_strings("token_file", ctl->settings.token_file, "user_id",
				     ctl->token.user_id, "api", ctl->settings.api, NULL);
		r = o ? ctl_print_json(ctl, o) : ctl_fail(ctl, -ENOMEM, "out of memory");
		json_object_put(o);
		return r;
	}
	strbuf_addf(&sb, "Logged in! Token stored in %s\n", ctl->settings.token_file);
	return ctl_print(ctl, sb.buf);
}

static int run(struct ctl *ctl, const void *values)
{
	const struct options *options = values;
	struct password_source source = { options->password, options->password_file,
					  "MYSOCKET_PASSWORD" };
	struct json_object *body = NULL, *answer = NULL;
	char why[PASSWORD_WHY_SIZE], prompt[300];
	char *password = NULL;
	int r;

	if (source.option && source.file)
		return ctl_usage(ctl, "give --password or --password-file, not both");
	snprintf(prompt, sizeof(prompt), "Password for %.200s", options->email);
	source.prompt = prompt;
	r = password_get(&source, &password, why);
	if (r < 0)
		return ctl_fail(ctl, r, "%s", why);
	body = ctl_json_strings("email", options->email, "password", password, NULL);
	password_free(password);
	r = body ? ctl_call(ctl, "POST", "/login", body, &answer)
		 : ctl_fail(ctl, -ENOMEM, "out of memory");
	json_object_put(body);
	if (r == 0)
		r = save(ctl, answer);
	json_object_put(answer);
	return r < 0 ? r : report(ctl);
}

const struct ctl_command cmd_login = {
	.name = "login",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_API,
	.summary = "Login to mysocket and get a token.",
	.description =
		"The token is stored in ~/.mysocketio_token and is valid for 300 minutes. The "
		"address of the service is remembered, so MYSOCKET_API need not be set again.",
};
