/* SPDX-License-Identifier: ISC */
/* Host keys from files through lib/sshkey, so that what clients pin is a key and nothing else. */
#include "api/hostkeys.h"

#include <errno.h>
#include <glob.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/sshkey.h"
#include "lib/strbuf.h"

#define HOSTKEYS_MAX 16
#define HOSTKEYS_AGE_MS 5000
/* In front of a key: it signs host keys, as in known_hosts (sshd(8)). */
#define AUTHORITY "@cert-authority "

struct hostkeys {
	pthread_mutex_t lock;
	const char *pattern;
	char *keys[HOSTKEYS_MAX];
	size_t count;
	int64_t read_at; /* monotonic; 0: never */
};

struct hostkeys *hostkeys_new(const char *glob_pattern)
{
	struct hostkeys *hk = calloc(1, sizeof(*hk));

	if (!hk)
		return NULL;
	pthread_mutex_init(&hk->lock, NULL);
	hk->pattern = glob_pattern;
	return hk;
}

static void hostkeys_forget(struct hostkeys *hk)
{
	while (hk->count)
		free(hk->keys[--hk->count]);
}

void hostkeys_free(struct hostkeys *hk)
{
	if (!hk)
		return;
	hostkeys_forget(hk);
	pthread_mutex_destroy(&hk->lock);
	free(hk);
}

static int hostkeys_read_file(const char *path, char **ret_text)
{
	auto_call(sshkey_clear) struct sshkey key = { 0 };
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(SSHKEY_TEXT_MAX + 32);
	auto_free char *text = NULL;
	const char *why = "cannot be read";
	size_t len, mark = 0;
	int r;

	r = file_read(path, SSHKEY_TEXT_MAX, &text, &len);
	if (r == 0 && !strncmp(text, AUTHORITY, strlen(AUTHORITY)))
		mark = strlen(AUTHORITY);
	if (r == 0)
		r = sshkey_parse(text + mark, len - mark, &key, &why);
	if (r < 0) {
		log_warn("skip ssh host key '%s': %s", path, why);
		return r;
	}
	strbuf_adds(&sb, mark ? AUTHORITY : "");
	sshkey_print(&key, &sb);
	return strbuf_take(&sb, ret_text);
}

static void hostkeys_read(struct hostkeys *hk)
{
	bool is_news = !hk->read_at || hk->count;
	glob_t found = { 0 };

	hostkeys_forget(hk);
	if (glob(hk->pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc && hk->count < HOSTKEYS_MAX; i++)
			if (hostkeys_read_file(found.gl_pathv[i], &hk->keys[hk->count]) == 0)
				hk->count++;
	}
	globfree(&found);
	if (!hk->count && is_news)
		log_warn("find no ssh host key in '%s' (setting 'ssh_host_keys'), clients cannot "
			 "pin the tunnel server",
			 hk->pattern);
	hk->read_at = clock_mono_ms();
}

struct json_object *hostkeys_json(struct hostkeys *hk)
{
	struct json_object *list = json_object_new_array();
	struct json_object *item;

	if (!list)
		return NULL;
	pthread_mutex_lock(&hk->lock);
	if (!hk->read_at || clock_mono_ms() - hk->read_at > HOSTKEYS_AGE_MS)
		hostkeys_read(hk);
	for (size_t i = 0; i < hk->count; i++) {
		item = json_object_new_string(hk->keys[i]);
		if (!item || json_object_array_add(list, item) < 0) {
			json_object_put(item);
			json_object_put(list);
			list = NULL;
			break;
		}
	}
	pthread_mutex_unlock(&hk->lock);
	return list;
}
