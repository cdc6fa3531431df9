/* SPDX-License-Identifier: ISC */
/* One truth: what mysocketctl and mysocket-proxycommand take is in their tables, and --help, the manual pages and the
 * completion of bash, zsh and fish say the same, no more and no less. Each place is read as its readers do, and compared with
 * the table as a sorted list. */
#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdarg.h>

#include "helper/command.h"
#include "helper/completion.h"
#include "helper/ctl.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"
#include "proxycommand/proxy_completion.h"
#include "proxycommand/proxy_options.h"
#include "tests/unit/manual_page.h"

/* ---- lists ---- */
#define LIST_ITEMS 64

struct list {
	char *items[LIST_ITEMS];
	size_t count;
};

__attribute__((format(printf, 2, 3))) static void add(struct list *list, const char *fmt, ...)
{
	va_list ap;

	assert_true(list->count < LIST_ITEMS);
	va_start(ap, fmt);
	assert_true(vasprintf(&list->items[list->count++], fmt, ap) >= 0);
	va_end(ap);
}

/* To the last item. */
static void append(struct list *list, const char *text, size_t len)
{
	char **item = &list->items[list->count - 1], *longer;

	assert_true(list->count > 0);
	assert_true(asprintf(&longer, "%s %.*s", *item, (int)len, text) >= 0);
	free(*item);
	*item = longer;
}

static void list_clear(struct list *list)
{
	while (list->count)
		free(list->items[--list->count]);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Fails unless both have the same items; empties `found`. */
static void same(struct list *table, struct list *found, const char *where, const char *what)
{
	size_t i;

	qsort(table->items, table->count, sizeof(char *), compare);
	qsort(found->items, found->count, sizeof(char *), compare);
	for (i = 0; i < table->count || i < found->count; i++) {
		const char *a = i < table->count ? table->items[i] : "(no more)";
		const char *b = i < found->count ? found->items[i] : "(no more)";

		if (strcmp(a, b) != 0)
			fail_msg("%s: the table of '%s' has '%s' where there is '%s'", where, what,
				 a, b);
	}
	list_clear(found);
}

/* ---- options, as "--name METAVAR", and for completion as "--name", "--name *", "--name FILE", "--name one two" ---- */
static void add_option(struct list *full, struct list *brief, const char *name, const char *metavar,
		       const char *const *choices)
{
	add(full, "--%s%s%s", name, metavar ? " " : "", metavar ? metavar : "");
	add(brief, "--%s%s", name,
	    !metavar		       ? ""
	    : choices		       ? ""
	    : !strcmp(metavar, "FILE") ? " FILE"
				       : " *");
	for (; choices && *choices; choices++)
		append(brief, *choices, strlen(*choices));
}

static void add_ctl_table(const struct ctl_option_table *t, struct list *full, struct list *brief)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		const struct ctl_option *o = &t->options[i];

		add_option(full, brief, o->name, o->metavar, o->choices);
		if (o->negation)
			add_option(full, brief, o->negation, NULL, NULL);
	}
}

/* ---- the manual page ---- */
/* ".It Fl -name Ar METAVAR", ".It Fl -name , Fl -negation" */
static void in_page(const char *text, struct list *found)
{
	auto_free char *copy = strdup(text);
	char *rest = copy, *line, *word;

	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, ".It Fl ", 7) != 0)
			continue;
		for (line += 4; (word = strsep(&line, " "));) {
			if (!strcmp(word, "Fl") && line)
				add(found, "-%s", strsep(&line, " "));
			else if (!strcmp(word, "Ar") && line)
				append(found, line, strlen(line));
		}
	}
}

/* ---- --help: "  --name / --negation METAVAR  Text" ---- */
static void in_help(const char *help, struct list *found)
{
	const char *line;

	for (line = help; (line = strstr(line, "\n  --")); line++) {
		const char *word = line + 3;

		while (*word && !isspace((unsigned char)*word)) {
			size_t len = strcspn(word, " \n");

			if (!strncmp(word, "--", 2))
				add(found, "%.*s", (int)len, word);
			else if (*word != '/')
				append(found, word, len);
			word += len + (word[len] == ' ');
		}
	}
}

/* ---- completion ---- */
/* What follows `prefix` in the script up to `end`: heap; NULL if it is not there. It must not be there twice. */
static char *after(const char *script, const char *prefix, const char *end)
{
	const char *at = strstr(script, prefix), *stop;

	if (!at)
		return NULL;
	if (strstr(at + 1, prefix))
		fail_msg("the script has twice: %s", prefix);
	at += strlen(prefix);
	stop = strstr(at, end);
	assert_non_null(stop);
	return strndup(at, (size_t)(stop - at));
}

/* Words of the first '...' behind `before` of a line, to the last item. */
static void append_quoted(struct list *found, const char *text, const char *before, char end)
{
	const char *at = strstr(text, before);

	if (at)
		append(found, at + strlen(before),
		       strcspn(at + strlen(before), (char[]){ end, 0 }));
}

static void in_cases(const char *script, const char *case_format, const char *flags,
		     struct list *found)
{
	auto_free char *copy = strdup(flags);
	char *rest = copy, *word;

	while ((word = strsep(&rest, " "))) {
		auto_free char *value = NULL;
		char prefix[200], name[60];
		size_t i;

		if (!*word)
			continue;
		add(found, "%s", word);
		/* There, a dash in the name of an option of mysocketctl is an underscore. */
		snprintf(name, sizeof(name), "%s", word + 2);
		for (i = 0; name[i] && strchr(case_format, '\''); i++)
			name[i] = (char)(name[i] == '-' ? '_' : name[i]);
		snprintf(prefix, sizeof(prefix), "\n\t%s%s%s", case_format, name,
			 strchr(case_format, '\'') ? "')" : ")");
		value = after(script, prefix, ";;");
		if (value && strstr(value, "names='"))
			append_quoted(found, value, "names='", '\'');
		else if (value && (strstr(value, "kind='file'") || strstr(value, "-o default")))
			append(found, "FILE", 4);
		else if (value)
			append(found, "*", 1);
	}
}

static void in_ctl_script(const char *script, const char *command, struct list *found)
{
	auto_free char *flags = NULL, *line = NULL;
	char prefix[100];

	snprintf(prefix, sizeof(prefix), "\n\t'%s')\n\t\tnames='", command);
	line = after(script, prefix, "\n");
	if (!line)
		fail_msg("the script has no case for '%s'", command);
	flags = after(line, "flags='", "'");
	assert_non_null(flags);
	snprintf(prefix, sizeof(prefix), "'%s ", command);
	in_cases(script, prefix, flags, found);
}

static void in_proxy_bash(const char *script, struct list *found)
{
	auto_free char *flags = after(script, "\t\tnames='", "'");

	assert_non_null(flags);
	in_cases(script, "--", flags, found);
}

/* '--name=[help]:METAVAR:action' */
static void in_proxy_zsh(const char *script, struct list *found)
{
	const char *line;

	for (line = script; (line = strstr(line, "\n\t\t'--")); line++) {
		auto_free char *text = strndup(line + 4, strcspn(line + 4, "\n"));
		const char *action = strstr(text, "]:");

		add(found, "%.*s", (int)strcspn(text, "=["), text);
		assert_int_equal(!action, text[strcspn(text, "=[")] == '[');
		action = action ? strchr(action + 2, ':') : NULL;
		if (action && action[1] == '(')
			append_quoted(found, action, "(", ')');
		else if (action)
			append(found, strncmp(action, ":_files", 7) ? "*" : "FILE",
			       strncmp(action, ":_files", 7) ? 1 : 4);
	}
}

/* complete -c PROGRAM -n 'condition' -l name -x -a 'one two' -d 'help' */
static void in_fish(const char *script, const char *begin, struct list *found)
{
	const char *line;
	char prefix[200];

	snprintf(prefix, sizeof(prefix), "\ncomplete -c %s -l ", begin);
	for (line = script; (line = strstr(line, prefix)); line++) {
		const char *name = line + strlen(prefix);
		const char *help = strstr(name, " -d ");
		size_t len = strcspn(name, "\n");
		auto_free char *text =
			strndup(name, help && help < name + len ? (size_t)(help - name) : len);

		add(found, "--%.*s", (int)strcspn(text, " "), text);
		if (strstr(text, " -a '"))
			append_quoted(found, text, " -a '", '\'');
		else if (strstr(text, " -r -F"))
			append(found, "FILE", 4);
		else if (strstr(text, " -x"))
			append(found, "*", 1);
	}
}

/* ---- the commands of mysocketctl ---- */
static char *script_of(int (*add_script)(const char *shell, struct strbuf *sb), const char *shell)
{
	struct strbuf sb = STRBUF_INIT(1 << 20);
	char *script;

	assert_int_equal(add_script(shell, &sb), 0);
	assert_int_equal(strbuf_take(&sb, &script), 0);
	return script;
}

struct places {
	char *page, *bash, *zsh, *fish;
};

static void check_values(const struct ctl_command *c, const char *page, const char *help)
{
	size_t i;

	for (i = 0; i < c->table.count; i++) {
		const struct ctl_option *o = &c->table.options[i];
		const char *const *choice = o->choices;

		if (o->fallback && (!strstr(page, o->fallback) || !strstr(help, o->fallback)))
			fail_msg("%s: the default of '--%s' is not told everywhere", c->name,
				 o->name);
		for (; choice && *choice; choice++)
			if (!strstr(page, *choice) || !strstr(help, *choice))
				fail_msg("%s: '--%s %s' is not told everywhere", c->name, o->name,
					 *choice);
	}
}

static void check_command(const struct ctl_command *c, const struct places *p)
{
	struct list own = { .count = 0 }, own_brief = { .count = 0 }, all = { .count = 0 },
		    all_brief = { .count = 0 }, found = { .count = 0 };
	auto_call(strbuf_clear) struct strbuf help = STRBUF_INIT(65536);
	auto_free char *text = NULL;
	char name[100];

	add_ctl_table(&c->table, &own, &own_brief);
	add_ctl_table(&c->table, &all, &all_brief);
	add_ctl_table(&ctl_common_options, &all, &all_brief);
	snprintf(name, sizeof(name), ".Ss %s", c->name);
	text = manual_section(p->page, name);
	in_page(text, &found);
	same(&own, &found, "manual page", c->name);
	ctl_help_command(c, &help);
	assert_int_equal(strbuf_error(&help), 0);
	in_help(help.buf, &found);
	same(&all, &found, "--help", c->name);
	check_values(c, text, help.buf);
	in_ctl_script(p->bash, c->name, &found);
	same(&all_brief, &found, "bash", c->name);
	in_ctl_script(p->zsh, c->name, &found);
	same(&all_brief, &found, "zsh", c->name);
	snprintf(name, sizeof(name), "mysocketctl -n '__mysocketctl_in %s'", c->name);
	in_fish(p->fish, name, &found);
	same(&own_brief, &found, "fish", c->name);
	list_clear(&own);
	list_clear(&own_brief);
	list_clear(&all);
	list_clear(&all_brief);
}

static void check_common(const struct places *p)
{
	struct list full = { .count = 0 }, brief = { .count = 0 }, found = { .count = 0 };
	auto_call(strbuf_clear) struct strbuf help = STRBUF_INIT(65536);
	auto_free char *text = manual_section(p->page, ".Sh OPTIONS");

	add_ctl_table(&ctl_common_options, &full, &brief);
	in_page(text, &found);
	same(&full, &found, "manual page", "every command");
	in_fish(p->fish, "mysocketctl", &found);
	same(&brief, &found, "fish", "every command");
	/* Where no command is named. */
	ctl_help_all(&help);
	add(&full, "--version");
	add(&brief, "--version");
	in_help(help.buf, &found);
	same(&full, &found, "--help", "mysocketctl");
	in_ctl_script(p->bash, "", &found);
	same(&brief, &found, "bash", "mysocketctl");
	in_ctl_script(p->zsh, "", &found);
	same(&brief, &found, "zsh", "mysocketctl");
	list_clear(&full);
	list_clear(&brief);
}

static void every_option_of_mysocketctl_is_the_same_everywhere(void **state)
{
	struct places p = { manual_page("man/mysocketctl.1"), script_of(completion_add, "bash"),
			    script_of(completion_add, "zsh"), script_of(completion_add, "fish") };
	size_t i;

	for (i = 0; i < ctl_command_count; i++)
		check_command(ctl_commands[i], &p);
	check_common(&p);
	free(p.page);
	free(p.bash);
	free(p.zsh);
	free(p.fish);
}

/* ---- mysocket-proxycommand ---- */
static void every_option_of_the_proxycommand_is_the_same_everywhere(void **state)
{
	struct places p = { manual_page("man/mysocket-proxycommand.1"),
			    script_of(proxy_completion_add, "bash"),
			    script_of(proxy_completion_add, "zsh"),
			    script_of(proxy_completion_add, "fish") };
	struct list full = { .count = 0 }, brief = { .count = 0 }, found = { .count = 0 };
	auto_call(strbuf_clear) struct strbuf help = STRBUF_INIT(65536);
	static const char what[] = "mysocket-proxycommand";
	const struct proxy_option *o;
	size_t i;

	for (i = 0; (o = proxy_option(i)); i++)
		add_option(&full, &brief, o->name, o->metavar, o->choices);
	in_page(p.page, &found);
	same(&full, &found, "manual page", what);
	proxy_options_help(&help);
	in_help(help.buf, &found);
	same(&full, &found, "--help", what);
	in_proxy_bash(p.bash, &found);
	same(&brief, &found, "bash", what);
	in_proxy_zsh(p.zsh, &found);
	same(&brief, &found, "zsh", what);
	in_fish(p.fish, what, &found);
	same(&brief, &found, "fish", what);
	list_clear(&full);
	list_clear(&brief);
	free(p.page);
	free(p.bash);
	free(p.zsh);
	free(p.fish);
}

/* ---- names of commands ---- */
static void add_words(const char *line, const char *above, struct list *found)
{
	auto_free char *copy = strdup(line);
	char *rest = copy, *word;

	while ((word = strsep(&rest, " ")))
		add(found, "%s%s%s", above, *above ? " " : "", word);
}

/* The words that may follow `above`, as full names. */
static void words_below(const char *above, struct list *found)
{
	size_t i, j, len = strlen(above);

	for (i = 0; i < ctl_command_count; i++) {
		const char *name = ctl_commands[i]->name;
		size_t end = len + (len > 0);

		if (len && (strncmp(name, above, len) != 0 || name[len] != ' '))
			continue;
		end += strcspn(name + end, " ");
		for (j = 0; j < found->count; j++)
			if (strlen(found->items[j]) == end && !strncmp(found->items[j], name, end))
				break;
		if (j == found->count)
			add(found, "%.*s", (int)end, name);
	}
}

static void check_words(const char *above, const char *script, const char *format,
			const char *shell)
{
	struct list table = { .count = 0 }, found = { .count = 0 };
	auto_free char *line = NULL;
	char prefix[100];

	words_below(above, &table);
	snprintf(prefix, sizeof(prefix), "%s%s%s", format, above,
		 *shell == 'f' ? "' -a '" : "')\n\t\tnames='");
	line = after(script, prefix, "'");
	if (!line)
		fail_msg("%s does not know what follows '%s'", shell, above);
	add_words(line, above, &found);
	same(&table, &found, shell, *above ? above : "mysocketctl");
	list_clear(&table);
}

static void every_command_is_in_the_page_and_completed(void **state)
{
	static const char *const groups[] = { "",	 "account", "account key", "domain",
					      "service", "socket",  "tunnel" };
	auto_free char *page = manual_page("man/mysocketctl.1");
	auto_free char *bash = script_of(completion_add, "bash");
	auto_free char *zsh = script_of(completion_add, "zsh");
	auto_free char *fish = script_of(completion_add, "fish");
	struct list table = { .count = 0 }, found = { .count = 0 };
	auto_free char *text = manual_section(page, ".Sh COMMANDS");
	const char *at;
	size_t i;

	for (i = 0; i < ctl_command_count; i++)
		add(&table, "%s", ctl_commands[i]->name);
	for (at = text; (at = strstr(at, "\n.Ss ")); at++)
		add(&found, "%.*s", (int)strcspn(at + 5, "\n"), at + 5);
	same(&table, &found, "manual page", "mysocketctl");
	list_clear(&table);
	assert_int_equal(ARRAY_SIZE(groups), ctl_group_count + 2);
	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		check_words(groups[i], bash, "\n\t'", "bash");
		check_words(groups[i], zsh, "\n\t'", "zsh");
		check_words(groups[i], fish, "'__mysocketctl_at ", "fish");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_of_mysocketctl_is_the_same_everywhere),
		cmocka_unit_test(every_option_of_the_proxycommand_is_the_same_everywhere),
		cmocka_unit_test(every_command_is_in_the_page_and_completed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
