/* SPDX-License-Identifier: ISC */
/* Makes bytes from outside safe to print. What passes is an allow-list by code point; what does not is
 * spelled byte by byte, so that nothing is lost and nothing is ambiguous. */
#include "lib/escape.h"

#include <string.h>

#include "lib/strbuf.h"

size_t escape_utf8_next(const char *s, size_t len, unsigned *ret_cp)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned cp, least;
	size_t n, i;

	if (p[0] < 0x80) {
		*ret_cp = p[0];
		return 1;
	}
	if ((p[0] & 0xe0) == 0xc0) {
		n = 2, cp = p[0] & 0x1f, least = 0x80;
	} else if ((p[0] & 0xf0) == 0xe0) {
		n = 3, cp = p[0] & 0x0f, least = 0x800;
	} else if ((p[0] & 0xf8) == 0xf0) {
		n = 4, cp = p[0] & 0x07, least = 0x10000;
	} else {
		return 0;
	}
	if (n > len)
		return 0;
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3f);
	}
	if (cp < least || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	*ret_cp = cp;
	return n;
}

static int is_printable(unsigned cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f))
		return 0;
	if ((cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069))
		return 0;
	return cp != 0x200e && cp != 0x200f && cp != 0x061c && cp != 0x2028 && cp != 0x2029;
}

/* Length of the printable character at s, or 0. */
static size_t printable(const char *s, size_t len)
{
	unsigned cp;
	size_t n = escape_utf8_next(s, len, &cp);

	return n && is_printable(cp) ? n : 0;
}

void escape_add(struct strbuf *sb, const char *data, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t i = 0, clean = 0; /* data[clean..i) is printable and not yet appended */

	while (i < len) {
		size_t n = data[i] == '\\' ? 0 : printable(data + i, len - i);

		if (n) {
			i += n;
			continue;
		}
		strbuf_add(sb, data + clean, i - clean);
		if (data[i] == '\\') {
			strbuf_add(sb, "\\\\", 2);
		} else {
			unsigned char c = (unsigned char)data[i];
			char code[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };

			strbuf_add(sb, code, sizeof(code));
		}
		clean = ++i;
	}
	strbuf_add(sb, data + clean, i - clean);
}

int escape_is_clean(const char *data, size_t len)
{
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = printable(data + i, len - i);
		if (!n)
			return 0;
	}
	return 1;
}

bool escape_is_utf8(const char *s)
{
	size_t left = strlen(s), n;
	unsigned cp;

	for (; left; s += n, left -= n) {
		n = escape_utf8_next(s, left, &cp);
		if (!n)
			return false;
	}
	return true;
}
