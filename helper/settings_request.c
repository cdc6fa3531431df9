/* SPDX-License-Identifier: ISC */
/* Options into members of a body. Only their spelling is checked here. */
#include "helper/settings_request.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/ctl.h"
#include "lib/cleanup.h"
#include "lib/socketconf.h"

static const char none[] = "none";

static void drop_json(struct json_object **o)
{
	json_object_put(*o);
}

/* Takes `value`; NULL: out of memory. */
static int put_member(struct json_object *body, const char *name, struct json_object *value)
{
	if (value && json_object_object_add(body, name, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static int put_item(struct json_object *list, struct json_object *value)
{
	if (value && json_object_array_add(list, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

/* The text without spaces around it. */
static struct json_object *trimmed(const char *text, size_t len)
{
	while (len && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	return json_object_new_string_len(text, (int)len);
}

/* "a, b" is two. */
static int put_words(struct json_object *list, const char *text)
{
	int r = 0;

	while (r == 0 && *text) {
		size_t len = strcspn(text, ",");

		r = put_item(list, trimmed(text, len));
		text += len + (text[len] == ',');
	}
	return r;
}

static int put_header(struct json_object *list, const char *text)
{
	auto_call(drop_json) struct json_object *o = json_object_new_object();
	const char *colon = strchr(text, ':');
	int r;

	if (!o)
		return -ENOMEM;
	r = put_member(o, "name", trimmed(text, (size_t)(colon - text)));
	if (r == 0)
		r = put_member(o, "value", trimmed(colon + 1, strlen(colon + 1)));
	return r < 0 ? r : put_item(list, take_ptr(o));
}

static int add_list(struct json_object *body, const char *name, const struct ctl_list *given,
		    int (*put)(struct json_object *list, const char *text))
{
	auto_call(drop_json) struct json_object *list = json_object_new_array();
	int r = list ? 0 : -ENOMEM;

	if (!given->count)
		return 0;
	for (size_t i = 0; r == 0 && i < given->count; i++)
		if (strcmp(given->items[i], none) != 0)
			r = put(list, given->items[i]);
	return r < 0 ? r : put_member(body, name, take_ptr(list));
}

static int add_text(struct json_object *body, const char *name, const char *text)
{
	if (!text)
		return 0;
	return put_member(body, name, json_object_new_string(strcmp(text, none) == 0 ? "" : text));
}

/* The later of --sticky and --no-sticky cannot be told: both together are a mistake. */
static int add_flag(struct json_object *body, const char *name, bool yes, bool no)
{
	return yes || no ? put_member(body, name, json_object_new_boolean(yes)) : 0;
}

static int add_rate(struct json_object *body, const char *text)
{
	bool is_none = text && strcmp(text, none) == 0;

	if (!text)
		return 0;
	return put_member(body, "rate_limit",
			  json_object_new_int64(is_none ? 0 : strtoimax(text, NULL, 10)));
}

/* A shell's variable that was never set must not open what is closed. */
static int check_text(struct ctl *ctl, const char *option, const char *text)
{
	if (text && !text[strspn(text, " \t,")])
		return ctl_usage(ctl,
				 "option '--%s' is empty; to take away what is set, give 'none'",
				 option);
	return 0;
}

static int check_list(struct ctl *ctl, const char *option, const struct ctl_list *list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->count; i++)
		r = check_text(ctl, option, list->items[i]);
	return r;
}

static int check_blank(struct ctl *ctl, const struct settings_request *q)
{
	int r = check_list(ctl, "allow", &q->allow);

	if (r == 0)
		r = check_list(ctl, "deny", &q->deny);
	if (r == 0)
		r = check_list(ctl, "add-header", &q->add_header);
	if (r == 0)
		r = check_list(ctl, "remove-header", &q->remove_header);
	if (r == 0)
		r = check_text(ctl, "host-header", q->host_header);
	return r == 0 ? check_text(ctl, "subdomain", q->subdomain) : r;
}

static int check(struct ctl *ctl, const struct settings_request *q)
{
	int r = check_blank(ctl, q);

	if (r < 0)
		return r;
	if (q->sticky && q->no_sticky)
		return ctl_usage(ctl, "--sticky and --no-sticky exclude each other");
	if (q->proxy_protocol && q->no_proxy_protocol)
		return ctl_usage(ctl,
				 "--proxy-protocol and --no-proxy-protocol exclude each other");
	if (q->rate_limit && strcmp(q->rate_limit, none) != 0 &&
	    (strlen(q->rate_limit) > 9 || !*q->rate_limit ||
	     q->rate_limit[strspn(q->rate_limit, "0123456789")]))
		return ctl_usage(ctl,
				 "option '--rate-limit' must be a number from 0 to %d, not '%.60s'",
				 SOCKETCONF_RATE_MAX, q->rate_limit);
	for (size_t i = 0; i < q->add_header.count; i++)
		if (!strchr(q->add_header.items[i], ':') &&
		    strcmp(q->add_header.items[i], none) != 0)
			return ctl_usage(ctl,
					 "option '--add-header' needs a name and a value: "
					 "--add-header 'Name: value', not '%.60s'",
					 q->add_header.items[i]);
	return 0;
}

int settings_request_body(const struct settings_request *q, struct json_object *body)
{
	int r = add_text(body, "subdomain", q->subdomain);

	if (r == 0)
		r = add_flag(body, "sticky", q->sticky, q->no_sticky);
	if (r == 0)
		r = add_flag(body, "proxy_protocol", q->proxy_protocol, q->no_proxy_protocol);
	if (r == 0)
		r = add_list(body, "allowed_networks", &q->allow, put_words);
	if (r == 0)
		r = add_list(body, "denied_networks", &q->deny, put_words);
	if (r == 0)
		r = add_text(body, "host_header", q->host_header);
	if (r == 0)
		r = add_list(body, "add_request_headers", &q->add_header, put_header);
	if (r == 0)
		r = add_list(body, "remove_request_headers", &q->remove_header, put_words);
	if (r == 0)
		r = add_rate(body, q->rate_limit);
	return r;
}

int settings_request_add(struct ctl *ctl, const struct settings_request *q,
			 struct json_object *body)
{
	int r = check(ctl, q);

	if (r < 0)
		return r;
	return settings_request_body(q, body) < 0 ? ctl_fail(ctl, -ENOMEM, "out of memory") : 0;
}

void settings_request_warn(const struct ctl *ctl, struct json_object *body,
			   struct json_object *answer)
{
	struct json_object_iterator it = json_object_iter_begin(body);
	struct json_object_iterator end = json_object_iter_end(body);

	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		const char *name = json_object_iter_peek_name(&it);

		if ((socketconf_has(name) || strcmp(name, "subdomain") == 0) &&
		    !json_object_object_get_ex(answer, name, NULL))
			ctl_warn(ctl, "this service does not know '%s': it is not in effect", name);
	}
}
