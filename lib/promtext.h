/* SPDX-License-Identifier: ISC */
/* Writes metrics in Prometheus' text format, version 0.0.4: families begin with their help and type, then come their
 * samples. Help and label values are ours, or of a few harmless characters: none of them is escaped. */
#ifndef LIB_PROMTEXT_H
#define LIB_PROMTEXT_H

#include <stdint.h>

struct strbuf;

#define PROMTEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* `type`: "counter" (then the name ends in _total), "gauge", "histogram". */
void promtext_family(struct strbuf *sb, const char *name, const char *type, const char *help);
/* `labels`: as between the braces, method="GET",status="200"; NULL if there are none. */
void promtext_sample(struct strbuf *sb, const char *name, const char *labels, int64_t value);
/* A sample in seconds. */
void promtext_seconds(struct strbuf *sb, const char *name, const char *labels, int64_t us);
/* A family of one sample. */
void promtext_single(struct strbuf *sb, const char *name, const char *type, const char *help,
		     int64_t value);

#endif
