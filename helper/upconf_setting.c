/* SPDX-License-Identifier: ISC */
/* What a value must look like, and where it goes. */
#include "helper/upconf_setting.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/socket_request.h"
#include "helper/sshconf.h"
#include "helper/suggest.h"
#include "helper/upconf.h"
#include "lib/cleanup.h"
#include "lib/home.h"
#include "lib/socketconf.h"

enum kind {
	KIND_TYPE,   /* const char *: one of socket_types */
	KIND_NUMBER, /* int64_t */
	KIND_BOOL,   /* bool */
	KIND_HOST,   /* the next are char *: heap */
	KIND_PATH,
	KIND_USERNAME,
	KIND_COUNT,
	KIND_TEXT,
	KIND_LIST, /* struct ctl_list of heap strings */
	KIND_HEADERS,
};

static const struct setting {
	const char *key;
	enum kind kind;
	size_t offset;
	size_t no;	    /* KIND_BOOL: a second bool, set by "no"; 0: there is none */
	const char *preset; /* the default as text; NULL: none */
	const char *field;  /* what the service calls it; NULL: the same */
	int64_t max;	    /* KIND_NUMBER: from 1; KIND_COUNT: from 0 */
	bool for_all;	    /* may stand before the first section */
	bool is_local;	    /* ssh goes by it, here; the service does not know it */
} settings[] = {
#define AT(member) .offset = offsetof(struct upconf_socket, member)
#define EDGE(member) .offset = offsetof(struct upconf_socket, settings.member)
	{ "type", KIND_TYPE, AT(type), .preset = "http" },
	{ "port", KIND_NUMBER, AT(port), .max = 65535, .is_local = true },
	{ "host", KIND_HOST, AT(host), .preset = "127.0.0.1", .for_all = true, .is_local = true },
	{ "tunnels", KIND_NUMBER, AT(tunnels), .preset = "1", .max = UPCONF_TUNNELS_MAX,
	  .for_all = true },
	{ "protected", KIND_BOOL, AT(is_protected), .preset = "no" },
	{ "username", KIND_USERNAME, AT(username) },
	{ "password_file", KIND_PATH, AT(password_file) },
	{ "identity", KIND_PATH, AT(identity), .for_all = true, .is_local = true },
	{ "ssh_option", KIND_LIST, AT(ssh_options), .for_all = true, .is_local = true },
	{ "subdomain", KIND_TEXT, EDGE(subdomain) },
	{ "sticky", KIND_BOOL, EDGE(sticky),
	  .no = offsetof(struct upconf_socket, settings.no_sticky) },
	{ "proxy_protocol", KIND_BOOL, EDGE(proxy_protocol),
	  .no = offsetof(struct upconf_socket, settings.no_proxy_protocol) },
	{ "allow", KIND_LIST, EDGE(allow), .field = "allowed_networks" },
	{ "deny", KIND_LIST, EDGE(deny), .field = "denied_networks" },
	{ "host_header", KIND_TEXT, EDGE(host_header) },
	{ "add_header", KIND_HEADERS, EDGE(add_header), .field = "add_request_headers" },
	{ "remove_header", KIND_LIST, EDGE(remove_header), .field = "remove_request_headers" },
	{ "rate_limit", KIND_COUNT, EDGE(rate_limit), .max = SOCKETCONF_RATE_MAX },
#undef EDGE
#undef AT
};

_Static_assert(ARRAY_SIZE(settings) == UPCONF_SETTING_COUNT, "the header says how many");

struct upconf_setting upconf_setting_at(size_t i)
{
	const struct setting *s = &settings[i];

	return (struct upconf_setting){
		.key = s->key,
		.preset = s->preset,
		.for_all = s->for_all,
		.is_list = s->kind == KIND_LIST || s->kind == KIND_HEADERS,
	};
}

size_t upconf_setting_find(const char *key)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(settings) && strcmp(settings[i].key, key) != 0)
		i++;
	return i;
}

const char *upconf_setting_near(const char *key)
{
	size_t i, distance = suggest_limit(key);
	const char *best = NULL;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		suggest_consider(key, settings[i].key, &best, &distance);
	return best;
}

/* ---- what is there ---- */
static bool is_text(const struct setting *s)
{
	return s->kind >= KIND_HOST && s->kind <= KIND_TEXT;
}

static bool is_list(const struct setting *s)
{
	return s->kind == KIND_LIST || s->kind == KIND_HEADERS;
}

static const void *value_of(const struct setting *s, const struct upconf_socket *socket)
{
	return (const char *)socket + s->offset;
}

static char *text_of(const struct setting *s, const struct upconf_socket *socket)
{
	return *(char *const *)value_of(s, socket);
}

static void list_clear(const struct ctl_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free((char *)list->items[i]);
}

void upconf_setting_clear(struct upconf_socket *socket)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		if (is_text(&settings[i]))
			free(text_of(&settings[i], socket));
		else if (is_list(&settings[i]))
			list_clear(value_of(&settings[i], socket));
	}
}

/* ---- setting ---- */
static __attribute__((format(printf, 2, 3))) int refuse(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, UPCONF_SETTING_WHY_SIZE, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int set_text(char **field, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

static int set_type(char *why, const char *value, const char **field)
{
	size_t i;

	for (i = 0; socket_types[i]; i++)
		if (!strcmp(socket_types[i], value)) {
			*field = socket_types[i];
			return 0;
		}
	return refuse(why, "'type' must be http, https, tcp or tls, not '%.60s'", value);
}

static int set_number(char *why, const struct setting *s, const char *value, int64_t *field)
{
	char *end;
	intmax_t n;

	errno = 0;
	n = strtoimax(value, &end, 10);
	if (value[strspn(value, "0123456789")] || !*value || errno || n < 1 || n > s->max)
		return refuse(why, "'%s' must be a number from 1 to %" PRId64 ", not '%.60s'",
			      s->key, s->max, value);
	*field = n;
	return 0;
}

static int set_bool(char *why, const struct setting *s, const char *value,
		    struct upconf_socket *socket)
{
	bool *yes = (bool *)((char *)socket + s->offset);
	bool *no = s->no ? (bool *)((char *)socket + s->no) : NULL;

	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return refuse(why, "'%s' must be yes or no, not '%.60s'", s->key, value);
	*yes = !strcmp(value, "yes");
	if (no)
		*no = !*yes;
	return 0;
}

/* What runs without a terminal has no folder to speak of: paths begin at the root or at home. */
static int set_path(char *why, const struct setting *s, const char *value, char **field)
{
	auto_free char *path = NULL;
	int r;

	if (value[0] != '/' && strncmp(value, "~/", 2) != 0)
		return refuse(why, "'%s' must be a path that begins with / or ~/, not '%.60s'",
			      s->key, value);
	r = home_expand(value, &path);
	if (r == -ENOENT)
		return refuse(why,
			      "'%s' is below your home folder, which cannot be found; "
			      "set HOME to its absolute path",
			      s->key);
	if (r < 0)
		return r;
	free(*field);
	*field = take_ptr(path);
	return 0;
}

static int set_count(char *why, const struct setting *s, const char *value, char **field)
{
	size_t len = strlen(value);

	if (value[strspn(value, "0123456789")] || len > 9 || strtoimax(value, NULL, 10) > s->max)
		return refuse(why, "'%s' must be a number from 0 to %" PRId64 ", not '%.60s'",
			      s->key, s->max, value);
	return set_text(field, value);
}

static int add_item(char *why, const struct setting *s, const char *value, struct ctl_list *list)
{
	char *copy;

	if (s->kind == KIND_HEADERS && !strchr(value, ':') && strcmp(value, "none") != 0)
		return refuse(why, "'%s' needs a name and a value: %s = Name: value, not '%.60s'",
			      s->key, s->key, value);
	if (list->count == CTL_LIST_MAX)
		return refuse(why, "'%s' is given more than %d times", s->key, CTL_LIST_MAX);
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	list->items[list->count++] = copy;
	return 0;
}

int upconf_setting_set(size_t i, const char *value, struct upconf_socket *socket,
		       char why[UPCONF_SETTING_WHY_SIZE])
{
	const struct setting *s = &settings[i];
	void *field = (char *)socket + s->offset;

	if (!*value)
		return refuse(why, "'%s' has no value", s->key);
	switch (s->kind) {
	case KIND_TYPE:
		return set_type(why, value, field);
	case KIND_NUMBER:
		return set_number(why, s, value, field);
	case KIND_BOOL:
		return set_bool(why, s, value, socket);
	case KIND_PATH:
		return set_path(why, s, value, field);
	case KIND_LIST:
	case KIND_HEADERS:
		return add_item(why, s, value, field);
	case KIND_COUNT:
		return set_count(why, s, value, field);
	case KIND_TEXT:
		return set_text(field, value);
	case KIND_HOST:
		if (!sshconf_is_host(value))
			return refuse(why, "'%.100s' is no host name or address", value);
		return set_text(field, value);
	case KIND_USERNAME:
		if (strchr(value, ':'))
			return refuse(why, "'username' must not have a colon in it");
		return set_text(field, value);
	}
	return -EINVAL;
}

int upconf_setting_inherit(size_t i, const struct upconf_socket *from, struct upconf_socket *to,
			   bool *ret_done, char ret_why[UPCONF_SETTING_WHY_SIZE])
{
	const struct setting *s = &settings[i];
	const void *value = value_of(s, from);
	void *field = (char *)to + s->offset;
	size_t j;
	int r = 0;

	if (is_list(s)) {
		const struct ctl_list *list = value;

		for (j = 0; j < list->count && r == 0; j++)
			r = upconf_setting_set(i, list->items[j], to, ret_why);
		*ret_done = list->count > 0;
	} else if (is_text(s)) {
		*ret_done = text_of(s, from) != NULL;
		r = *ret_done ? set_text(field, text_of(s, from)) : 0;
	} else if (s->kind == KIND_NUMBER) {
		*ret_done = *(const int64_t *)value != 0;
		if (*ret_done)
			*(int64_t *)field = *(const int64_t *)value;
	} else {
		*ret_done = false; /* none of these may stand before the first section */
	}
	return r;
}

/* ---- what the service would say ---- */
static void drop_json(struct json_object **o)
{
	json_object_put(*o);
}

/* "field 'allowed_networks': ..." -> "'allow': ..." */
static int refuse_field(char *why, const char *message)
{
	static const char start[] = "field '";
	const char *field = message + strlen(start);
	size_t i, len = strcspn(field, "'");

	if (strncmp(message, start, strlen(start)) != 0)
		return refuse(why, "%.290s", message);
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].field && strlen(settings[i].field) == len &&
		    !strncmp(settings[i].field, field, len))
			return refuse(why, "'%s%.250s", settings[i].key, field + len);
	return refuse(why, "'%.290s", field);
}

int upconf_setting_check(const struct upconf_socket *socket, char why[UPCONF_SETTING_WHY_SIZE])
{
	auto_call(drop_json) struct json_object *o = json_object_new_object();
	char message[SOCKETCONF_ERROR_SIZE];
	struct socketconf conf;
	int r = o ? settings_request_body(&socket->settings, o) : -ENOMEM;

	if (r == 0)
		r = socketconf_read(o, socket->type, &conf, message);
	if (r == -EINVAL)
		return refuse_field(why, message);
	if (r == 0)
		socketconf_clear(&conf);
	return r;
}

/* ---- comparing ---- */
static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_list(const struct ctl_list *a, const struct ctl_list *b)
{
	size_t i;

	for (i = 0; a->count == b->count && i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return a->count == b->count;
}

static bool same_value(const struct setting *s, const struct upconf_socket *a,
		       const struct upconf_socket *b)
{
	const void *x = value_of(s, a), *y = value_of(s, b);

	if (is_list(s))
		return same_list(x, y);
	if (is_text(s) || s->kind == KIND_TYPE)
		return same_text(text_of(s, a), text_of(s, b));
	if (s->kind == KIND_NUMBER)
		return *(const int64_t *)x == *(const int64_t *)y;
	if (s->no && *((const bool *)((const char *)a + s->no)) !=
			     *((const bool *)((const char *)b + s->no)))
		return false;
	return *(const bool *)x == *(const bool *)y;
}

bool upconf_setting_equal(const struct upconf_socket *a, const struct upconf_socket *b,
			  bool with_local)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if ((with_local || !settings[i].is_local) && !same_value(&settings[i], a, b))
			return false;
	return true;
}
