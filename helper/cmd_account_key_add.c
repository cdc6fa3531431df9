/* SPDX-License-Identifier: ISC */
/* mysocketctl account key add */
#include <errno.h>
#include <json-c/json.h>
#include <stddef.h>
#include <stdio.h>

#include "helper/account_key.h"
#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/ownkey.h"
#include "lib/cleanup.h"

struct options {
	struct ctl_common common;
	const char *sshkey;
};

static const struct ctl_option table[] = {
	{ "sshkey", CTL_OPTION_STRING, offsetof(struct options, sshkey), .metavar = "TEXT",
	  .help = "Your ssh public key, or the path of its file; without it the first of "
		  "~/.ssh/id_ed25519.pub, id_ecdsa.pub, id_ed25519_sk.pub, id_ecdsa_sk.pub, "
		  "id_rsa.pub" },
};

static int run(struct ctl *ctl, const void *values)
{
	const struct options *options = values;
	auto_free char *key = NULL, *key_file = NULL;
	struct json_object *body, *answer = NULL;
	char path[64], why[OWNKEY_WHY_SIZE];
	int r = ownkey_get(options->sshkey, &key, &key_file, why);

	if (r < 0)
		return ctl_fail(ctl, r, "%s", why);
	snprintf(path, sizeof(path), "/user/%s/key", ctl->token.user_id);
	body = ctl_json_strings("sshkey", key, NULL);
	r = body ? ctl_call(ctl, "POST", path, body, &answer)
		 : ctl_fail(ctl, -ENOMEM, "out of memory");
	json_object_put(body);
	if (r == 0)
		r = ctl->json ? ctl_print_json(ctl, answer) : account_key_print(ctl, answer);
	json_object_put(answer);
	return r;
}

const struct ctl_command cmd_account_key_add = {
	.name = "account key add",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_TOKEN,
	.summary = "Add an ssh key to your account.",
};
