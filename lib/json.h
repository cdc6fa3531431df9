/* SPDX-License-Identifier: ISC */
/* Structs from and to JSON by one table per struct: names, kinds and bounds stand in one place. A thin
 * layer over json-c; whoever needs arrays of objects calls json-c itself around it.
 *
 *	struct login { char *email; char *password; };
 *	static const struct json_field login_fields[] = {
 *		{ "email", JSON_STRING, offsetof(struct login, email), .required = true, .max = 254 },
 *		{ "password", JSON_STRING, offsetof(struct login, password), .required = true, .max = 1024 },
 *	};
 */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;
struct strbuf;

enum json_kind {
	JSON_STRING, /* char *: heap, NULL if absent or null. A NUL or invalid UTF-8 inside is an error */
	JSON_BOOL, /* bool: false if absent or null */
	JSON_INT,  /* int64_t: 0 if absent or null; a decimal string is taken as a number too */
	JSON_STRINGS, /* struct json_strings: empty if absent or null; a single string is a list of one */
};

struct json_strings {
	char **items; /* heap, as is each item */
	size_t count;
};

struct json_field {
	const char *name;
	enum json_kind kind;
	size_t offset;
	bool required;		  /* present, not null, and (strings) not empty */
	bool secret;		  /* wiped in json_clear */
	size_t max;		  /* bytes of a string or of each item; 0: 255 */
	int64_t min_int, max_int; /* both 0: any */
	size_t max_items;	  /* JSON_STRINGS; 0: 64 */
};

#define JSON_ERROR_SIZE 200

/* Parses one document of at most `max` bytes with nothing but white space behind it and at most 16
 * levels. 0 with *ret_o (json_object_put() it), -EINVAL, -EMSGSIZE, -ENOMEM. */
int json_parse(const char *text, size_t len, size_t max, struct json_object **ret_o);

/* Fills the struct at `obj` (all fields in the table are overwritten, so it may be uninitialised) from the JSON object `o`. Unknown names are
 * ignored (published clients send extra ones). -EINVAL with a sentence that names the field in `ret_why`
 * ("field 'name' is missing", "field 'port' must be an integer from 1 to 65535"), -ENOMEM. On failure
 * nothing needs clearing. */
int json_read(struct json_object *o, const struct json_field *fields, size_t count, void *obj,
	      char ret_why[JSON_ERROR_SIZE]);

/* Adds the struct's fields to the JSON object `o`; NULL strings are written as "". */
int json_write(struct json_object *o, const struct json_field *fields, size_t count,
	       const void *obj);

/* Frees what json_read allocated and zeroes the fields. */
void json_clear(const struct json_field *fields, size_t count, void *obj);

void json_strings_clear(struct json_strings *s);

#endif
