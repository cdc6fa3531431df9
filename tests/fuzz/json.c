/* SPDX-License-Identifier: ISC */
/* lib/json.c: whatever the document, a struct is filled within its table's bounds or left empty; what is
 * written from it reads back the same. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/json.h"

struct thing {
	char *s;
	bool b;
	int64_t i, n;
	struct json_strings l;
};

static const struct json_field fields[] = {
	{ "s", JSON_STRING, offsetof(struct thing, s), .max = 8, .secret = true },
	{ "b", JSON_BOOL, offsetof(struct thing, b) },
	{ "i", JSON_INT, offsetof(struct thing, i) },
	{ "n", JSON_INT, offsetof(struct thing, n), .required = true, .min_int = -1, .max_int = 9 },
	{ "l", JSON_STRINGS, offsetof(struct thing, l), .max = 4, .max_items = 3, .secret = true },
};

static void check_thing(const struct thing *t)
{
	size_t i;

	MUST(!t->s || strlen(t->s) <= 8);
	MUST(t->n >= -1 && t->n <= 9);
	MUST(t->l.count <= 3);
	for (i = 0; i < t->l.count; i++)
		MUST(strlen(t->l.items[i]) <= 4);
}

static void check_round_trip(const struct thing *t)
{
	struct json_object *o = json_object_new_object();
	char why[JSON_ERROR_SIZE];
	struct thing again;

	MUST(json_write(o, fields, ARRAY_SIZE(fields), t) == 0);
	MUST(json_read(o, fields, ARRAY_SIZE(fields), &again, why) == 0);
	MUST(again.b == t->b && again.i == t->i && again.n == t->n);
	MUST(again.l.count == t->l.count);
	MUST(!strcmp(again.s, t->s ? t->s : ""));
	json_clear(fields, ARRAY_SIZE(fields), &again);
	json_object_put(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_object *o = NULL;
	char why[JSON_ERROR_SIZE] = "";
	struct thing t;
	int r = json_parse((const char *)data, size, 4096, &o);

	if (r < 0) {
		MUST((r == -EINVAL || r == -EMSGSIZE) && !o);
		return 0;
	}
	r = json_read(o, fields, ARRAY_SIZE(fields), &t, why);
	if (r == 0) {
		check_thing(&t);
		check_round_trip(&t);
		json_clear(fields, ARRAY_SIZE(fields), &t);
	} else {
		MUST(r == -EINVAL && why[0] && escape_is_clean(why, strlen(why)));
	}
	json_object_put(o);
	return 0;
}
