/* SPDX-License-Identifier: ISC */
/* RFC 4648 base64, strict: one text per value and one value per text, so that what is compared as text
 * is equal as bytes. Not constant-time: not for secrets. */
#include "lib/base64.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/strbuf.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct strbuf *sb, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (; len; p += 3) {
		size_t n = len < 3 ? len : 3;
		uint32_t v = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) |
			     (n > 2 ? p[2] : 0);
		char quad[4] = { alphabet[v >> 18], alphabet[v >> 12 & 63], '=', '=' };

		if (n > 1)
			quad[2] = alphabet[v >> 6 & 63];
		if (n > 2)
			quad[3] = alphabet[v & 63];
		strbuf_add(sb, quad, sizeof(quad));
		len -= n;
	}
}

/* 0..63, or -1. */
static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int base64_decode(const char *text, size_t len, unsigned char **ret_data, size_t *ret_len)
{
	unsigned char *data, *out;
	size_t pad = 0, chars, i;
	uint32_t bits = 0;

	if (len % 4)
		return -EINVAL;
	while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
		pad++;
	chars = len - pad;
	data = malloc(len / 4 * 3 + 1);
	if (!data)
		return -ENOMEM;
	out = data;
	for (i = 0; i < chars; i++) {
		int v = value_of(text[i]);

		if (v < 0)
			goto invalid;
		bits = bits << 6 | (uint32_t)v;
		if (i % 4 == 0)
			continue;
		/* The 2nd, 3rd and 4th character of a quad complete a byte each. */
		*out++ = (unsigned char)(bits >> (6 - i % 4 * 2));
	}
	/* What a padded quad's last character carries beyond the bytes must be zero. */
	if ((pad == 2 && bits & 0xf) || (pad == 1 && bits & 0x3))
		goto invalid;
	*ret_data = data;
	*ret_len = (size_t)(out - data);
	return 0;
invalid:
	free(data);
	return -EINVAL;
}
