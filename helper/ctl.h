/* SPDX-License-Identifier: ISC */
/* What every command of mysocketctl works with: settings, token, API client, and the one place where results and errors are
 * printed, as text or as JSON. */
#ifndef HELPER_CTL_H
#define HELPER_CTL_H

#include <stdbool.h>
#include <stdint.h>

#include "helper/options.h"
#include "helper/settings.h"
#include "helper/token.h"

struct json_object;
struct rest;
struct strbuf;
struct table;

/* The options that every command has; first member of each command's options struct. */
struct ctl_common {
	bool json;
	bool help;
};

extern const struct ctl_option_table ctl_common_options;

struct ctl {
	bool json;
	bool usage_error; /* the exit status is 2 */
	struct ctl_args args;
	struct settings settings;
	struct rest *rest;
	struct token token;
	/* Calls to the API give up at so many Ctrl-C (signals.h); 0: never. With a patience of more than one, at a SIGTERM within
	 * two seconds. */
	unsigned patience;
	bool told_patience; /* and so has its user been */
	int64_t deadline_ms; /* when calls to the API are over, on clock_mono_ms(); 0: each has its own time */
	int64_t terminated_ms; /* when such a call saw the SIGTERM; 0: not yet */
};

/* ---- errors: each prints one line on standard error and returns r ---- */
int ctl_fail(const struct ctl *ctl, int r, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A wrong command line: -EINVAL, and exit status 2. Lines after the first are hints. */
int ctl_usage(struct ctl *ctl, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ctl_warn(const struct ctl *ctl, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- the API ---- */
/* Settings and client. 0, or a negative errno, said. */
int ctl_open_api(struct ctl *ctl);
/* The token, given to the client. 0, or a negative errno, said. */
int ctl_open_token(struct ctl *ctl);
/* rest_call() with its failure said. */
int ctl_call(struct ctl *ctl, const char *method, const char *path, struct json_object *body,
	     struct json_object **ret_answer);
/* Says why rest_call() failed with r; adds the command for an expired token. Returns r. */
int ctl_say_rest(const struct ctl *ctl, int r);
/* Says that an answer of the API cannot be used. Returns -EBADMSG. */
int ctl_bad_answer(const struct ctl *ctl, const char *why);
void ctl_clear(struct ctl *ctl);

/* ---- results ---- */
/* What --help prints: the text, or an object with it. 0 or a negative errno, said. */
int ctl_print_help(const struct ctl *ctl, const struct strbuf *sb);
/* Columns of the terminal that is standard output (or $COLUMNS); TABLE_UNLIMITED if there is none. */
size_t ctl_width(void);
int ctl_print(const struct ctl *ctl, const char *text);
int ctl_print_json(const struct ctl *ctl, struct json_object *o);
/* The same on one line: one of many documents. */
int ctl_print_event(const struct ctl *ctl, struct json_object *o);
int ctl_print_table(const struct ctl *ctl, const struct table *t);

/* ---- --json documents ---- */
/* {"name": "value"} and so on; NULL ends the list. NULL if out of memory. */
struct json_object *ctl_json_strings(const char *name, ...) __attribute__((sentinel));

#endif
