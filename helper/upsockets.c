/* SPDX-License-Identifier: ISC */
/* Asks, makes what is missing, asks again: a socket is never made twice, however often this is interrupted. */
#include "helper/upsockets.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/ctl.h"
#include "helper/password.h"
#include "helper/socket_request.h"
#include "lib/cleanup.h"
#include "lib/clientconf.h"
#include "lib/file.h"
#include "lib/home.h"
#include "lib/strbuf.h"

#define LIST_MAX 5000
#define DOCUMENT_MAX (16 << 20)

/* ---- the account's sockets ---- */
struct list {
	struct json_object *documents; /* an array */
	struct socket_info *infos;
	size_t count;
};

static void list_clear(struct list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		socket_info_clear(&list->infos[i]);
	free(list->infos);
	json_object_put(list->documents);
	*list = (struct list){ NULL };
}

/* Takes the array over. 0, -EBADMSG with a sentence, -ENOMEM. */
static int list_read(struct json_object *documents, struct list *ret, char *why)
{
	struct list list = { .documents = documents };
	size_t i, n = json_object_is_type(documents, json_type_array)
			      ? json_object_array_length(documents)
			      : LIST_MAX + 1;
	int r = 0;

	snprintf(why, RESOURCE_WHY_SIZE, "it is no list of sockets");
	list.infos = n <= LIST_MAX ? calloc(n + 1, sizeof(*list.infos)) : NULL;
	if (!list.infos)
		r = n <= LIST_MAX ? -ENOMEM : -EBADMSG;
	for (i = 0; i < n && r == 0; i++) {
		r = socket_info_read(json_object_array_get_idx(documents, i), &list.infos[i], why);
		if (r == 0)
			list.count++;
		else if (r != -ENOMEM)
			r = -EBADMSG;
	}
	if (r < 0)
		list_clear(&list);
	else
		*ret = list;
	return r;
}

static int list_get(struct ctl *ctl, struct list *ret)
{
	struct json_object *answer = NULL;
	char why[RESOURCE_WHY_SIZE];
	int r = ctl_call(ctl, "GET", "/socket", NULL, &answer);

	if (r < 0)
		return r;
	r = list_read(answer, ret, why);
	if (r == -EBADMSG)
		(void)ctl_bad_answer(ctl, why);
	else if (r < 0)
		(void)ctl_fail(ctl, r, "out of memory");
	return r;
}

/* ---- matching ---- */
static bool same_protection(const struct upconf_socket *conf, const struct socket_info *info)
{
	const char *username = info->protected_username ? info->protected_username : "";

	return conf->is_protected == info->protected_socket &&
	       (!conf->is_protected || !strcmp(conf->username, username));
}

int upsockets_find(const struct upconf_socket *conf, const struct socket_info *list, size_t count,
		   size_t *ret_index)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const struct socket_info *info = &list[i];

		if (!info->name || strcmp(info->name, conf->name) != 0 || !info->socket_type ||
		    strcmp(info->socket_type, conf->type) != 0)
			continue;
		*ret_index = i;
		return same_protection(conf, info) ? 0 : -EEXIST;
	}
	return -ENOENT;
}

static int say_conflict(const struct ctl *ctl, const char *file, const struct upconf_socket *conf,
			const struct socket_info *info)
{
	const char *is = !info->protected_socket ? "is not protected"
			 : !conf->is_protected	 ? "is protected"
						 : "has another username";

	return ctl_fail(ctl, -EINVAL,
			"%s:%u: the socket '%s' is there already, but %s; change the file, or "
			"give the section another name, or delete the socket with: "
			"mysocketctl socket delete --socket_id %s",
			file, conf->line, conf->name, is, info->socket_id);
}

/* ---- making ---- */
static int make_socket(struct ctl *ctl, const char *file, const struct upconf_socket *conf,
		       struct socket_info *ret_info)
{
	struct socket_request request = { .name = conf->name,
					  .type = conf->type,
					  .is_protected = conf->is_protected,
					  .username = conf->username,
					  .settings = conf->settings };
	struct password_source source = { .file = conf->password_file };
	struct json_object *answer = NULL;
	char why[PASSWORD_WHY_SIZE];
	int r = 0;

	if (conf->is_protected)
		r = password_get(&source, &request.asked_password, why);
	if (r < 0)
		return ctl_fail(ctl, r, "%s:%u: %s", file, conf->line, why);
	request.password = request.asked_password;
	r = socket_request_send(ctl, &request, "/socket", &answer, ret_info);
	socket_request_clear(&request);
	json_object_put(answer);
	return r;
}

/* Has the edge serve one that was there as the file says; what the file does not name stays as it is. */
static int change_socket(struct ctl *ctl, const struct upconf_socket *conf,
			 const struct socket_info *info, bool *ret_changed)
{
	struct json_object *body = json_object_new_object(), *answer = NULL;
	char path[64];
	int r = body ? settings_request_add(ctl, &conf->settings, body)
		     : ctl_fail(ctl, -ENOMEM, "out of memory");

	if (r == 0 && json_object_object_length(body) > 0) {
		snprintf(path, sizeof(path), "/socket/%s", info->socket_id);
		r = ctl_call(ctl, "PATCH", path, body, &answer);
		*ret_changed = true;
		if (r == 0)
			settings_request_warn(ctl, body, answer);
	}
	json_object_put(answer);
	json_object_put(body);
	return r;
}

static int make_tunnels(struct ctl *ctl, const struct socket_info *info, int64_t missing)
{
	struct json_object *body = json_object_new_object(), *answer;
	char path[80];
	int r = 0;

	snprintf(path, sizeof(path), "/socket/%s/tunnel", info->socket_id);
	while (r == 0 && missing-- > 0) {
		answer = NULL;
		r = ctl_call(ctl, "POST", path, body, &answer);
		json_object_put(answer);
	}
	json_object_put(body);
	return r;
}

static int64_t missing_tunnels(const struct upconf_socket *conf, const struct socket_info *info)
{
	int64_t there = (int64_t)info->tunnel_count;

	return conf->tunnels > there ? conf->tunnels - there : 0;
}

static bool is_same_id(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* The one of that section, if what it says to the service is the same. */
static const struct upsocket *find_same(const struct upsockets *sockets,
					const struct upconf_socket *conf)
{
	size_t i;

	for (i = 0; sockets && i < sockets->count; i++)
		if (upconf_socket_same_service(sockets->items[i].conf, conf))
			return &sockets->items[i];
	return NULL;
}

/* *ret_stale: the list is out of date now. */
static int make_one(struct ctl *ctl, const char *file, const struct upconf_socket *conf,
		    const struct list *list, const struct upsockets *before, bool *ret_stale)
{
	const struct upsocket *same = find_same(before, conf);
	struct socket_info made = { NULL };
	size_t at = 0;
	int64_t missing;
	int r = upsockets_find(conf, list->infos, list->count, &at);

	if (r == -EEXIST)
		return say_conflict(ctl, file, conf, &list->infos[at]);
	if (r == 0) {
		missing = missing_tunnels(conf, &list->infos[at]);
		*ret_stale |= missing > 0;
		if (!same || !is_same_id(same->info.socket_id, list->infos[at].socket_id))
			r = change_socket(ctl, conf, &list->infos[at], ret_stale);
		return r < 0 ? r : make_tunnels(ctl, &list->infos[at], missing);
	}
	r = make_socket(ctl, file, conf, &made);
	if (r < 0)
		return r;
	*ret_stale = true;
	r = make_tunnels(ctl, &made, missing_tunnels(conf, &made));
	socket_info_clear(&made);
	return r;
}

/* ---- taking out of a list ---- */
static int take(const struct upconf_socket *conf, const struct list *list, struct upsocket *ret)
{
	struct json_object *document;
	char why[RESOURCE_WHY_SIZE];
	size_t at = 0;
	int r = upsockets_find(conf, list->infos, list->count, &at);

	if (r < 0 || missing_tunnels(conf, &list->infos[at]))
		return -ENOENT;
	document = json_object_array_get_idx(list->documents, at);
	r = socket_info_read(document, &ret->info, why);
	if (r < 0)
		return r;
	ret->conf = conf;
	ret->document = json_object_get(document);
	return 0;
}

static int take_all(const struct upconf *conf, const struct list *list, struct upsockets *ret)
{
	struct upsockets sockets = { calloc(conf->count + 1, sizeof(*sockets.items)), 0 };
	size_t i;
	int r = sockets.items ? 0 : -ENOMEM;

	for (i = 0; i < conf->count && r == 0; i++) {
		r = take(&conf->sockets[i], list, &sockets.items[i]);
		sockets.count += r == 0;
	}
	if (r < 0)
		upsockets_clear(&sockets);
	else
		*ret = sockets;
	return r;
}

void upsockets_clear(struct upsockets *sockets)
{
	size_t i;

	for (i = 0; i < sockets->count; i++) {
		socket_info_clear(&sockets->items[i].info);
		json_object_put(sockets->items[i].document);
	}
	free(sockets->items);
	*sockets = (struct upsockets){ NULL, 0 };
}

/* ---- what is remembered ---- */
/* ~/.local/state/mysocket/sockets.json, below $XDG_STATE_HOME if that is set; the folders above it are made. */
static int memory_path(char **ret_path)
{
	static const char *const parts[] = { "/mysocket", "/sockets.json" };
	const char *xdg = clientconf_environment("XDG_STATE_HOME");
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(PATH_MAX);
	auto_free char *base = NULL;
	size_t i;
	int r;

	r = home_expand(xdg && xdg[0] == '/' ? xdg : "~/.local", &base);
	if (r < 0)
		return r;
	strbuf_adds(&sb, base);
	(void)file_mkdir(sb.buf, 0700);
	if (!xdg || xdg[0] != '/') {
		strbuf_adds(&sb, "/state");
		(void)file_mkdir(sb.buf, 0700);
	}
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		strbuf_adds(&sb, parts[i]);
		if (!i)
			(void)file_mkdir(sb.buf, 0700);
	}
	return strbuf_take(&sb, ret_path);
}

/* {"api", "user_id", "sockets": [...]}. That it cannot be written hurts another day, and is not said. */
static void remember(const struct ctl *ctl, struct json_object *documents)
{
	struct json_object *o =
		ctl_json_strings("api", ctl->settings.api, "user_id", ctl->token.user_id, NULL);
	auto_free char *path = NULL;
	const char *text;

	if (o && json_object_object_add(o, "sockets", json_object_get(documents)) == 0 &&
	    memory_path(&path) == 0 && (text = json_object_to_json_string(o)))
		(void)file_write(path, text, strlen(text), 0600);
	json_object_put(o);
}

static bool is_text(struct json_object *o, const char *name, const char *wanted)
{
	const char *text = json_object_get_string(json_object_object_get(o, name));

	return text && !strcmp(text, wanted);
}

static int recall(const struct ctl *ctl, struct list *ret)
{
	auto_free char *path = NULL, *text = NULL;
	struct json_object *o = NULL, *documents;
	char why[RESOURCE_WHY_SIZE];
	size_t len;
	int r = memory_path(&path);

	if (r == 0)
		r = file_read_secret(path, DOCUMENT_MAX, &text, &len);
	if (r == 0)
		r = json_parse(text, len, DOCUMENT_MAX, &o);
	if (r == 0 &&
	    (!json_object_is_type(o, json_type_object) || !is_text(o, "api", ctl->settings.api) ||
	     !is_text(o, "user_id", ctl->token.user_id)))
		r = -ENOENT;
	if (r == 0) {
		documents = json_object_get(json_object_object_get(o, "sockets"));
		r = list_read(documents, ret, why);
	}
	json_object_put(o);
	return r == 0 || r == -ENOMEM ? r : -ENOENT;
}

int upsockets_remembered(const struct ctl *ctl, const struct upconf *conf,
			 struct upsockets *ret_sockets)
{
	auto_call(list_clear) struct list list = { NULL };
	int r = recall(ctl, &list);

	return r < 0 ? r : take_all(conf, &list, ret_sockets);
}

/* Of a document that was read before. */
static int copy(const struct upconf_socket *conf, const struct upsocket *from, struct upsocket *ret)
{
	char why[RESOURCE_WHY_SIZE];
	int r = socket_info_read(from->document, &ret->info, why);

	if (r < 0)
		return r;
	ret->conf = conf;
	ret->document = json_object_get(from->document);
	return 0;
}

int upsockets_reuse(const struct upsockets *before, const struct upconf *conf,
		    struct upsockets *ret_sockets)
{
	struct upsockets sockets = { calloc(conf->count + 1, sizeof(*sockets.items)), 0 };
	const struct upsocket *same;
	size_t i;
	int r = sockets.items ? 0 : -ENOMEM;

	for (i = 0; i < conf->count && r == 0; i++) {
		same = find_same(before, &conf->sockets[i]);
		r = same ? copy(&conf->sockets[i], same, &sockets.items[i]) : -ENOENT;
		sockets.count += r == 0;
	}
	if (r < 0)
		upsockets_clear(&sockets);
	else
		*ret_sockets = sockets;
	return r;
}

int upsockets_get(struct ctl *ctl, const char *file, const struct upconf *conf,
		  const struct upsockets *before, struct upsockets *ret_sockets)
{
	auto_call(list_clear) struct list list = { NULL };
	bool stale = false;
	size_t i;
	int r = list_get(ctl, &list);

	for (i = 0; i < conf->count && r == 0; i++) {
		r = make_one(ctl, file, &conf->sockets[i], &list, before, &stale);
		if (r < 0 && r != -EINTR)
			ctl_fail(ctl, r, "%s:%u: '%s' is not ready", file, conf->sockets[i].line,
				 conf->sockets[i].name);
	}
	if (r == 0 && stale) {
		list_clear(&list);
		r = list_get(ctl, &list);
	}
	if (r < 0)
		return r;
	r = take_all(conf, &list, ret_sockets);
	if (r == -ENOENT)
		return ctl_fail(ctl, -EAGAIN, "a socket of the file was deleted just now");
	if (r < 0)
		return ctl_fail(ctl, r, "out of memory");
	remember(ctl, list.documents);
	return 0;
}
