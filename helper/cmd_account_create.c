/* SPDX-License-Identifier: ISC */
/* mysocketctl account create */
#include <errno.h>
#include <json-c/json.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/ownkey.h"
#include "helper/password.h"
#include "helper/rest.h"
#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/strbuf.h"

struct options {
	struct ctl_common common;
	const char *name;
	const char *email;
	const char *password;
	const char *password_file;
	const char *sshkey;
};

static const struct ctl_option table[] = {
	{ "name", CTL_OPTION_STRING, offsetof(struct options, name), .metavar = "TEXT",
	  .help = "Your name", .required = true },
	{ "email", CTL_OPTION_STRING, offsetof(struct options, email), .metavar = "TEXT",
	  .help = "Your e-mail address; a confirmation link is sent to it", .required = true },
	{ "password", CTL_OPTION_STRING, offsetof(struct options, password), .metavar = "TEXT",
	  .help = "A new password; without it you are asked, and nobody sees it in the list of "
		  "processes" },
	{ "password_file", CTL_OPTION_STRING, offsetof(struct options, password_file),
	  .metavar = "FILE", .help = "Read the password from a file; - is standard input" },
	{ "sshkey", CTL_OPTION_STRING, offsetof(struct options, sshkey), .metavar = "TEXT",
	  .help = "Your ssh public key, or the path of its file; without it the first of "
		  "~/.ssh/id_ed25519.pub, id_ecdsa.pub, id_ed25519_sk.pub, id_ecdsa_sk.pub, "
		  "id_rsa.pub" },
};

/* True unless the API says that no confirmation is needed. */
static bool awaits_confirmation(struct json_object *account)
{
	struct json_object *confirmed;

	return !json_object_object_get_ex(account, "confirmed", &confirmed) ||
	       !json_object_get_boolean(confirmed);
}

static int report(struct ctl *ctl, const struct options *options, const char *key_file,
		  struct json_object *account)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(16384);

	if (ctl->json)
		return ctl_print_json(ctl, account);
	strbuf_adds(&sb, "Congratulations! Your account has been created.\n");
	if (key_file)
		strbuf_addf(&sb, "Its ssh key is %s\n", key_file);
	if (awaits_confirmation(account)) {
		strbuf_adds(&sb, "You should receive an email now with a confirmation link, at ");
		escape_add(&sb, options->email, strlen(options->email));
		strbuf_adds(&sb, ".\nPlease follow the link; after that, login with:\n");
	} else {
		strbuf_adds(&sb, "You can login now:\n");
	}
	strbuf_adds(&sb, "\n  mysocketctl login --email ");
	escape_add(&sb, options->email, strlen(options->email));
	strbuf_addch(&sb, '\n');
	return ctl_print(ctl, sb.buf);
}

static int create(struct ctl *ctl, const struct options *options, const char *password,
		  const char *key, const char *key_file)
{
	struct json_object *answer = NULL, *body;
	int r;

	body = ctl_json_strings("name", options->name, "email", options->email, "password",
				password, "sshkey", key, NULL);
	if (!body)
		return ctl_fail(ctl, -ENOMEM, "out of memory");
	r = ctl_call(ctl, "POST", "/user", body, &answer);
	json_object_put(body);
	if (r == 0)
		r = report(ctl, options, key_file, answer);
	json_object_put(answer);
	return r;
}

static int run(struct ctl *ctl, const void *values)
{
	const struct options *options = values;
	struct password_source source = { options->password, options->password_file,
					  "MYSOCKET_PASSWORD", .twice = true };
	auto_free char *key = NULL, *key_file = NULL;
	char key_why[OWNKEY_WHY_SIZE], password_why[PASSWORD_WHY_SIZE], prompt[300];
	char *password = NULL;
	int r;

	if (source.option && source.file)
		return ctl_usage(ctl, "give --password or --password-file, not both");
	r = ownkey_get(options->sshkey, &key, &key_file, key_why);
	if (r < 0)
		return ctl_fail(ctl, r, "%s", key_why);
	snprintf(prompt, sizeof(prompt), "New password for %.200s", options->email);
	source.prompt = prompt;
	r = password_get(&source, &password, password_why);
	if (r < 0)
		return ctl_fail(ctl, r, "%s", password_why);
	r = create(ctl, options, password, key, key_file);
	password_free(password);
	return r;
}

const struct ctl_command cmd_account_create = {
	.name = "account create",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_API,
	.summary = "Create your new mysocket account.",
};
