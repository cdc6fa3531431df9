/* SPDX-License-Identifier: ISC */
/* node/edge_record.c: whatever HAProxy or a visitor's path contains, texts stay within the record. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "node/edge_record.h"

static void check_text(const char *text, const char *start, size_t size)
{
	MUST(text);
	MUST(!*text || (text >= start && text + strlen(text) <= start + size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *copy = malloc(size + 1);
	struct edge_record record;
	int r;

	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	r = edge_record_parse(copy, size, &record);
	if (r < 0) {
		MUST(r == -EPROTO || r == -ENOMSG);
		return 0;
	}
	MUST(record.port >= 0 && record.port <= 65535);
	check_text(record.client, copy, size);
	check_text(record.method, copy, size);
	check_text(record.path, copy, size);
	check_text(record.relay, copy, size);
	return 0;
}
