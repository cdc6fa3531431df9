/* SPDX-License-Identifier: ISC */
/* JSON as text that no terminal acts on. */
#ifndef HELPER_JSON_TEXT_H
#define HELPER_JSON_TEXT_H

#include <stdbool.h>

struct json_object;
struct strbuf;

/* Appends the document, on several lines if `pretty`; code points that lib/escape.h would not let pass are
 * written as \uXXXX, which means the same to a reader. 0, or the strbuf's error, or -ENOMEM. */
int json_text_add(struct strbuf *sb, struct json_object *o, bool pretty);

#endif
