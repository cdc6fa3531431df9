/* SPDX-License-Identifier: ISC */
/* Certificates as files that HAProxy reads when it is reloaded. */
#include "node/edge_cert_files.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/strbuf.h"

#define SUFFIX ".pem"
/* file_write() appends as much to the name while it writes. */
#define DOMAIN_MAX (NAME_MAX - strlen(SUFFIX ".XXXXXX"))
#define LIST_MAX (64U << 20)

struct cert_file {
	struct strmap_node node;
	char *domain;
	char *value; /* NULL: it is gone since */
	int64_t gone_ms;
	bool is_seen, is_listed; /* in map and list of HAProxy */
};

void edge_cert_files_path(const struct edge_cert_files *files, const char *domain,
			  char ret_path[EDGE_CERT_PATH_SIZE])
{
	snprintf(ret_path, EDGE_CERT_PATH_SIZE, "%s/%s" SUFFIX, files->folder, domain);
}

/* ---- what is known of each ---- */
static struct cert_file *entry_get(const struct edge_cert_files *files, const char *domain)
{
	return strmap_entry(strmap_get(&files->entries, domain), struct cert_file, node);
}

static struct cert_file *entry_add(struct edge_cert_files *files, const char *domain)
{
	struct cert_file *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->domain = strdup(domain);
	if (!entry->domain || strmap_add(&files->entries, &entry->node, entry->domain) < 0) {
		free(entry->domain);
		free(entry);
		return NULL;
	}
	return entry;
}

static void entry_free(struct edge_cert_files *files, struct cert_file *entry)
{
	strmap_remove(&files->entries, &entry->node);
	free(entry->value);
	free(entry->domain);
	free(entry);
}

static int entry_set(struct edge_cert_files *files, const char *domain, const char *value)
{
	struct cert_file *entry = entry_get(files, domain);
	char *copy = strdup(value);

	if (copy && !entry)
		entry = entry_add(files, domain);
	if (!copy || !entry) {
		free(copy);
		return -ENOMEM;
	}
	free(entry->value);
	entry->value = copy;
	entry->is_seen = entry->is_listed = true;
	return 0;
}

/* MUST 2. */
static bool is_domain(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len <= DOMAIN_MAX && s[0] != '.' && s[0] != '-' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") == len;
}

static bool is_value(const char *s)
{
	return s[0] && s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789:/.-")] == '\0';
}

/* ---- list and map ---- */
static void set_timer(struct event *timer, int ms)
{
	const struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	if (!event_pending(timer, EV_TIMEOUT, NULL))
		event_add(timer, &tv);
}

static int write_file(const struct edge_cert_files *files, const char *name,
		      const struct strbuf *sb)
{
	char path[EDGE_CERT_PATH_SIZE];

	if (strbuf_error(sb) < 0)
		return strbuf_error(sb);
	snprintf(path, sizeof(path), "%s/%s", files->folder, name);
	return file_write(path, sb->buf, sb->len, 0600);
}

static int write_lists(const struct edge_cert_files *files)
{
	auto_call(strbuf_clear) struct strbuf list = STRBUF_INIT(LIST_MAX);
	auto_call(strbuf_clear) struct strbuf map = STRBUF_INIT(LIST_MAX);
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;
	int r;

	while ((node = strmap_next(&files->entries, &cursor)) != NULL) {
		const struct cert_file *entry = strmap_entry(node, struct cert_file, node);
		char path[EDGE_CERT_PATH_SIZE];

		if (!entry->value)
			continue;
		edge_cert_files_path(files, entry->domain, path);
		strbuf_addf(&list, "%s %s\n", path, entry->domain);
		strbuf_addf(&map, "%s %s\n", entry->domain, entry->value);
	}
	/* MUST 4 */
	r = write_file(files, "list", &list);
	return r < 0 ? r : write_file(files, "map", &map);
}

static void write_due(struct edge_cert_files *files)
{
	int r = files->is_dirty && !files->is_held ? write_lists(files) : 0;

	if (r < 0) {
		log_error_r(r,
			    "list the certificates of host names in '%s': a reload of HAProxy "
			    "does not know all (made by scripts/tmpfiles.d)",
			    files->folder);
		set_timer(files->write, EDGE_CERT_FILES_KEEP_MS);
		return;
	}
	files->is_dirty = files->is_dirty && files->is_held;
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
	write_due(arg);
}

static void changed(struct edge_cert_files *files)
{
	files->is_dirty = true;
	if (!files->is_held)
		set_timer(files->write, EDGE_CERT_FILES_WRITE_MS);
}

/* ---- changes ---- */
int edge_cert_files_put(struct edge_cert_files *files, const char *domain, const char *value,
			const char *pem)
{
	char path[EDGE_CERT_PATH_SIZE];
	int r;

	if (!is_domain(domain) || !is_value(value))
		return -EINVAL;
	edge_cert_files_path(files, domain, path);
	r = file_write(path, pem, strlen(pem), 0600);
	if (r == 0)
		r = entry_set(files, domain, value);
	if (r == 0)
		changed(files);
	return r;
}

static void drop(struct edge_cert_files *files, struct cert_file *entry)
{
	free(take_ptr(entry->value));
	entry->gone_ms = clock_mono_ms();
	set_timer(files->sweep, EDGE_CERT_FILES_KEEP_MS);
	changed(files);
}

void edge_cert_files_remove(struct edge_cert_files *files, const char *domain)
{
	struct cert_file *entry = entry_get(files, domain);

	if (entry && entry->value)
		drop(files, entry);
}

/* ---- comparing with HAProxy's map ---- */
void edge_cert_files_hold(struct edge_cert_files *files)
{
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;

	files->is_held = true;
	while ((node = strmap_next(&files->entries, &cursor)) != NULL) {
		struct cert_file *entry = strmap_entry(node, struct cert_file, node);

		entry->is_seen = entry->is_listed = false;
	}
}

void edge_cert_files_listed(struct edge_cert_files *files, const char *domain)
{
	struct cert_file *entry = entry_get(files, domain);

	if (entry)
		entry->is_listed = true;
}

bool edge_cert_files_lacks(const struct edge_cert_files *files, const char *domain)
{
	const struct cert_file *entry = entry_get(files, domain);

	return entry && entry->value && !entry->is_listed;
}

bool edge_cert_files_saw(struct edge_cert_files *files, const char *domain, const char *value)
{
	struct cert_file *entry = entry_get(files, domain);

	if (!entry || !entry->value)
		return false;
	entry->is_seen = true;
	return strcmp(entry->value, value) == 0;
}

void edge_cert_files_go(struct edge_cert_files *files)
{
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;

	files->is_held = false;
	while ((node = strmap_next(&files->entries, &cursor)) != NULL) {
		struct cert_file *entry = strmap_entry(node, struct cert_file, node);

		if (entry->value && !entry->is_seen)
			drop(files, entry);
	}
	if (files->is_dirty)
		changed(files);
}

/* ---- what nobody wants ---- */
/* Are there more to come? */
static bool forget_gone(struct edge_cert_files *files, int64_t now_ms)
{
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;
	bool more = false;

	while ((node = strmap_next(&files->entries, &cursor)) != NULL) {
		struct cert_file *entry = strmap_entry(node, struct cert_file, node);

		if (entry->value)
			continue;
		if (now_ms - entry->gone_ms < EDGE_CERT_FILES_KEEP_MS)
			more = true;
		else
			entry_free(files, entry);
	}
	return more;
}

static bool is_known(const struct edge_cert_files *files, const char *name)
{
	char domain[NAME_MAX + 1];
	size_t len = strlen(name);

	if (strcmp(name, "list") == 0 || strcmp(name, "map") == 0)
		return true;
	if (len <= strlen(SUFFIX) || strcmp(name + len - strlen(SUFFIX), SUFFIX) != 0)
		return false;
	snprintf(domain, sizeof(domain), "%.*s", (int)(len - strlen(SUFFIX)), name);
	return entry_get(files, domain) != NULL;
}

void edge_cert_files_sweep(struct edge_cert_files *files, int64_t now_ms)
{
	bool more = forget_gone(files, now_ms);
	DIR *folder = opendir(files->folder);
	const struct dirent *file;

	while (folder && (file = readdir(folder)) != NULL)
		if (file->d_type == DT_REG && !is_known(files, file->d_name))
			unlinkat(dirfd(folder), file->d_name, 0);
	if (folder)
		closedir(folder);
	if (more)
		set_timer(files->sweep, EDGE_CERT_FILES_KEEP_MS);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	edge_cert_files_sweep(arg, clock_mono_ms());
}

/* ---- from one run to the next ---- */
/* "app.example.com long-hill-8399/<version>": counts if its file is there. */
static int read_line(struct edge_cert_files *files, char *line)
{
	char path[EDGE_CERT_PATH_SIZE], *value = strchr(line, ' ');

	if (!value)
		return 0;
	*value++ = '\0';
	if (!is_domain(line) || !is_value(value))
		return 0;
	edge_cert_files_path(files, line, path);
	return access(path, R_OK) < 0 ? 0 : entry_set(files, line, value);
}

static int read_map(struct edge_cert_files *files)
{
	auto_free char *text = NULL;
	char path[EDGE_CERT_PATH_SIZE], *line, *rest;
	int r;

	snprintf(path, sizeof(path), "%s/map", files->folder);
	r = file_read(path, LIST_MAX, &text, NULL);
	if (r < 0 && r != -ENOENT)
		log_warn("read '%s': %s, going on as if it was empty", path, strerror(-r));
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (rest = text; r == 0 && (line = strsep(&rest, "\n")) != NULL;)
		r = read_line(files, line);
	return r;
}

int edge_cert_files_init(struct edge_cert_files *files, struct event_base *base, const char *folder)
{
	*files = (struct edge_cert_files){ .folder = folder, .is_held = true, .is_dirty = true };
	files->write = evtimer_new(base, on_write, files);
	files->sweep = evtimer_new(base, on_sweep, files);
	if (!files->write || !files->sweep)
		return -ENOMEM;
	set_timer(files->sweep, EDGE_CERT_FILES_KEEP_MS);
	return read_map(files);
}

void edge_cert_files_clear(struct edge_cert_files *files)
{
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;

	if (files->write && files->sweep)
		write_due(files);
	if (files->write)
		event_free(files->write);
	if (files->sweep)
		event_free(files->sweep);
	while ((node = strmap_next(&files->entries, &cursor)) != NULL)
		entry_free(files, strmap_entry(node, struct cert_file, node));
	strmap_clear(&files->entries);
	*files = (struct edge_cert_files){ 0 };
}
