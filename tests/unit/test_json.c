/* SPDX-License-Identifier: ISC */
/* lib/json.h: bounds on the document, and a table that says what a field must be. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <json-c/json.h>

#include "lib/cleanup.h"
#include "lib/json.h"

struct thing {
	char *name;
	bool on;
	int64_t port;
	int64_t any;
	struct json_strings list;
	char *password;
};

static const struct json_field fields[] = {
	{ "name", JSON_STRING, offsetof(struct thing, name), .required = true, .max = 8 },
	{ "on", JSON_BOOL, offsetof(struct thing, on) },
	{ "port", JSON_INT, offsetof(struct thing, port), .min_int = 1, .max_int = 65535 },
	{ "any", JSON_INT, offsetof(struct thing, any) },
	{ "list", JSON_STRINGS, offsetof(struct thing, list), .max = 5, .max_items = 3 },
	{ "password", JSON_STRING, offsetof(struct thing, password), .secret = true },
};

static char why[JSON_ERROR_SIZE];

/* Parses, which must work, and reads. The struct starts as rubbish. */
static int read_thing(const char *text, struct thing *ret)
{
	struct json_object *o = NULL;
	int r;

	assert_int_equal(json_parse(text, strlen(text), 10000, &o), 0);
	memset(ret, 0xa5, sizeof(*ret));
	why[0] = '\0';
	r = json_read(o, fields, ARRAY_SIZE(fields), ret, why);
	json_object_put(o);
	return r;
}

static void assert_refused(const char *text, const char *expected)
{
	static const struct thing zero;
	struct thing t;

	assert_int_equal(read_thing(text, &t), -EINVAL);
	assert_string_equal(why, expected);
	/* Nothing needs clearing: every field is zero. */
	assert_null(t.name);
	assert_null(t.password);
	assert_memory_equal(&t.list, &zero.list, sizeof(t.list));
}

static void assert_parse(const char *text, size_t len, int expected)
{
	struct json_object *o = (struct json_object *)&why;

	assert_int_equal(json_parse(text, len, 100, &o), expected);
	if (expected == 0)
		json_object_put(o);
	else
		assert_ptr_equal(o, &why);
}

static void documents_of_any_kind_are_parsed(void **state)
{
	static const char *const good[] = {
		"{}",
		"[]",
		" [1, 2]\r\n\t ",
		"1",
		"-1 ",
		"\"x\"",
		"true",
		"false",
		"null",
		"0",
		"-0",
		"10.5",
		"1e5",
		"1E-5",
		"1e+05",
		"\"\x7f\"",
		"\"\u20ac \U0001d850\"",
		"\"\\u20ac \\\"\\\\ \\/\\b\\f\\n\\r\\t\"",
		"99999999999999999999",
		"{\"\u00e9\":[{},[]]}",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		assert_parse(good[i], strlen(good[i]), 0);
}

static void what_is_not_one_document_is_refused(void **state)
{
	static const char *const bad[] = {
		"",	    " ",	 "{",	      "{}x",
		"{} {}",    "[1,]",	 "{a:1}",     "/* */1",
		"//\n1",    "tru",	 "\"\xff\"",  "01",
		"-01",	    "{\"a\":}",	 "]",	      "{\"a\":1,}",
		"[,1]",	    "\"\t\"",	 "\"\n\"",    "{\"\t\":1}",
		"'x'",	    "{'a':1}",	 "NaN",	      "-NaN",
		"Infinity", "-Infinity", "True",      "NULL",
		"1.",	    ".5",	 "1e",	      "1e+",
		"+1",	    "-",	 "--1",	      "[1 2]",
		"[1true]",  "nullnull",	 "{\"a\" 1}", "\"\\x\"",
		"\"\\",	    "\"x",	 "\"\xc3\"",  "\"\xed\xa0\x80\"",
		"\v1",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_parse(bad[i], strlen(bad[i]), -EINVAL);
	assert_parse("1\0", 2, -EINVAL);
	assert_parse("{}\0{}", 5, -EINVAL);
}

static void the_length_is_what_counts(void **state)
{
	assert_parse("[1]garbage", 3, 0);
	assert_parse("12x", 2, 0);
}

static void a_document_past_the_maximum_is_too_long(void **state)
{
	char text[102];

	memset(text, ' ', sizeof(text));
	text[0] = '1';
	assert_parse(text, 100, 0);
	assert_parse(text, 101, -EMSGSIZE);
}

static void nesting_has_a_bottom(void **state)
{
	assert_parse("[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]", 31, 0);
	assert_parse("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", 33, -EINVAL);
}

static void all_kinds_are_read(void **state)
{
	struct thing t;

	assert_int_equal(read_thing("{\"name\":\"n\",\"on\":true,\"port\":8080,\"any\":-5,"
				    "\"list\":[\"a\",\"b\"],\"password\":\"p\",\"extra\":{}}",
				    &t),
			 0);
	assert_string_equal(t.name, "n");
	assert_true(t.on);
	assert_int_equal(t.port, 8080);
	assert_int_equal(t.any, -5);
	assert_int_equal(t.list.count, 2);
	assert_string_equal(t.list.items[0], "a");
	assert_string_equal(t.list.items[1], "b");
	assert_string_equal(t.password, "p");
	json_clear(fields, ARRAY_SIZE(fields), &t);
	assert_null(t.name);
	assert_null(t.list.items);
	assert_int_equal(t.list.count, 0);
	assert_int_equal(t.port, 0);
	assert_false(t.on);
}

static void what_is_absent_or_null_is_zero(void **state)
{
	struct thing t;

	assert_int_equal(read_thing("{\"name\":\"n\",\"on\":null,\"port\":null,\"list\":null,"
				    "\"password\":null}",
				    &t),
			 0);
	assert_false(t.on);
	assert_int_equal(t.port, 0);
	assert_int_equal(t.any, 0);
	assert_null(t.list.items);
	assert_int_equal(t.list.count, 0);
	assert_null(t.password);
	json_clear(fields, ARRAY_SIZE(fields), &t);
}

static void a_required_field_is_there_and_not_empty(void **state)
{
	assert_refused("{}", "field 'name' is missing");
	assert_refused("{\"name\":null}", "field 'name' is missing");
	assert_refused("{\"name\":\"\"}", "field 'name' is empty");
}

static void only_an_object_has_fields(void **state)
{
	assert_refused("[]", "a JSON object is expected");
	assert_refused("null", "a JSON object is expected");
}

static void a_string_has_bounds_in_bytes(void **state)
{
	struct thing t;

	assert_int_equal(read_thing("{\"name\":\"12345\u20ac\"}", &t), 0);
	assert_string_equal(t.name, "12345\u20ac");
	json_clear(fields, ARRAY_SIZE(fields), &t);
	assert_refused("{\"name\":\"123456\u20ac\"}", "field 'name' is longer than 8 bytes");
	assert_refused("{\"name\":1}", "field 'name' must be a string");
	assert_refused("{\"name\":[\"n\"]}", "field 'name' must be a string");
}

static void a_field_without_a_maximum_has_255(void **state)
{
	char text[400];
	struct thing t;

	snprintf(text, sizeof(text), "{\"name\":\"n\",\"password\":\"%0255d\"}", 0);
	assert_int_equal(read_thing(text, &t), 0);
	json_clear(fields, ARRAY_SIZE(fields), &t);
	snprintf(text, sizeof(text), "{\"name\":\"n\",\"password\":\"%0256d\"}", 0);
	assert_refused(text, "field 'password' is longer than 255 bytes");
}

static void a_nul_inside_a_string_is_refused(void **state)
{
	assert_refused("{\"name\":\"a\\u0000b\"}", "field 'name' has a NUL or invalid UTF-8 in it");
	assert_refused("{\"name\":\"n\",\"list\":[\"\\u0000\"]}",
		       "field 'list' has a NUL or invalid UTF-8 in it");
}

static void a_bool_is_nothing_else(void **state)
{
	assert_refused("{\"name\":\"n\",\"on\":1}", "field 'on' must be true or false");
	assert_refused("{\"name\":\"n\",\"on\":\"true\"}", "field 'on' must be true or false");
}

static void an_integer_has_bounds(void **state)
{
	static const char *const bad[] = { "0",
					   "65536",
					   "-1",
					   "1.5",
					   "80.0",
					   "1e3",
					   "true",
					   "\"\"",
					   "\"80x\"",
					   "\" 80\"",
					   "\"+80\"",
					   "\"0x50\"",
					   "\"8\\u00000\"",
					   "[]",
					   "99999999999999999999",
					   "-99999999999999999999",
					   "\"99999999999999999999\"" };
	char text[100];
	struct thing t;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "{\"name\":\"n\",\"port\":%s}", bad[i]);
		assert_refused(text, "field 'port' must be an integer from 1 to 65535");
	}
	assert_int_equal(read_thing("{\"name\":\"n\",\"port\":65535}", &t), 0);
	assert_int_equal(t.port, 65535);
	json_clear(fields, ARRAY_SIZE(fields), &t);
}

static void a_decimal_string_is_an_integer_too(void **state)
{
	struct thing t;

	assert_int_equal(read_thing("{\"name\":\"n\",\"port\":\"8080\",\"any\":\"-7\"}", &t), 0);
	assert_int_equal(t.port, 8080);
	assert_int_equal(t.any, -7);
	json_clear(fields, ARRAY_SIZE(fields), &t);
}

static void an_integer_without_bounds_still_fits_64_bits(void **state)
{
	assert_refused("{\"name\":\"n\",\"any\":99999999999999999999}",
		       "field 'any' must be an integer");
	assert_refused("{\"name\":\"n\",\"any\":true}", "field 'any' must be an integer");
	assert_refused("{\"name\":\"n\",\"any\":-99999999999999999999}",
		       "field 'any' must be an integer");
}

static void a_single_string_is_a_list_of_one(void **state)
{
	struct thing t;

	assert_int_equal(read_thing("{\"name\":\"n\",\"list\":\"one\"}", &t), 0);
	assert_int_equal(t.list.count, 1);
	assert_string_equal(t.list.items[0], "one");
	json_clear(fields, ARRAY_SIZE(fields), &t);
	assert_int_equal(read_thing("{\"name\":\"n\",\"list\":[]}", &t), 0);
	assert_int_equal(t.list.count, 0);
	json_clear(fields, ARRAY_SIZE(fields), &t);
}

static void a_list_has_bounds_and_holds_strings(void **state)
{
	assert_refused("{\"name\":\"n\",\"list\":[\"1\",\"2\",\"3\",\"4\"]}",
		       "field 'list' has more than 3 items");
	assert_refused("{\"name\":\"n\",\"list\":[\"1\",\"123456\"]}",
		       "field 'list' is longer than 5 bytes");
	assert_refused("{\"name\":\"n\",\"list\":[\"1\",2]}",
		       "field 'list' must be a list of strings");
	assert_refused("{\"name\":\"n\",\"list\":[null]}",
		       "field 'list' must be a list of strings");
	assert_refused("{\"name\":\"n\",\"list\":{}}", "field 'list' must be a list of strings");
}

static void what_is_written_is_read_back(void **state)
{
	static char name[] = "n", a[] = "a", b[] = "b\"\u20ac";
	static char *items[] = { a, b };
	const struct thing in = {
		.name = name, .on = true, .port = 22, .any = INT64_MAX - 1, .list = { items, 2 }
	};
	struct json_object *o = json_object_new_object();
	struct thing t;

	assert_int_equal(json_write(o, fields, ARRAY_SIZE(fields), &in), 0);
	assert_string_equal(json_object_get_string(json_object_object_get(o, "password")), "");
	assert_int_equal(json_read(o, fields, ARRAY_SIZE(fields), &t, why), 0);
	assert_string_equal(t.name, "n");
	assert_true(t.on);
	assert_int_equal(t.port, 22);
	assert_true(t.any == INT64_MAX - 1);
	assert_string_equal(t.list.items[1], "b\"\u20ac");
	assert_string_equal(t.password, "");
	json_clear(fields, ARRAY_SIZE(fields), &t);
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_of_any_kind_are_parsed),
		cmocka_unit_test(what_is_not_one_document_is_refused),
		cmocka_unit_test(the_length_is_what_counts),
		cmocka_unit_test(a_document_past_the_maximum_is_too_long),
		cmocka_unit_test(nesting_has_a_bottom),
		cmocka_unit_test(all_kinds_are_read),
		cmocka_unit_test(what_is_absent_or_null_is_zero),
		cmocka_unit_test(a_required_field_is_there_and_not_empty),
		cmocka_unit_test(only_an_object_has_fields),
		cmocka_unit_test(a_string_has_bounds_in_bytes),
		cmocka_unit_test(a_field_without_a_maximum_has_255),
		cmocka_unit_test(a_nul_inside_a_string_is_refused),
		cmocka_unit_test(a_bool_is_nothing_else),
		cmocka_unit_test(an_integer_has_bounds),
		cmocka_unit_test(a_decimal_string_is_an_integer_too),
		cmocka_unit_test(an_integer_without_bounds_still_fits_64_bits),
		cmocka_unit_test(a_single_string_is_a_list_of_one),
		cmocka_unit_test(a_list_has_bounds_and_holds_strings),
		cmocka_unit_test(what_is_written_is_read_back),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
