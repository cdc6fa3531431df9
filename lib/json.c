/* SPDX-License-Identifier: ISC */
/* Structs from and to JSON by a table. The parsing is json-c's; the bounds are ours. */
#include "lib/json.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/json_lex.h"

#define DEPTH_MAX 16
#define STRING_MAX_DEFAULT 255
#define ITEMS_MAX_DEFAULT 64

static void put_object(struct json_object **o)
{
	json_object_put(*o);
}

static void free_tokener(struct json_tokener **tok)
{
	if (*tok)
		json_tokener_free(*tok);
}

static int is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int json_parse(const char *text, size_t len, size_t max, struct json_object **ret_o)
{
	auto_call(free_tokener) struct json_tokener *tok = NULL;
	auto_call(put_object) struct json_object *o = NULL;
	size_t end;

	if (len > max || len >= INT_MAX)
		return -EMSGSIZE;
	if (memchr(text, '\0', len))
		return -EINVAL; /* json-c would take it for the end */
	if (!json_lex_is_strict(text, len))
		return -EINVAL;
	tok = json_tokener_new_ex(DEPTH_MAX);
	if (!tok)
		return -ENOMEM;
	o = json_tokener_parse_ex(tok, text, (int)len);
	end = json_tokener_get_parse_end(tok);
	/* A bare number ends only where the text does. */
	if (json_tokener_get_error(tok) == json_tokener_continue) {
		o = json_tokener_parse_ex(tok, "", 1);
		end = len;
	}
	if (json_tokener_get_error(tok) != json_tokener_success)
		return -EINVAL;
	for (; end < len; end++)
		if (!is_space(text[end]))
			return -EINVAL;
	*ret_o = take_ptr(o);
	return 0;
}

/* ---- reading ---- */
static void *member(const struct json_field *f, void *obj)
{
	return (char *)obj + f->offset;
}

static int invalid(char *ret_why, const struct json_field *f, const char *what)
{
	snprintf(ret_why, JSON_ERROR_SIZE, "field '%s' %s", f->name, what);
	return -EINVAL;
}

static size_t string_max(const struct json_field *f)
{
	return f->max ? f->max : STRING_MAX_DEFAULT;
}

static int is_utf8(const char *s, size_t len)
{
	size_t i, n;
	unsigned cp;

	for (i = 0; i < len; i += n) {
		n = escape_utf8_next(s + i, len - i, &cp);
		if (!n || !cp)
			return 0;
	}
	return 1;
}

/* A copy of the JSON string `o`, within the field's bounds. */
static int copy_string(const struct json_field *f, struct json_object *o, char **ret_s,
		       char *ret_why)
{
	size_t len = (size_t)json_object_get_string_len(o);
	const char *s = json_object_get_string(o);
	char *copy;

	if (len > string_max(f)) {
		snprintf(ret_why, JSON_ERROR_SIZE, "field '%s' is longer than %zu bytes", f->name,
			 string_max(f));
		return -EINVAL;
	}
	if (!is_utf8(s, len))
		return invalid(ret_why, f, "has a NUL or invalid UTF-8 in it");
	copy = malloc(len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, s, len + 1);
	*ret_s = copy;
	return 0;
}

static int read_string(const struct json_field *f, struct json_object *o, void *out, char *ret_why)
{
	if (!json_object_is_type(o, json_type_string))
		return invalid(ret_why, f, "must be a string");
	if (f->required && !json_object_get_string_len(o))
		return invalid(ret_why, f, "is empty");
	return copy_string(f, o, out, ret_why);
}

static int read_bool(const struct json_field *f, struct json_object *o, void *out, char *ret_why)
{
	if (!json_object_is_type(o, json_type_boolean))
		return invalid(ret_why, f, "must be true or false");
	*(bool *)out = json_object_get_boolean(o);
	return 0;
}

/* 0 or -EINVAL. json-c clamps what does not fit, so the ends of the range count as not fitting. */
static int get_int(struct json_object *o, int64_t *ret)
{
	const char *s, *digits;
	long long v;
	char *end;

	if (json_object_is_type(o, json_type_int)) {
		v = json_object_get_int64(o);
		if (v == INT64_MAX || v == INT64_MIN)
			return -EINVAL;
		*ret = v;
		return 0;
	}
	if (!json_object_is_type(o, json_type_string))
		return -EINVAL;
	s = json_object_get_string(o);
	digits = s + (*s == '-');
	if (*digits < '0' || *digits > '9')
		return -EINVAL;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno || end != s + json_object_get_string_len(o))
		return -EINVAL;
	*ret = v;
	return 0;
}

static int read_int(const struct json_field *f, struct json_object *o, void *out, char *ret_why)
{
	bool any = !f->min_int && !f->max_int;
	int64_t v;

	if (get_int(o, &v) == 0 && (any || (v >= f->min_int && v <= f->max_int))) {
		*(int64_t *)out = v;
		return 0;
	}
	if (any)
		return invalid(ret_why, f, "must be an integer");
	snprintf(ret_why, JSON_ERROR_SIZE,
		 "field '%s' must be an integer from %" PRId64 " to %" PRId64, f->name, f->min_int,
		 f->max_int);
	return -EINVAL;
}

/* Items go into *list one by one, so that json_clear() finds what an error left behind. */
static int read_strings(const struct json_field *f, struct json_object *o, void *out, char *ret_why)
{
	struct json_strings *list = out;
	size_t max = f->max_items ? f->max_items : ITEMS_MAX_DEFAULT, count, i;
	bool single = json_object_is_type(o, json_type_string);
	int r;

	if (!single && !json_object_is_type(o, json_type_array))
		return invalid(ret_why, f, "must be a list of strings");
	count = single ? 1 : json_object_array_length(o);
	if (f->required && !count)
		return invalid(ret_why, f, "is empty");
	if (count > max) {
		snprintf(ret_why, JSON_ERROR_SIZE, "field '%s' has more than %zu items", f->name,
			 max);
		return -EINVAL;
	}
	list->items = calloc(count + 1, sizeof(*list->items));
	if (!list->items)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		struct json_object *item = single ? o : json_object_array_get_idx(o, i);

		if (!json_object_is_type(item, json_type_string))
			return invalid(ret_why, f, "must be a list of strings");
		r = copy_string(f, item, &list->items[i], ret_why);
		if (r < 0)
			return r;
		list->count++;
	}
	return 0;
}

/* ---- writing ---- */
static struct json_object *string_object(const char *s)
{
	return json_object_new_string(s ? s : "");
}

static struct json_object *write_string(const void *in)
{
	return string_object(*(char *const *)in);
}

static struct json_object *write_bool(const void *in)
{
	return json_object_new_boolean(*(const bool *)in);
}

static struct json_object *write_int(const void *in)
{
	return json_object_new_int64(*(const int64_t *)in);
}

static struct json_object *write_strings(const void *in)
{
	const struct json_strings *list = in;
	auto_call(put_object) struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; array && i < list->count; i++) {
		struct json_object *item = string_object(list->items[i]);

		if (!item || json_object_array_add(array, item) < 0) {
			json_object_put(item);
			return NULL;
		}
	}
	return take_ptr(array);
}

/* ---- the kinds ---- */
static void clear_string(const struct json_field *f, void *out)
{
	char **s = out;

	if (*s && f->secret)
		explicit_bzero(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

static void clear_strings(const struct json_field *f, void *out)
{
	struct json_strings *list = out;
	size_t i;

	for (i = 0; f->secret && i < list->count; i++)
		explicit_bzero(list->items[i], strlen(list->items[i]));
	json_strings_clear(list);
}

static void clear_bool(const struct json_field *f, void *out)
{
	*(bool *)out = false;
}

static void clear_int(const struct json_field *f, void *out)
{
	*(int64_t *)out = 0;
}

static const struct kind {
	size_t size;
	int (*read)(const struct json_field *f, struct json_object *o, void *out, char *ret_why);
	struct json_object *(*write)(const void *in);
	void (*clear)(const struct json_field *f, void *out);
} kinds[] = {
	[JSON_STRING] = { sizeof(char *), read_string, write_string, clear_string },
	[JSON_BOOL] = { sizeof(bool), read_bool, write_bool, clear_bool },
	[JSON_INT] = { sizeof(int64_t), read_int, write_int, clear_int },
	[JSON_STRINGS] = { sizeof(struct json_strings), read_strings, write_strings,
			   clear_strings },
};

static int read_field(const struct json_field *f, struct json_object *o, void *obj, char *ret_why)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(o, f->name, &value) || !value)
		return f->required ? invalid(ret_why, f, "is missing") : 0;
	return kinds[f->kind].read(f, value, member(f, obj), ret_why);
}

int json_read(struct json_object *o, const struct json_field *fields, size_t count, void *obj,
	      char ret_why[JSON_ERROR_SIZE])
{
	size_t i;
	int r = 0;

	for (i = 0; i < count; i++)
		memset(member(&fields[i], obj), 0, kinds[fields[i].kind].size);
	if (!json_object_is_type(o, json_type_object)) {
		snprintf(ret_why, JSON_ERROR_SIZE, "a JSON object is expected");
		return -EINVAL;
	}
	for (i = 0; i < count && r == 0; i++)
		r = read_field(&fields[i], o, obj, ret_why);
	if (r == -ENOMEM)
		snprintf(ret_why, JSON_ERROR_SIZE, "out of memory");
	if (r < 0)
		json_clear(fields, count, obj);
	return r;
}

int json_write(struct json_object *o, const struct json_field *fields, size_t count,
	       const void *obj)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const struct json_field *f = &fields[i];
		struct json_object *value = kinds[f->kind].write((const char *)obj + f->offset);

		if (!value || json_object_object_add(o, f->name, value) < 0) {
			json_object_put(value);
			return -ENOMEM;
		}
	}
	return 0;
}

void json_clear(const struct json_field *fields, size_t count, void *obj)
{
	size_t i;

	for (i = 0; i < count; i++)
		kinds[fields[i].kind].clear(&fields[i], member(&fields[i], obj));
}

void json_strings_clear(struct json_strings *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		free(s->items[i]);
	free(s->items);
	*s = (struct json_strings){ 0 };
}
