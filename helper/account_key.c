/* SPDX-License-Identifier: ISC */
/* Reads keys from the API's answers and prints them. */
#include "helper/account_key.h"

#include <json-c/json.h>
#include <stddef.h>

#include "helper/ctl.h"
#include "helper/table.h"
#include "lib/cleanup.h"
#include "lib/json.h"

struct key {
	char *key_id;
	char *type;
	char *fingerprint;
	char *comment;
};

static const struct json_field key_fields[] = {
	{ "key_id", JSON_STRING, offsetof(struct key, key_id), .required = true },
	{ "type", JSON_STRING, offsetof(struct key, type) },
	{ "fingerprint", JSON_STRING, offsetof(struct key, fingerprint) },
	{ "comment", JSON_STRING, offsetof(struct key, comment), .max = 1000 },
};

/* None is left out: by its id alone nobody knows a key. */
static const struct table_column columns[] = {
	{ "key_id" },
	{ "type" },
	{ "comment" },
	{ "fingerprint" },
};

static int add_key(const struct ctl *ctl, struct table *t, struct json_object *o)
{
	char why[JSON_ERROR_SIZE];
	struct key key;

	if (json_read(o, key_fields, ARRAY_SIZE(key_fields), &key, why) < 0)
		return ctl_bad_answer(ctl, why);
	table_add(t, (const char *const[]){ key.key_id, key.type, key.comment, key.fingerprint });
	json_clear(key_fields, ARRAY_SIZE(key_fields), &key);
	return 0;
}

int account_key_print(const struct ctl *ctl, struct json_object *answer)
{
	struct table t;
	size_t i;
	int r = 0;

	if (json_object_is_type(answer, json_type_array) && !json_object_array_length(answer))
		return ctl_print(ctl, "Your account has no ssh key. Add one:\n"
				      "  mysocketctl account key add\n");
	table_init(&t, columns, ARRAY_SIZE(columns));
	if (!json_object_is_type(answer, json_type_array))
		r = add_key(ctl, &t, answer);
	else
		for (i = 0; r == 0 && i < json_object_array_length(answer); i++)
			r = add_key(ctl, &t, json_object_array_get_idx(answer, i));
	if (r == 0)
		r = ctl_print_table(ctl, &t);
	table_clear(&t);
	return r;
}
