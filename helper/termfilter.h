/* SPDX-License-Identifier: ISC */
/* What a tunnel server writes, made safe for the user's terminal: text and colours pass, everything else that a terminal
 * would act on is shown instead of done (DESIGN.md 6, rule 5). Works on a stream: sequences may be cut anywhere. */
#ifndef HELPER_TERMFILTER_H
#define HELPER_TERMFILTER_H

#include <stdbool.h>
#include <stddef.h>

struct strbuf;

#define TERMFILTER_HELD 32

struct termfilter {
	bool colors;   /* let SGR sequences pass (ECMA-48 8.3.117); else they are dropped */
	bool coloured; /* a colour is on */
	size_t held;   /* bytes of a sequence that is not complete yet */
	char hold[TERMFILTER_HELD];
};

void termfilter_init(struct termfilter *f, bool colors);

/* Appends the safe form of `data`: LF and TAB and valid UTF-8 without control characters as they are, CR dropped, ESC [ digits ; m
 * as `colors` says, all else as \xHH. */
void termfilter_add(struct termfilter *f, const char *data, size_t len, struct strbuf *sb);

/* Nothing more comes: appends what was held back, and turns colours off. */
void termfilter_end(struct termfilter *f, struct strbuf *sb);

#endif
