/* SPDX-License-Identifier: ISC */
/* json-c escapes C0 controls only: C1, DEL and bidirectional overrides are left for us; and until 0.16 it breaks the
 * line in what is empty. */
#include "helper/json_text.h"

#include <errno.h>
#include <json-c/json.h>

#include "lib/escape.h"
#include "lib/strbuf.h"

/* The length of an empty object or list at s, 0 if there is none: a line never ends within a string. In ASCII a closing
 * bracket or brace stands two behind its opening one. */
static size_t empty_length(const char *s, size_t len)
{
	size_t n = 2;

	if (len < 3 || (*s != '[' && *s != '{') || s[1] != '\n')
		return 0;
	while (n < len && s[n] == ' ')
		n++;
	return n < len && s[n] == *s + 2 ? n + 1 : 0;
}

/* All that is unclean in the text stands inside of strings (white space between apart). */
static void add_clean(struct strbuf *sb, const char *text, size_t len)
{
	size_t i, n;
	unsigned cp;

	for (i = 0; i < len; i += n) {
		n = empty_length(text + i, len - i);
		if (n) {
			strbuf_adds(sb, text[i] == '[' ? "[]" : "{}");
			continue;
		}
		n = escape_utf8_next(text + i, len - i, &cp);
		if (!n) {
			n = 1;
			strbuf_adds(sb, "\\ufffd");
		} else if (text[i] == '\n' || escape_is_clean(text + i, n)) {
			strbuf_add(sb, text + i, n);
		} else {
			strbuf_addf(sb, "\\u%04x", cp);
		}
	}
}

int json_text_add(struct strbuf *sb, struct json_object *o, bool pretty)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text;
	size_t len;

	flags |=
		pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED : JSON_C_TO_STRING_PLAIN;
	text = json_object_to_json_string_length(o, flags, &len);
	if (!text)
		return -ENOMEM;
	add_clean(sb, text, len);
	return strbuf_error(sb);
}
