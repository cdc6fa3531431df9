/* SPDX-License-Identifier: ISC */
/* Sessions across a restart of the node: records, and finding what they name again. What is trusted is not the record but
 * the kernel: the process must be the same one, and its descriptor a listener on the recorded address. Listeners that
 * were held, with no session, end with the node that held them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/strbuf.h"
#include "node/node.h"
#include "node/state_file.h"

#define RECORDS_MAX 1000000

static void path_of(const struct session *session, struct strbuf *path)
{
	char name[STATE_FILE_NAME];

	state_file_name(&session->process, name);
	strbuf_addf(path, "%s/%s", session->owner->conf->state_dir, name);
}

/* ---- writing ---- */
static int collect(const struct session *session, struct saved_session *saved)
{
	const struct relay_listener *listener;
	size_t n = 0;

	LIST_FOREACH(listener, &session->listeners, session_entry)
	n++;
	/* Strings are borrowed: the record is only printed. */
	*saved = (struct saved_session){
		.client = (char *)session->client,
		.key = session->key,
		.since_ms = session->since_ms,
		.process = session->process,
		.child = session->child,
		.listeners = calloc(n + 1, sizeof(*saved->listeners)),
	};
	memcpy(saved->token, session->token, sizeof(saved->token));
	memcpy(saved->user, session->user, sizeof(saved->user));
	memcpy(saved->user_id, session->user_id, sizeof(saved->user_id));
	if (!saved->listeners)
		return -ENOMEM;
	LIST_FOREACH(listener, &session->listeners, session_entry)
	saved->listeners[saved->listener_count++] = (struct saved_listener){
		.tunnel = listener->tunnel->info,
		.address = listener->address,
		.serial = listener->serial,
		.holder = listener->holder,
		.fd = listener->holder_fd,
	};
	return 0;
}

void registry_save(struct session *session)
{
	auto_call(strbuf_clear) struct strbuf text = STRBUF_INIT(STATE_FILE_MAX);
	auto_call(strbuf_clear) struct strbuf path = STRBUF_INIT(4096);
	struct saved_session saved;
	int r;

	path_of(session, &path);
	r = collect(session, &saved);
	if (r == 0) {
		state_file_print(&saved, &text);
		r = strbuf_error(&text);
	}
	if (r == 0)
		r = file_write(path.buf, text.buf, text.len, 0600);
	if (r < 0)
		log_error_r(r, "write '%s', a restart will not find this session", path.buf);
	free(saved.listeners);
	explicit_bzero(&saved, sizeof(saved));
}

void registry_unsave(struct session *session)
{
	auto_call(strbuf_clear) struct strbuf path = STRBUF_INIT(4096);

	path_of(session, &path);
	unlink(path.buf);
}

/* ---- finding again ---- */
int registry_open_state(struct registry *registry, const char *dir)
{
	auto_close int fd = -1;
	int r = file_mkdir(dir, 0700);

	if (r < 0)
		return r;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	registry->state_fd = take_fd(&fd);
	return 0;
}

static bool restore_listener(struct session *session, const struct saved_listener *saved)
{
	struct relay_listener *listener;
	int fd, r = process_get_fd(&saved->holder, saved->fd, &fd);

	if (r == 0 && node_listener_check(fd, saved->address, saved->tunnel.port) < 0) {
		close(fd);
		r = -EBADF;
	}
	if (r == 0)
		r = relays_adopt(&session->owner->relays, session, &saved->tunnel, fd,
				 saved->address, saved->serial, &listener);
	if (r != 0) {
		log_error_r(r, "find the listener of tunnel '%s' in process %d again",
			    saved->tunnel.tunnel_id, saved->holder.pid);
		return false;
	}
	listener->holder = saved->holder;
	listener->holder_fd = saved->fd;
	return true;
}

static int restore(struct registry *registry, const struct saved_session *saved)
{
	struct session *session =
		registry_add(registry, saved->token, saved->user, saved->user_id, &saved->process);
	bool complete = true;
	int r;

	if (!session)
		return -ENOMEM;
	snprintf(session->client, sizeof(session->client), "%s", saved->client);
	session->key = saved->key ? strdup(saved->key) : NULL;
	session->since_ms = saved->since_ms;
	session->child = saved->child;
	r = registry_watch(session);
	if (r < 0) {
		registry_gone(session);
		return r;
	}
	for (size_t i = 0; i < saved->listener_count; i++)
		complete &= restore_listener(session, &saved->listeners[i]);
	/* Nobody would be routed to it: its client comes back and gets a new one. */
	if (!complete)
		registry_end(session, DENIAL_UNAVAILABLE, true);
	return 0;
}

/* The tunnels of a dead session are down, unless another session of ours has them. */
static void report_down(struct node *node, const struct saved_session *saved)
{
	for (size_t i = 0; i < saved->listener_count; i++)
		if (!strmap_get(&node->relays.tunnels, saved->listeners[i].tunnel.tunnel_id))
			updown_report(node->updown, saved->listeners[i].tunnel.tunnel_id, false);
}

struct records {
	struct saved_session *items;
	size_t count;
};

static void load(struct records *records, const char *dir, const char *name)
{
	auto_call(strbuf_clear) struct strbuf path = STRBUF_INIT(4096);
	auto_free char *text = NULL;
	struct saved_session *more;
	size_t len;
	int r;

	strbuf_addf(&path, "%s/%s", dir, name);
	more = realloc(records->items, (records->count + 1) * sizeof(*more));
	r = more ? file_read(path.buf, STATE_FILE_MAX, &text, &len) : -ENOMEM;
	if (more)
		records->items = more;
	if (r == 0)
		r = state_file_parse(text, len, &records->items[records->count]);
	if (r == 0) {
		records->count++;
		return;
	}
	log_error_r(r, "read '%s', removing it", path.buf);
	unlink(path.buf);
}

static void load_all(struct records *records, const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	if (!d)
		return;
	while (records->count < RECORDS_MAX && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name), suffix = strlen(STATE_FILE_SUFFIX);

		if (len > suffix && strcmp(e->d_name + len - suffix, STATE_FILE_SUFFIX) == 0)
			load(records, dir, e->d_name);
	}
	closedir(d);
}

void registry_restore(struct registry *registry)
{
	struct records records = { 0 };
	struct node *node = registry->node;
	char name[STATE_FILE_NAME];
	bool *found;

	load_all(&records, node->conf->state_dir);
	found = calloc(records.count + 1, sizeof(*found));
	for (size_t i = 0; found && i < records.count; i++)
		found[i] = restore(registry, &records.items[i]) == 0;
	for (size_t i = 0; found && i < records.count; i++) {
		if (!found[i]) {
			report_down(node, &records.items[i]);
			state_file_name(&records.items[i].process, name);
			unlinkat(registry->state_fd, name, 0);
		}
		state_file_clear(&records.items[i]);
	}
	if (records.count)
		log_info("find %zu of %zu sessions again", registry->count, records.count);
	free(found);
	free(records.items);
}
