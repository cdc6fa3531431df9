/* SPDX-License-Identifier: ISC */
/* Prometheus' text format. */
#include "lib/promtext.h"

#include <inttypes.h>

#include "lib/strbuf.h"

void promtext_family(struct strbuf *sb, const char *name, const char *type, const char *help)
{
	strbuf_addf(sb, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_name(struct strbuf *sb, const char *name, const char *labels)
{
	strbuf_adds(sb, name);
	if (labels)
		strbuf_addf(sb, "{%s}", labels);
}

void promtext_sample(struct strbuf *sb, const char *name, const char *labels, int64_t value)
{
	add_name(sb, name, labels);
	strbuf_addf(sb, " %" PRId64 "\n", value);
}

void promtext_seconds(struct strbuf *sb, const char *name, const char *labels, int64_t us)
{
	add_name(sb, name, labels);
	strbuf_addf(sb, " %" PRId64 ".%06" PRId64 "\n", us / 1000000, us % 1000000);
}

void promtext_single(struct strbuf *sb, const char *name, const char *type, const char *help,
		     int64_t value)
{
	promtext_family(sb, name, type, help);
	promtext_sample(sb, name, NULL, value);
}
