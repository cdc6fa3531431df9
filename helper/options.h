/* SPDX-License-Identifier: ISC */
/* Command-line options by one table per command: parsing, checks, --help, and the test that compares them with
 * the man page all read the same rows.
 *
 *	--name=value, --name value, --flag (some have a negation: --not-protected), -h for --help;
 *	"--" ends options.
 *	socket_id and socket-id are the same name. Options and arguments may be mixed.
 *	A single option may be given twice: the last one counts (CTL_OPTION_LIST collects all). */
#ifndef HELPER_OPTIONS_H
#define HELPER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

enum ctl_option_kind {
	CTL_OPTION_FLAG,   /* bool */
	CTL_OPTION_STRING, /* const char *: points into argv or at the default; NULL if absent */
	CTL_OPTION_INT,	   /* int64_t: 0 if absent */
	CTL_OPTION_CHOICE, /* const char *: one of `choices` */
	CTL_OPTION_UUID,   /* const char *: an id of the API */
	CTL_OPTION_LIST,   /* struct ctl_list */
};

#define CTL_LIST_MAX 16

struct ctl_list {
	const char *items[CTL_LIST_MAX];
	size_t count;
};

struct ctl_option {
	const char *name; /* as documented, without dashes in front: "socket_id" */
	enum ctl_option_kind kind;
	size_t offset;	      /* in the command's options struct */
	const char *negation; /* CTL_OPTION_FLAG: "not-protected"; may be NULL */
	const char *metavar;  /* "TEXT"; NULL for a flag */
	const char *help;
	const char *fallback;	    /* the default, in the option's own syntax; NULL: none */
	const char *const *choices; /* CTL_OPTION_CHOICE: ends with NULL */
	int64_t min, max;	    /* CTL_OPTION_INT */
	bool required;
};

#define CTL_ARGS_MAX 8
#define CTL_OPTIONS_WHY_SIZE 400

struct ctl_args {
	const char *items[CTL_ARGS_MAX];
	size_t count;
};

/* Several tables are searched as one (a command's own, and the common ones). */
struct ctl_option_table {
	const struct ctl_option *options;
	size_t count;
};

/* Fills the struct at `values` (zeroed by the caller) from argv[0..argc). 0, or -EINVAL with a sentence for the user, its
 * second line being "did you mean" where there is a near name. Requirements are not checked here. */
int ctl_options_parse(const struct ctl_option_table *tables, size_t table_count, int argc,
		      char *const *argv, void *values, struct ctl_args *ret_args,
		      char ret_why[CTL_OPTIONS_WHY_SIZE]);

/* 0, or -EINVAL with a sentence that names the first required option that is missing or empty. */
int ctl_options_check(const struct ctl_option_table *table, const void *values,
		      char ret_why[CTL_OPTIONS_WHY_SIZE]);

/* Appends one line or two per option, wrapped at 80 columns: "  --port INTEGER   Local port to connect  [required]". */
void ctl_options_help(const struct ctl_option_table *tables, size_t table_count, struct strbuf *sb);

#endif
