/* SPDX-License-Identifier: ISC */
/* RFC 4648 section 4 base64, strict: padding required, no white space, unused bits zero. */
#ifndef LIB_BASE64_H
#define LIB_BASE64_H

#include <stddef.h>

struct strbuf;

/* Appends the text of `data`. */
void base64_encode(struct strbuf *sb, const void *data, size_t len);
/* 0 with *ret_data (heap, caller frees) and *ret_len; -EINVAL for anything that encode would not
 * have written; -ENOMEM. */
int base64_decode(const char *text, size_t len, unsigned char **ret_data, size_t *ret_len);

#endif
