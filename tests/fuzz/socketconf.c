/* SPDX-License-Identifier: ISC */
/* lib/socketconf.c, lib/cidr.c, lib/httpheader.c: whatever the settings, they are refused with a printable sentence,
 * or what is written from them is small and reads back the same. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "lib/escape.h"
#include "lib/json.h"
#include "lib/socketconf.h"

static void check_network(const struct cidr *cidr)
{
	char text[CIDR_SIZE], why[CIDR_ERROR_SIZE];
	struct cidr again;

	cidr_print(cidr, text);
	MUST(cidr_parse(text, &again, why) == 0);
	MUST(memcmp(cidr, &again, sizeof(again)) == 0);
}

static void check_conf(const struct socketconf *conf)
{
	for (size_t i = 0; i < conf->allowed_count; i++)
		check_network(&conf->allowed[i]);
	for (size_t i = 0; i < conf->denied_count; i++)
		check_network(&conf->denied[i]);
	for (size_t i = 0; i < conf->add_count; i++) {
		MUST(!strpbrk(conf->add[i].name, "\r\n: "));
		MUST(!strpbrk(conf->add[i].value, "\r\n"));
	}
	for (size_t i = 0; i < conf->remove.count; i++)
		MUST(!strpbrk(conf->remove.items[i], "\r\n: "));
}

static void check_round_trip(const struct socketconf *conf, const char *type)
{
	struct json_object *first = json_object_new_object(), *second = json_object_new_object();
	char why[SOCKETCONF_ERROR_SIZE];
	struct socketconf again;

	MUST(socketconf_write(conf, first) == 0);
	MUST(socketconf_read(first, type, &again, why) == 0);
	MUST(socketconf_write(&again, second) == 0);
	MUST(json_object_equal(first, second));
	MUST(socketconf_is_default(conf) == (json_object_object_length(first) == 0));
	socketconf_clear(&again);
	json_object_put(first);
	json_object_put(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *type = size && data[size - 1] == ' ' ? "tcp" : "http";
	char why[SOCKETCONF_ERROR_SIZE] = "";
	struct json_object *o = NULL;
	struct socketconf conf;
	int r;

	if (json_parse((const char *)data, size, 65536, &o) < 0)
		return 0;
	r = socketconf_read(o, type, &conf, why);
	if (r == 0) {
		check_conf(&conf);
		check_round_trip(&conf, type);
		socketconf_clear(&conf);
	} else {
		MUST(r == -EINVAL && why[0] && escape_is_clean(why, strlen(why)));
	}
	json_object_put(o);
	return 0;
}
