/* SPDX-License-Identifier: ISC */
/* mysocketctl account show */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/resource.h"
#include "helper/table.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

#define KEY_SHOWN 32 /* characters of the key's base64 */

struct options {
	struct ctl_common common;
};

static const struct table_column pair_columns[] = { { "name" }, { "value" } };

static void add_pair(struct table *t, const char *name, const char *value)
{
	table_add(t, (const char *const[]){ name, value });
}

/* "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDQ...SNIP TOO LONG" */
static void shorten_key(const char *key, char *buf, size_t size)
{
	const char *blob = strchr(key, ' ');

	if (!blob || strlen(blob + 1) <= KEY_SHOWN)
		snprintf(buf, size, "%s", key);
	else
		snprintf(buf, size, "%.*s...SNIP TOO LONG", (int)(blob + 1 - key) + KEY_SHOWN, key);
}

static int print(struct ctl *ctl, const struct account *account)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(65536);
	struct table t;
	char key[128];
	int r;

	shorten_key(account->sshkey ? account->sshkey : "", key, sizeof(key));
	table_init(&t, pair_columns, ARRAY_SIZE(pair_columns));
	add_pair(&t, "Name", account->name);
	add_pair(&t, "Email", account->email);
	add_pair(&t, "user id", account->user_id);
	add_pair(&t, "ssh username", account->user_name);
	add_pair(&t, "ssh key", key);
	r = table_print_pairs(&t, ctl_width(), &sb);
	table_clear(&t);
	return r < 0 ? ctl_fail(ctl, r, "out of memory") : ctl_print(ctl, sb.buf);
}

static int run(struct ctl *ctl, const void *options)
{
	struct json_object *answer = NULL;
	char path[64], why[RESOURCE_WHY_SIZE];
	struct account account;
	int r;

	snprintf(path, sizeof(path), "/user/%s", ctl->token.user_id);
	r = ctl_call(ctl, "GET", path, NULL, &answer);
	if (r < 0)
		return r;
	r = account_read(answer, &account, why);
	if (r < 0) {
		r = ctl_bad_answer(ctl, why);
	} else {
		r = ctl->json ? ctl_print_json(ctl, answer) : print(ctl, &account);
		account_clear(&account);
	}
	json_object_put(answer);
	return r;
}

const struct ctl_command cmd_account_show = {
	.name = "account show",
	.run = run,
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_TOKEN,
	.summary = "Show your mysocket account information.",
};
