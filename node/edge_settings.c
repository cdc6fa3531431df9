/* SPDX-License-Identifier: ISC */
/* A name's terms as flags and lines of maps. */
#include "node/edge_settings.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/socketconf.h"
#include "lib/strbuf.h"
#include "node/edge_networks.h"

/* The lines of one label, as keys of each map. */
struct lines {
	struct edge_keys keys[EDGE_MAP_COUNT];
};

struct edge_label {
	struct strmap_node node;
	char *label;
	char *terms;	/* what `now` was made of, of print_terms() */
	uint32_t flags; /* likewise */
	struct lines now, before;
};

static const char *const map_names[EDGE_MAP_COUNT] = {
	[EDGE_MAP_PROTECTED] = "protected.map", [EDGE_MAP_SETTINGS] = "settings.map",
	[EDGE_MAP_NETWORKS] = "networks.map",	[EDGE_MAP_CERTIFICATES] = (EDGE_CERTIFICATES_MAP),
	[EDGE_MAP_DOMAINS] = "domains.map",
};

static void lines_clear(struct lines *lines)
{
	for (size_t i = 0; i < EDGE_MAP_COUNT; i++)
		edge_keys_clear(&lines->keys[i]);
}

static struct edge_label *label_get(const struct edge_settings *settings, const char *label)
{
	return strmap_entry(strmap_get(&settings->labels, label), struct edge_label, node);
}

static void label_free(struct edge_settings *settings, struct edge_label *label)
{
	strmap_remove(&settings->labels, &label->node);
	lines_clear(&label->now);
	lines_clear(&label->before);
	free(label->terms);
	free(label->label);
	free(label);
}

static struct edge_label *label_add(struct edge_settings *settings, const char *name)
{
	struct edge_label *label = calloc(1, sizeof(*label));

	if (!label)
		return NULL;
	label->label = strdup(name);
	label->terms = strdup("");
	if (!label->label || !label->terms ||
	    strmap_add(&settings->labels, &label->node, label->label) < 0) {
		free(label->label);
		free(label->terms);
		free(label);
		return NULL;
	}
	return label;
}

void edge_settings_init(struct edge_settings *settings,
			void (*emit)(void *arg, const char *command), void *arg)
{
	*settings = (struct edge_settings){ 0 };
	for (size_t i = 0; i < EDGE_MAP_COUNT; i++)
		edge_map_init(&settings->maps[i], map_names[i], emit, arg);
}

void edge_settings_clear(struct edge_settings *settings)
{
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;

	while ((node = strmap_next(&settings->labels, &cursor)) != NULL)
		label_free(settings, strmap_entry(node, struct edge_label, node));
	strmap_clear(&settings->labels);
	for (size_t i = 0; i < EDGE_MAP_COUNT; i++)
		edge_map_clear(&settings->maps[i]);
}

/* ---- from settings to lines ---- */
static int line_set(struct edge_settings *settings, struct lines *lines, enum edge_map_id id,
		    const char *key, const char *value)
{
	size_t before = lines->keys[id].count;

	edge_keys_add(&lines->keys[id], key);
	if (lines->keys[id].count == before)
		return -ENOMEM;
	return edge_map_set(&settings->maps[id], key, value);
}

static int set_networks(struct edge_settings *settings, struct lines *lines, const char *label,
			const struct socketconf *conf)
{
	struct edge_keys denied = { 0 }, allowed = { 0 };
	int r = edge_networks_keys(conf, label, &denied, &allowed);

	/* What is denied first: between two commands, too few are served rather than too many. */
	for (size_t i = 0; r == 0 && i < denied.count; i++)
		r = line_set(settings, lines, EDGE_MAP_NETWORKS, denied.items[i],
			     EDGE_NETWORKS_DENY);
	for (size_t i = 0; r == 0 && i < allowed.count; i++)
		r = line_set(settings, lines, EDGE_MAP_NETWORKS, allowed.items[i],
			     EDGE_NETWORKS_ALLOW);
	edge_keys_clear(&denied);
	edge_keys_clear(&allowed);
	return r;
}

static void print_headers(const struct socketconf *conf, struct strbuf *sb)
{
	auto_call(strbuf_clear) struct strbuf text = STRBUF_INIT(2 * SOCKETCONF_JSON_MAX);

	for (size_t i = 0; i < conf->remove.count; i++)
		strbuf_addf(&text, "-%s\n", conf->remove.items[i]);
	for (size_t i = 0; i < conf->add_count; i++)
		strbuf_addf(&text, "+%s: %s\n", conf->add[i].name, conf->add[i].value);
	base64_encode(sb, text.buf, text.len);
	if (strbuf_error(&text) < 0)
		strbuf_fail(sb, strbuf_error(&text));
}

static int set_line(struct edge_settings *settings, struct lines *lines, const char *label,
		    const struct socketconf *conf)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(4 * SOCKETCONF_JSON_MAX);
	int r;

	strbuf_addf(&sb, "%" PRId64 ":", conf->rate_limit);
	print_headers(conf, &sb);
	strbuf_addf(&sb, ":%s", conf->host_header ? conf->host_header : "");
	r = strbuf_error(&sb);
	return r < 0 ? r : line_set(settings, lines, EDGE_MAP_SETTINGS, label, sb.buf);
}

static uint32_t flags_of(const struct socketconf *conf)
{
	return (conf->allowed_count || conf->denied_count ? EDGE_NETWORKS : 0) |
	       (conf->rate_limit ? EDGE_RATE : 0) |
	       (conf->add_count || conf->remove.count ? EDGE_HEADERS : 0) |
	       (conf->host_header && conf->host_header[0] ? EDGE_HOST : 0) |
	       (conf->proxy_protocol ? EDGE_PROXY : 0) | (conf->sticky ? EDGE_STICKY : 0);
}

/* "<domain>/<version>", which was checked. */
static int set_certificate(struct edge_settings *settings, struct lines *lines, const char *label,
			   const char *item)
{
	const char *slash = strchr(item, '/');
	char domain[EDGE_KEY_SIZE], value[EDGE_KEY_SIZE];

	snprintf(domain, sizeof(domain), "%.*s", (int)(slash - item), item);
	snprintf(value, sizeof(value), "%s%s", label, slash);
	return line_set(settings, lines, EDGE_MAP_CERTIFICATES, domain, value);
}

static int set_lines(struct edge_settings *settings, struct lines *lines, const char *label,
		     const struct socketconf *conf, uint32_t *ret_flags)
{
	uint32_t flags = flags_of(conf);
	int r = 0;

	if (flags & (EDGE_RATE | EDGE_HEADERS | EDGE_HOST))
		r = set_line(settings, lines, label, conf);
	if (r == 0)
		r = set_networks(settings, lines, label, conf);
	for (size_t i = 0; r == 0 && i < conf->domains.count; i++)
		r = line_set(settings, lines, EDGE_MAP_DOMAINS, conf->domains.items[i], label);
	for (size_t i = 0; r == 0 && i < conf->certificates.count; i++)
		r = set_certificate(settings, lines, label, conf->certificates.items[i]);
	if (r == 0)
		*ret_flags = flags;
	return r;
}

static int parse(const struct edge_terms *terms, struct socketconf *ret_conf)
{
	char why[SOCKETCONF_ERROR_SIZE];
	struct json_object *o;
	int r = json_parse(terms->settings, strlen(terms->settings), SOCKETCONF_TEXT_MAX, &o);

	if (r < 0)
		return r;
	r = socketconf_read(o, terms->type, ret_conf, why);
	json_object_put(o);
	return r;
}

static bool has_key(const struct edge_keys *keys, const char *key)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->items[i], key) == 0)
			return true;
	return false;
}

/* Is it a host name's line that another label has written meanwhile? */
static bool is_anothers(size_t id, const char *value, const char *label)
{
	size_t len = strlen(label);

	if (id == EDGE_MAP_DOMAINS)
		return strcmp(value, label) != 0;
	return id == EDGE_MAP_CERTIFICATES &&
	       (strncmp(value, label, len) != 0 || value[len] != '/');
}

/* But for a host name that is another label's by now. */
static void remove_lines(struct edge_settings *settings, const char *label,
			 const struct lines *lines, const struct lines *except)
{
	for (size_t id = 0; id < EDGE_MAP_COUNT; id++)
		for (size_t i = 0; i < lines->keys[id].count; i++) {
			const char *key = lines->keys[id].items[i];
			const char *value = edge_map_get(&settings->maps[id], key);

			if ((except && has_key(&except->keys[id], key)) || !value ||
			    is_anothers(id, value, label))
				continue;
			edge_map_remove(&settings->maps[id], key);
		}
}

static void trim_lines(struct edge_settings *settings, struct edge_label *label)
{
	remove_lines(settings, label->label, &label->before, &label->now);
	lines_clear(&label->before);
}

/* The name that visitors of a tls socket's port may ask for; "" of all others, whose route it is or whom nobody asks. */
static const char *name_of(const struct edge_terms *terms)
{
	return strcmp(terms->type, "tls") == 0 && terms->name ? terms->name : "";
}

/* All that lines and flags of settings are made of, as one text: settings are "" or begin with '{'. NULL without memory. */
static char *print_terms(const struct edge_terms *terms)
{
	char *text;

	return asprintf(&text, "%s%s", name_of(terms), terms->settings) < 0 ? NULL : text;
}

/* Nothing is removed here: what was there before and is not any more waits for edge_settings_trim(). Takes `text`, of
 * print_terms(), unless it fails. */
static int apply(struct edge_settings *settings, struct edge_label *label,
		 const struct edge_terms *terms, char *text)
{
	struct lines lines = { 0 };
	struct socketconf conf;
	uint32_t flags = 0;
	int r = 0;

	if (terms->settings[0]) {
		r = parse(terms, &conf);
		if (r < 0)
			return r;
		r = set_lines(settings, &lines, label->label, &conf, &flags);
		socketconf_clear(&conf);
	}
	if (r == 0 && name_of(terms)[0])
		r = line_set(settings, &lines, EDGE_MAP_DOMAINS, name_of(terms), label->label);
	if (r < 0) {
		remove_lines(settings, label->label, &lines, &label->now);
		lines_clear(&lines);
		return r;
	}
	trim_lines(settings, label);
	label->before = label->now;
	label->now = lines;
	label->flags = flags;
	free(label->terms);
	label->terms = text;
	return 0;
}

int edge_settings_set(struct edge_settings *settings, const char *name,
		      const struct edge_terms *terms, uint32_t *ret_flags)
{
	static const struct edge_terms open_to_all = { .type = "http",
						       .secret = "",
						       .settings = "" };
	struct edge_label *label = label_get(settings, name);
	auto_free char *text = print_terms(terms ? terms : &open_to_all);
	uint32_t flags = 0;
	int r = text ? 0 : -ENOMEM;

	if (!terms)
		terms = &open_to_all;
	if (r == 0 && terms->secret[0]) {
		r = edge_map_set(&settings->maps[EDGE_MAP_PROTECTED], name, terms->secret);
		flags |= EDGE_PROTECTED;
	}
	if (strcmp(terms->type, "https") == 0)
		flags |= EDGE_HTTPS;
	if (r == 0 && !label && text[0]) {
		label = label_add(settings, name);
		r = label ? 0 : -ENOMEM;
	}
	if (r == 0 && label && strcmp(label->terms, text) != 0) {
		r = apply(settings, label, terms, text);
		if (r == 0)
			text = NULL;
	}
	if (r == 0)
		*ret_flags = flags | (label ? label->flags : 0);
	return r;
}

/* ---- what is left over ---- */
void edge_settings_trim(struct edge_settings *settings, const char *name, uint32_t flags)
{
	struct edge_label *label = label_get(settings, name);

	if (!(flags & EDGE_PROTECTED))
		edge_map_remove(&settings->maps[EDGE_MAP_PROTECTED], name);
	if (!label)
		return;
	trim_lines(settings, label);
	if (!label->terms[0])
		label_free(settings, label);
}

void edge_settings_remove(struct edge_settings *settings, const char *name)
{
	struct edge_label *label = label_get(settings, name);

	edge_map_remove(&settings->maps[EDGE_MAP_PROTECTED], name);
	if (!label)
		return;
	remove_lines(settings, name, &label->before, NULL);
	remove_lines(settings, name, &label->now, NULL);
	label_free(settings, label);
}

/* ---- comparing with HAProxy ---- */
void edge_settings_sync_begin(struct edge_settings *settings)
{
	for (size_t i = 0; i < EDGE_MAP_COUNT; i++)
		edge_map_sync_begin(&settings->maps[i]);
}

void edge_settings_sync_prune(struct edge_settings *settings)
{
	for (size_t i = 0; i < EDGE_MAP_COUNT; i++)
		edge_map_sync_prune(&settings->maps[i]);
}
