/* SPDX-License-Identifier: ISC */
/* lib/wire.c: what is parsed is within the grammar, and building it again gives the same bytes. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/wire.h"

static void check_accepted(const struct wire_msg *msg, const uint8_t *data, size_t size)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);
	int64_t value;
	size_t i;

	wire_begin(&sb, msg->verb);
	MUST(msg->count <= WIRE_FIELDS);
	for (i = 0; i < msg->count; i++) {
		const struct wire_field *f = &msg->fields[i];

		wire_add(&sb, f->name, f->value);
		MUST(wire_get(msg, f->name) == f->value);
		if (wire_get_int(msg, f->name, -100, 100, &value) == 0)
			MUST(value >= -100 && value <= 100);
	}
	MUST(strbuf_error(&sb) == 0);
	MUST(sb.len == size && !memcmp(sb.buf, data, size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *copy = malloc(size + 1);
	struct wire_msg msg;
	int r;

	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	r = wire_parse(copy, size, &msg);
	if (r == 0)
		check_accepted(&msg, data, size);
	else
		MUST(r == -EPROTO);
	return 0;
}
