/* SPDX-License-Identifier: ISC */
/* helper/upsockets.h: which of an account's sockets a section of the file means. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <json-c/json.h>

#include "helper/upsockets.h"
#include "lib/cleanup.h"

#define ID "334c2e48-8324-47c0-9b03-c0a69c2c7832"

static const struct socket_info list[] = {
	{ .name = (char *)"web", .socket_type = (char *)"tcp", .socket_id = (char *)"0" },
	{ .name = (char *)"web", .socket_type = (char *)"http", .socket_id = (char *)"1" },
	{ .name = (char *)"web", .socket_type = (char *)"http", .socket_id = (char *)"2" },
	{ .name = (char *)"admin",
	  .socket_type = (char *)"http",
	  .protected_socket = true,
	  .protected_username = (char *)"john" },
	{ .name = NULL, .socket_type = NULL },
};

static int find(struct upconf_socket conf, size_t *ret_index)
{
	return upsockets_find(&conf, list, ARRAY_SIZE(list), ret_index);
}

static void the_first_of_that_name_and_type_is_taken(void **state)
{
	size_t at = 77;

	assert_int_equal(find((struct upconf_socket){ .name = (char *)"web", .type = "http" }, &at),
			 0);
	assert_int_equal(at, 1);
	assert_int_equal(find((struct upconf_socket){ .name = (char *)"web", .type = "tcp" }, &at),
			 0);
	assert_int_equal(at, 0);
}

static void another_name_or_type_is_another_socket(void **state)
{
	size_t at = 77;

	assert_int_equal(find((struct upconf_socket){ .name = (char *)"web", .type = "tls" }, &at),
			 -ENOENT);
	assert_int_equal(find((struct upconf_socket){ .name = (char *)"Web", .type = "http" }, &at),
			 -ENOENT);
	assert_int_equal(at, 77);
}

static void one_that_is_protected_otherwise_is_not_taken(void **state)
{
	struct upconf_socket conf = { .name = (char *)"admin", .type = "http" };
	size_t at = 77;

	assert_int_equal(find(conf, &at), -EEXIST);
	assert_int_equal(at, 3);
	conf.is_protected = true;
	conf.username = (char *)"jane";
	assert_int_equal(find(conf, &at), -EEXIST);
	conf.username = (char *)"john";
	assert_int_equal(find(conf, &at), 0);
	conf.name = (char *)"web";
	assert_int_equal(find(conf, &at), -EEXIST);
}

/* Sockets of that file, as if the API had been asked. */
static void make(const struct upconf *conf, struct upsockets *ret)
{
	char why[RESOURCE_WHY_SIZE];
	size_t i;

	*ret = (struct upsockets){ calloc(conf->count, sizeof(*ret->items)), conf->count };
	assert_non_null(ret->items);
	for (i = 0; i < conf->count; i++) {
		struct upsocket *s = &ret->items[i];

		s->conf = &conf->sockets[i];
		s->document = json_object_new_object();
		json_object_object_add(s->document, "socket_id", json_object_new_string(ID));
		json_object_object_add(s->document, "dnsname", json_object_new_string("a.b"));
		json_object_object_add(s->document, "name", json_object_new_string(s->conf->name));
		assert_int_equal(socket_info_read(s->document, &s->info, why), 0);
	}
}

static void another_origin_needs_no_api_and_all_else_does(void **state)
{
	static const struct {
		const char *text;
		int r;
	} cases[] = {
		{ "[b]\nport = 2\nhost = h\n", 0 },
		{ "[b]\nport = 9\n[a]\nport = 1\nidentity = /k\n", 0 },
		{ "[a]\nport = 1\n[c]\nport = 1\n", -ENOENT },
		{ "[a]\nport = 1\ntunnels = 2\n", -ENOENT },
		{ "[a]\nport = 1\nrate_limit = 2\n", -ENOENT },
		{ "[a]\nport = 1\ntype = tcp\n", -ENOENT },
	};
	auto_call(upconf_clear) struct upconf conf = { 0 };
	auto_call(upsockets_clear) struct upsockets before = { 0 };
	char why[UPCONF_WHY_SIZE];
	size_t i, j;

	assert_int_equal(upconf_parse("f", "[a]\nport = 1\n[b]\nport = 2\n", &conf, why), 0);
	make(&conf, &before);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_call(upsockets_clear) struct upsockets after = { 0 };
		auto_call(upconf_clear) struct upconf next = { 0 };

		assert_int_equal(upconf_parse("f", cases[i].text, &next, why), 0);
		assert_int_equal(upsockets_reuse(&before, &next, &after), cases[i].r);
		assert_int_equal(after.count, cases[i].r == 0 ? next.count : 0);
		for (j = 0; j < after.count; j++) {
			assert_ptr_equal(after.items[j].conf, &next.sockets[j]);
			assert_string_equal(after.items[j].info.name, next.sockets[j].name);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_of_that_name_and_type_is_taken),
		cmocka_unit_test(another_name_or_type_is_another_socket),
		cmocka_unit_test(one_that_is_protected_otherwise_is_not_taken),
		cmocka_unit_test(another_origin_needs_no_api_and_all_else_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
