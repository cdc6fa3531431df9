/* SPDX-License-Identifier: ISC */
/* The tokens of a JSON text, as RFC 8259 has them. json-c's own strict mode is another one in each of its releases
 * (0.17 and 0.18 refuse whatever is not ASCII in it, and integers of more than 64 bits): so the tokens are held to the
 * standard here, and json-c, not strict, has their order to check. */
#ifndef LIB_JSON_LEX_H
#define LIB_JSON_LEX_H

#include <stdbool.h>
#include <stddef.h>

/* True if the text consists of JSON's tokens alone, its strings are UTF-8, and no comma stands before a closing bracket.
 * Whether escapes within strings are valid is json-c's to say. */
bool json_lex_is_strict(const char *text, size_t len);

#endif
