/* SPDX-License-Identifier: ISC */
/* The settings of one socket: from JSON to checked data and back. */
#include "lib/socketconf.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/httpheader.h"

#define DOMAINS "domains"
#define CERTIFICATES "certificates"

/* As JSON has them. */
struct form {
	bool sticky, proxy_protocol;
	struct json_strings allowed, denied;
	char *host_header;
	struct json_strings remove;
	int64_t rate_limit;
	struct json_strings domains, certificates;
};

#define AT(member) offsetof(struct form, member)
static const struct json_field form_fields[] = {
	{ "sticky", JSON_BOOL, AT(sticky) },
	{ "proxy_protocol", JSON_BOOL, AT(proxy_protocol) },
	{ "allowed_networks", JSON_STRINGS, AT(allowed), .max_items = SOCKETCONF_NETWORKS_MAX },
	{ "denied_networks", JSON_STRINGS, AT(denied), .max_items = SOCKETCONF_NETWORKS_MAX },
	{ "host_header", JSON_STRING, AT(host_header) },
	{ "remove_request_headers", JSON_STRINGS, AT(remove), .max_items = SOCKETCONF_HEADERS_MAX },
	{ "rate_limit", JSON_INT, AT(rate_limit), .min_int = 0, .max_int = SOCKETCONF_RATE_MAX },
	{ DOMAINS, JSON_STRINGS, AT(domains), .max_items = SOCKETCONF_DOMAINS_MAX },
	{ CERTIFICATES, JSON_STRINGS, AT(certificates), .max = 300,
	  .max_items = SOCKETCONF_DOMAINS_MAX },
};

#define ADD "add_request_headers" /* a list of objects: not for the table */

static const struct json_field header_fields[] = {
	{ "name", JSON_STRING, offsetof(struct socketconf_header, name), .required = true,
	  .max = HTTPHEADER_NAME_MAX },
	{ "value", JSON_STRING, offsetof(struct socketconf_header, value),
	  .max = HTTPHEADER_VALUE_MAX },
};

static const struct setting {
	const char *name;
	bool is_web; /* only http and https sockets have it */
} settings[] = {
	{ "sticky", true },
	{ "proxy_protocol" },
	{ "allowed_networks" },
	{ "denied_networks" },
	{ "host_header", true },
	{ ADD, true },
	{ "remove_request_headers", true },
	{ "rate_limit" },
};

static void drop_object(struct json_object **o)
{
	json_object_put(*o);
}

static void form_clear(struct form *form)
{
	json_clear(form_fields, ARRAY_SIZE(form_fields), form);
}

/* `value` may come from outside: it is quoted only if that does no harm. */
static int refuse(char *ret_why, const char *field, const char *value, const char *why)
{
	bool quoted = value && strlen(value) <= HTTPHEADER_NAME_MAX &&
		      escape_is_clean(value, strlen(value));

	if (quoted)
		snprintf(ret_why, SOCKETCONF_ERROR_SIZE, "field '%s': '%s' %s", field, value, why);
	else
		snprintf(ret_why, SOCKETCONF_ERROR_SIZE, "field '%s': %s%s", field,
			 value ? "one " : "", why);
	return -EINVAL;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static int take_networks(const char *field, const struct json_strings *texts,
			 struct cidr **ret_list, size_t *ret_count, char *ret_why)
{
	struct cidr *list = calloc(texts->count + 1, sizeof(*list));
	char why[CIDR_ERROR_SIZE];
	size_t count = 0, same;

	if (!list)
		return -ENOMEM;
	/* At once, so that whoever clears the settings frees it. */
	*ret_list = list;
	for (size_t i = 0; i < texts->count; i++) {
		if (cidr_parse(texts->items[i], &list[count], why) < 0)
			return refuse(ret_why, field, NULL, why);
		for (same = 0; memcmp(&list[same], &list[count], sizeof(*list)) != 0; same++)
			;
		if (same == count) /* not one of the earlier */
			count++;
	}
	*ret_count = count;
	return 0;
}

/* The name of the header is not one of the first `count`. */
static bool header_is_new(const struct socketconf *conf, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(conf->add[i].name, name) == 0)
			return false;
	return true;
}

static int check_header(const struct socketconf *conf, size_t i, char *ret_why)
{
	const struct socketconf_header *h = &conf->add[i];
	const char *why;

	if (httpheader_check_name(h->name, &why) < 0 ||
	    httpheader_check_value(h->value ? h->value : "", &why) < 0)
		return refuse(ret_why, ADD, h->name, why);
	if (!header_is_new(conf, i, h->name))
		return refuse(ret_why, ADD, h->name,
			      "is there twice: join the values with a comma");
	return 0;
}

static int take_headers(struct json_object *o, struct socketconf *conf, char *ret_why)
{
	char why[JSON_ERROR_SIZE];
	struct json_object *list = NULL;
	size_t count;
	int r = 0;

	if (!json_object_object_get_ex(o, ADD, &list) || !list)
		return 0;
	if (!json_object_is_type(list, json_type_array))
		return refuse(ret_why, ADD, NULL, "must be a list of {\"name\", \"value\"}");
	count = json_object_array_length(list);
	if (count > SOCKETCONF_HEADERS_MAX)
		return refuse(ret_why, ADD, NULL, "has more than 16 items");
	conf->add = calloc(count + 1, sizeof(*conf->add));
	if (!conf->add)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = json_read(json_object_array_get_idx(list, i), header_fields,
			      ARRAY_SIZE(header_fields), &conf->add[i], why);
		if (r == -EINVAL)
			refuse(ret_why, ADD, NULL, why);
		if (r < 0)
			break;
		conf->add_count++;
		r = check_header(conf, i, ret_why);
	}
	return r;
}

/* A name given twice is kept once. */
static int take_removed(struct form *form, struct socketconf *conf, char *ret_why)
{
	struct json_strings *list = &form->remove;
	const char *why;
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (httpheader_check_name(list->items[i], &why) < 0)
			return refuse(ret_why, "remove_request_headers", list->items[i], why);
	for (size_t i = 0, same; i < list->count; i++) {
		for (same = 0; same < kept; same++)
			if (strcasecmp(list->items[same], list->items[i]) == 0)
				break;
		if (same < kept)
			free(list->items[i]);
		else
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
	conf->remove = *list;
	*list = (struct json_strings){ 0 };
	return 0;
}

static int take_host(struct form *form, struct socketconf *conf, char *ret_why)
{
	const char *why;

	if (!form->host_header || !form->host_header[0])
		return 0;
	if (httpheader_check_host(form->host_header, &why) < 0)
		return refuse(ret_why, "host_header", NULL, why);
	conf->host_header = take_ptr(form->host_header);
	return 0;
}

static int take_domains(struct form *form, struct socketconf *conf, char *ret_why)
{
	const char *why = "must be host names";

	for (size_t i = 0; i < form->domains.count; i++)
		if (strpbrk(form->domains.items[i], ":[") ||
		    httpheader_check_host(form->domains.items[i], &why) < 0)
			return refuse(ret_why, DOMAINS, NULL, why);
	conf->domains = form->domains;
	form->domains = (struct json_strings){ 0 };
	return 0;
}

static int take_certificates(struct form *form, struct socketconf *conf, char *ret_why)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-/";

	for (size_t i = 0; i < form->certificates.count; i++) {
		const char *item = form->certificates.items[i], *slash = strchr(item, '/');

		if (!slash || slash == item || !slash[1] || strchr(slash + 1, '/') ||
		    strspn(item, allowed) != strlen(item))
			return refuse(ret_why, CERTIFICATES, NULL, "must be names and versions");
	}
	conf->certificates = form->certificates;
	form->certificates = (struct json_strings){ 0 };
	return 0;
}

/* What can only be seen of the whole: the type has all of it, and it is not too much. */
static int check_whole(const struct socketconf *conf, const char *type, char *ret_why)
{
	auto_call(drop_object) struct json_object *o = json_object_new_object();
	int r = o ? socketconf_write(conf, o) : -ENOMEM;
	bool is_web = strncmp(type, "http", 4) == 0;
	size_t len = 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		if (is_web || !settings[i].is_web ||
		    !json_object_object_get_ex(o, settings[i].name, NULL))
			continue;
		snprintf(ret_why, SOCKETCONF_ERROR_SIZE,
			 "field '%s': only http and https sockets can have it, leave it out for a "
			 "%s socket",
			 settings[i].name, type);
		return -EINVAL;
	}
	json_object_object_del(o, DOMAINS);
	json_object_object_del(o, CERTIFICATES);
	if (!json_object_to_json_string_length(o,
					       JSON_C_TO_STRING_PLAIN |
						       JSON_C_TO_STRING_NOSLASHESCAPE,
					       &len))
		return -ENOMEM;
	if (len <= SOCKETCONF_JSON_MAX)
		return 0;
	snprintf(
		ret_why, SOCKETCONF_ERROR_SIZE,
		"the settings of this socket take %zu bytes together, %d is the limit: use fewer or "
		"shorter headers",
		len, SOCKETCONF_JSON_MAX);
	return -EINVAL;
}

int socketconf_read(struct json_object *o, const char *type, struct socketconf *ret_conf,
		    char ret_why[SOCKETCONF_ERROR_SIZE])
{
	auto_call(form_clear) struct form form = { 0 };
	struct socketconf conf = { 0 };
	char why[JSON_ERROR_SIZE] = "";
	int r = json_read(o, form_fields, ARRAY_SIZE(form_fields), &form, why);

	snprintf(ret_why, SOCKETCONF_ERROR_SIZE, "%s", why);
	if (r < 0)
		return r;
	conf.sticky = form.sticky;
	conf.proxy_protocol = form.proxy_protocol;
	conf.rate_limit = form.rate_limit;
	r = take_networks("allowed_networks", &form.allowed, &conf.allowed, &conf.allowed_count,
			  ret_why);
	if (r == 0)
		r = take_networks("denied_networks", &form.denied, &conf.denied, &conf.denied_count,
				  ret_why);
	if (r == 0)
		r = take_host(&form, &conf, ret_why);
	if (r == 0)
		r = take_headers(o, &conf, ret_why);
	if (r == 0)
		r = take_removed(&form, &conf, ret_why);
	if (r == 0)
		r = take_domains(&form, &conf, ret_why);
	if (r == 0)
		r = take_certificates(&form, &conf, ret_why);
	if (r == 0)
		r = check_whole(&conf, type, ret_why);
	if (r < 0) {
		socketconf_clear(&conf);
		return r;
	}
	*ret_conf = conf;
	return 0;
}

void socketconf_clear(struct socketconf *conf)
{
	for (size_t i = 0; i < conf->add_count; i++)
		json_clear(header_fields, ARRAY_SIZE(header_fields), &conf->add[i]);
	free(conf->add);
	free(conf->allowed);
	free(conf->denied);
	free(conf->host_header);
	json_strings_clear(&conf->remove);
	json_strings_clear(&conf->domains);
	json_strings_clear(&conf->certificates);
	*conf = (struct socketconf){ 0 };
}

bool socketconf_is_default(const struct socketconf *conf)
{
	return !conf->sticky && !conf->proxy_protocol && !conf->rate_limit && !conf->host_header &&
	       !conf->allowed_count && !conf->denied_count && !conf->add_count &&
	       !conf->remove.count && !conf->domains.count && !conf->certificates.count;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

/* Takes `value`; NULL: out of memory. */
static int put_member(struct json_object *o, const char *name, struct json_object *value)
{
	if (value && json_object_object_add(o, name, value) == 0)
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

static struct json_object *networks_json(const struct cidr *list, size_t count)
{
	auto_call(drop_object) struct json_object *array = json_object_new_array();
	char text[CIDR_SIZE];

	for (size_t i = 0; array && i < count; i++) {
		cidr_print(&list[i], text);
		if (put_item(array, json_object_new_string(text)) < 0)
			return NULL;
	}
	return take_ptr(array);
}

static struct json_object *strings_json(const struct json_strings *list)
{
	auto_call(drop_object) struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < list->count; i++)
		if (put_item(array, json_object_new_string(list->items[i])) < 0)
			return NULL;
	return take_ptr(array);
}

static struct json_object *headers_json(const struct socketconf *conf)
{
	auto_call(drop_object) struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < conf->add_count; i++) {
		struct json_object *o = json_object_new_object();

		if (o &&
		    json_write(o, header_fields, ARRAY_SIZE(header_fields), &conf->add[i]) < 0) {
			json_object_put(o);
			return NULL;
		}
		if (put_item(array, o) < 0)
			return NULL;
	}
	return take_ptr(array);
}

static int write_members(const struct socketconf *conf, bool all, struct json_object *o)
{
	int r = 0;

	if (all || conf->sticky)
		r = put_member(o, "sticky", json_object_new_boolean(conf->sticky));
	if (r == 0 && (all || conf->proxy_protocol))
		r = put_member(o, "proxy_protocol", json_object_new_boolean(conf->proxy_protocol));
	if (r == 0 && (all || conf->allowed_count))
		r = put_member(o, "allowed_networks",
			       networks_json(conf->allowed, conf->allowed_count));
	if (r == 0 && (all || conf->denied_count))
		r = put_member(o, "denied_networks",
			       networks_json(conf->denied, conf->denied_count));
	if (r == 0 && (all || conf->host_header))
		r = put_member(o, "host_header",
			       json_object_new_string(conf->host_header ? conf->host_header : ""));
	if (r == 0 && (all || conf->add_count))
		r = put_member(o, ADD, headers_json(conf));
	if (r == 0 && (all || conf->remove.count))
		r = put_member(o, "remove_request_headers", strings_json(&conf->remove));
	if (r == 0 && (all || conf->rate_limit))
		r = put_member(o, "rate_limit", json_object_new_int64(conf->rate_limit));
	return r;
}

int socketconf_write_all(const struct socketconf *conf, struct json_object *o)
{
	return write_members(conf, true, o);
}

int socketconf_write(const struct socketconf *conf, struct json_object *o)
{
	int r = write_members(conf, false, o);

	if (r == 0 && conf->domains.count)
		r = put_member(o, DOMAINS, strings_json(&conf->domains));
	if (r == 0 && conf->certificates.count)
		r = put_member(o, CERTIFICATES, strings_json(&conf->certificates));
	return r;
}

/* ---- changing ------------------------------------------------------------------------------------------ */

bool socketconf_has(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (strcmp(settings[i].name, name) == 0)
			return true;
	return false;
}

int socketconf_merge(struct json_object *into, struct json_object *from)
{
	struct json_object *value;

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		if (!json_object_object_get_ex(from, settings[i].name, &value))
			continue;
		if (!value)
			json_object_object_del(into, settings[i].name);
		else if (put_member(into, settings[i].name, json_object_get(value)) < 0)
			return -ENOMEM;
	}
	return 0;
}
