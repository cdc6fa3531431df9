/* SPDX-License-Identifier: ISC */
/* The option parser over tables. Knows no option and no command. */
#include "helper/options.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/suggest.h"
#include "lib/escape.h"
#include "lib/id.h"

/* "socket-id" is "socket_id". */
static bool name_equal(const char *typed, size_t len, const char *name)
{
	size_t i;

	if (strlen(name) != len)
		return false;
	for (i = 0; i < len; i++)
		if ((typed[i] == '-' ? '_' : typed[i]) != (name[i] == '-' ? '_' : name[i]))
			return false;
	return true;
}

static const struct ctl_option *find(const struct ctl_option_table *tables, size_t table_count,
				     const char *typed, size_t len, bool *ret_negated)
{
	size_t t, i;

	for (t = 0; t < table_count; t++)
		for (i = 0; i < tables[t].count; i++) {
			const struct ctl_option *o = &tables[t].options[i];

			*ret_negated = o->negation && name_equal(typed, len, o->negation);
			if (*ret_negated || name_equal(typed, len, o->name))
				return o;
		}
	return NULL;
}

static int unknown(const struct ctl_option_table *tables, size_t table_count, const char *typed,
		   size_t len, char why[CTL_OPTIONS_WHY_SIZE])
{
	size_t t, i, distance;
	const char *best = NULL;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)len, typed);
	distance = suggest_limit(name);
	for (t = 0; t < table_count; t++)
		for (i = 0; i < tables[t].count; i++) {
			suggest_consider(name, tables[t].options[i].name, &best, &distance);
			if (tables[t].options[i].negation)
				suggest_consider(name, tables[t].options[i].negation, &best,
						 &distance);
		}
	if (best)
		snprintf(why, CTL_OPTIONS_WHY_SIZE, "unknown option '--%s'\ndid you mean '--%s'?",
			 name, best);
	else
		snprintf(why, CTL_OPTIONS_WHY_SIZE, "unknown option '--%s'", name);
	return -EINVAL;
}

static int set_int(const struct ctl_option *o, const char *text, int64_t *field, char *why)
{
	char *end;
	intmax_t n;

	errno = 0;
	n = strtoimax(text, &end, 10);
	if (!isdigit((unsigned char)text[text[0] == '-']) || *end || errno || n < o->min ||
	    n > o->max) {
		snprintf(why, CTL_OPTIONS_WHY_SIZE,
			 "option '--%s' must be a number from %" PRId64 " to %" PRId64
			 ", not '%.60s'",
			 o->name, o->min, o->max, text);
		return -EINVAL;
	}
	*field = n;
	return 0;
}

static int set_choice(const struct ctl_option *o, const char *text, const char **field, char *why)
{
	size_t i, len;

	for (i = 0; o->choices[i]; i++)
		if (!strcmp(o->choices[i], text)) {
			*field = o->choices[i];
			return 0;
		}
	len = (size_t)snprintf(why, CTL_OPTIONS_WHY_SIZE, "option '--%s' must be one of", o->name);
	for (i = 0; o->choices[i] && len < CTL_OPTIONS_WHY_SIZE; i++)
		len += (size_t)snprintf(why + len, CTL_OPTIONS_WHY_SIZE - len, "%s %s",
					i ? "," : "", o->choices[i]);
	if (len < CTL_OPTIONS_WHY_SIZE)
		snprintf(why + len, CTL_OPTIONS_WHY_SIZE - len, ", not '%.60s'", text);
	return -EINVAL;
}

static int set_list(const struct ctl_option *o, const char *text, struct ctl_list *list, char *why)
{
	if (list->count == CTL_LIST_MAX) {
		snprintf(why, CTL_OPTIONS_WHY_SIZE, "option '--%s' is given more than %d times",
			 o->name, CTL_LIST_MAX);
		return -EINVAL;
	}
	list->items[list->count++] = text;
	return 0;
}

/* Names of files, and what is ssh's own, may be any bytes. All else is sent as JSON. */
static bool is_any_bytes(const struct ctl_option *o)
{
	return !strcmp(o->metavar, "FILE") || !strcmp(o->metavar, "OPTION");
}

static int set_value(const struct ctl_option *o, const char *text, void *values, char *why)
{
	void *field = (char *)values + o->offset;

	if (o->kind != CTL_OPTION_FLAG && !is_any_bytes(o) && !escape_is_utf8(text)) {
		snprintf(
			why, CTL_OPTIONS_WHY_SIZE,
			"option '--%s' must be UTF-8; set your terminal, or what wrote this, to it",
			o->name);
		return -EINVAL;
	}
	switch (o->kind) {
	case CTL_OPTION_FLAG:
		*(bool *)field = true;
		return 0;
	case CTL_OPTION_STRING:
		*(const char **)field = text;
		return 0;
	case CTL_OPTION_INT:
		return set_int(o, text, field, why);
	case CTL_OPTION_CHOICE:
		return set_choice(o, text, field, why);
	case CTL_OPTION_UUID:
		if (id_is_uuid(text)) {
			*(const char **)field = text;
			return 0;
		}
		snprintf(why, CTL_OPTIONS_WHY_SIZE,
			 "option '--%s' must be an id like 24cd3fa2-b56a-486f-a554-30924bae54d0, "
			 "not '%.60s'; it is %c%s",
			 o->name, text, tolower((unsigned char)o->help[0]), o->help + 1);
		return -EINVAL;
	case CTL_OPTION_LIST:
		return set_list(o, text, field, why);
	}
	return -EINVAL;
}

/* One option at argv[0]; *ret_used says how many words it took. */
static int parse_one(const struct ctl_option_table *tables, size_t table_count, int argc,
		     char *const *argv, void *values, int *ret_used, char *why)
{
	const char *typed = argv[0] + 2, *equals = strchr(typed, '=');
	size_t len = equals ? (size_t)(equals - typed) : strlen(typed);
	bool negated;
	const struct ctl_option *o = find(tables, table_count, typed, len, &negated);

	*ret_used = 1;
	if (!o)
		return unknown(tables, table_count, typed, len, why);
	if (o->kind == CTL_OPTION_FLAG) {
		if (equals) {
			snprintf(why, CTL_OPTIONS_WHY_SIZE, "option '--%.*s' takes no value",
				 (int)len, typed);
			return -EINVAL;
		}
		*(bool *)((char *)values + o->offset) = !negated;
		return 0;
	}
	if (equals)
		return set_value(o, equals + 1, values, why);
	if (argc < 2) {
		snprintf(why, CTL_OPTIONS_WHY_SIZE, "option '--%s' needs a value: --%s %s", o->name,
			 o->name, o->metavar);
		return -EINVAL;
	}
	*ret_used = 2;
	return set_value(o, argv[1], values, why);
}

static int set_defaults(const struct ctl_option_table *tables, size_t table_count, void *values,
			char *why)
{
	size_t t, i;

	for (t = 0; t < table_count; t++)
		for (i = 0; i < tables[t].count; i++) {
			const struct ctl_option *o = &tables[t].options[i];
			int r = o->fallback ? set_value(o, o->fallback, values, why) : 0;

			if (r < 0)
				return r;
		}
	return 0;
}

int ctl_options_parse(const struct ctl_option_table *tables, size_t table_count, int argc,
		      char *const *argv, void *values, struct ctl_args *ret_args,
		      char ret_why[CTL_OPTIONS_WHY_SIZE])
{
	bool ended = false;
	int i, used, r;

	ret_args->count = 0;
	r = set_defaults(tables, table_count, values, ret_why);
	for (i = 0; r == 0 && i < argc; i += used) {
		used = 1;
		if (!ended && !strcmp(argv[i], "--")) {
			ended = true;
		} else if (!ended && !strcmp(argv[i], "-h")) {
			static char *const help[] = { (char *)"--help" };

			r = parse_one(tables, table_count, 1, help, values, &used, ret_why);
		} else if (!ended && !strncmp(argv[i], "--", 2)) {
			r = parse_one(tables, table_count, argc - i, argv + i, values, &used,
				      ret_why);
		} else if (!ended && argv[i][0] == '-' && argv[i][1]) {
			snprintf(ret_why, CTL_OPTIONS_WHY_SIZE,
				 "unknown option '%.60s': options begin with two dashes", argv[i]);
			r = -EINVAL;
		} else if (ret_args->count == CTL_ARGS_MAX) {
			snprintf(ret_why, CTL_OPTIONS_WHY_SIZE, "too many arguments");
			r = -EINVAL;
		} else {
			ret_args->items[ret_args->count++] = argv[i];
		}
	}
	return r;
}

static const char *missing(const struct ctl_option *o, const void *values)
{
	const void *field = (const char *)values + o->offset;
	const char *text;

	if (o->kind == CTL_OPTION_INT)
		return *(const int64_t *)field ? NULL : "is missing";
	text = *(const char *const *)field;
	return !text ? "is missing" : !*text ? "must not be empty" : NULL;
}

int ctl_options_check(const struct ctl_option_table *table, const void *values,
		      char ret_why[CTL_OPTIONS_WHY_SIZE])
{
	size_t i;

	for (i = 0; i < table->count; i++) {
		const struct ctl_option *o = &table->options[i];
		const char *trouble = o->required ? missing(o, values) : NULL;

		if (trouble) {
			snprintf(ret_why, CTL_OPTIONS_WHY_SIZE, "option '--%s %s' %s", o->name,
				 o->metavar, trouble);
			return -EINVAL;
		}
	}
	return 0;
}
