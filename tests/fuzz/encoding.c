/* SPDX-License-Identifier: ISC */
/* lib/base64.c and lib/escape.c: one text per value both ways; what was escaped is printable, and says
 * what it was. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/strbuf.h"

static void check_encode(const uint8_t *data, size_t size)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(size * 2 + 4);
	auto_free unsigned char *back = NULL;
	size_t len;

	base64_encode(&sb, data, size);
	MUST(strbuf_error(&sb) == 0);
	MUST(base64_decode(sb.buf, sb.len, &back, &len) == 0);
	MUST(len == size && (!len || !memcmp(back, data, len)));
}

static void check_decode(const char *text, size_t size)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(size + 4);
	auto_free unsigned char *raw = NULL;
	size_t len;
	int r;

	r = base64_decode(text, size, &raw, &len);
	if (r < 0) {
		MUST(r == -EINVAL && !raw);
		return;
	}
	base64_encode(&sb, raw, len);
	MUST(sb.len == size && (!size || !memcmp(sb.buf, text, size)));
}

static int hex(char c)
{
	return c >= 'a' ? c - 'a' + 10 : c - '0';
}

static void check_escape(const char *text, size_t size)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(size * 4 + 1);
	auto_call(strbuf_clear) struct strbuf back = STRBUF_INIT(size + 1);
	size_t i;

	escape_add(&sb, text, size);
	MUST(strbuf_error(&sb) == 0 && strlen(sb.buf) == sb.len);
	MUST(escape_is_clean(sb.buf, sb.len));
	if (escape_is_clean(text, size) && (!size || !memchr(text, '\\', size)))
		MUST(sb.len == size);
	for (i = 0; i < sb.len; i++) {
		if (sb.buf[i] != '\\') {
			strbuf_addch(&back, sb.buf[i]);
		} else if (sb.buf[i + 1] == '\\') {
			strbuf_addch(&back, '\\');
			i++;
		} else {
			MUST(sb.buf[i + 1] == 'x');
			strbuf_addch(&back, (char)(hex(sb.buf[i + 2]) << 4 | hex(sb.buf[i + 3])));
			i += 3;
		}
	}
	MUST(back.len == size && (!size || !memcmp(back.buf, text, size)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_encode(data, size);
	check_decode((const char *)data, size);
	check_escape((const char *)data, size);
	return 0;
}
