/* SPDX-License-Identifier: ISC */
/* Documents are replaced in one step, so a reader finds the old one or the new one. */
#include "helper/runstatus.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "helper/json_text.h"
#include "lib/cleanup.h"
#include "lib/clientconf.h"
#include "lib/file.h"
#include "lib/home.h"
#include "lib/json.h"
#include "lib/strbuf.h"

#define DOCUMENT_MAX (1 << 20)
#define RUNS_MAX 1000
#define FOLDERS 3

/* ---- folders ---- */
/* Where runs are looked for, the preferred place first: a shell without XDG_RUNTIME_DIR finds the runs of a service that
 * has it. *ret_path is heap. 0; -ENOENT if there is no such place. */
static int folder(int i, char **ret_path)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(PATH_MAX - 32);
	const char *runtime = clientconf_environment("XDG_RUNTIME_DIR");
	int r;

	if (i == 0 && (!runtime || runtime[0] != '/'))
		return -ENOENT;
	if (i == 0)
		strbuf_addf(&sb, "%s/mysocket", runtime);
	else if (i == 1)
		strbuf_addf(&sb, "/run/user/%lu/mysocket", (unsigned long)getuid());
	else
		strbuf_adds(&sb, "~/.cache/mysocket/runs");
	r = strbuf_error(&sb);
	return r < 0 ? r : home_expand(sb.buf, ret_path);
}

/* Makes what is missing of the last three folders of `path`, private. */
static int make_folder(char *path, int depth)
{
	char *slash = strrchr(path, '/');
	struct stat st;
	int r = file_mkdir(path, 0700);

	if (r == -ENOENT && depth > 0 && slash && slash != path) {
		*slash = '\0';
		r = make_folder(path, depth - 1);
		*slash = '/';
		if (r == 0)
			r = file_mkdir(path, 0700);
	}
	if (r < 0)
		return r;
	if (stat(path, &st) < 0)
		return -errno;
	/* What lies there is believed. */
	return st.st_uid == getuid() && !(st.st_mode & 022) ? 0 : -EPERM;
}

/* ---- locks ---- */
/* Locks the file at `path`, made if it is not there, unless somebody else has: -EWOULDBLOCK. A file that is removed in
 * between is locked by nobody who looks for it: then another is made. */
static int lock(const char *path, int flags, int *ret_fd)
{
	for (;;) {
		auto_close int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
		struct stat opened, named;

		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0)
			return -errno;
		if (!fstat(fd, &opened) && !stat(path, &named) && opened.st_ino == named.st_ino &&
		    opened.st_dev == named.st_dev) {
			*ret_fd = take_fd(&fd);
			return 0;
		}
		if (!(flags & O_CREAT))
			return -ENOENT;
	}
}

static int add_suffix(const char *path, const char *suffix, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%s%s", path, suffix);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

/* `path` without its suffix; the lock is held by the caller. */
static void remove_files(const char *path)
{
	char file[PATH_MAX];

	if (add_suffix(path, ".json", file, sizeof(file)) == 0)
		unlink(file);
	if (add_suffix(path, ".lock", file, sizeof(file)) == 0)
		unlink(file);
}

/* True if the run is gone; then its files are too. */
static bool sweep(const char *path)
{
	auto_close int fd = -1;
	char file[PATH_MAX];
	int r = add_suffix(path, ".lock", file, sizeof(file));

	if (r == 0)
		r = lock(file, 0, &fd);
	if (r == 0 || r == -ENOENT)
		remove_files(path);
	return r != -EWOULDBLOCK;
}

/* ---- writing ---- */
static bool add(struct json_object *o, const char *name, struct json_object *value)
{
	if (value && json_object_object_add(o, name, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static bool add_text(struct json_object *o, const char *name, const char *text)
{
	return add(o, name, json_object_new_string(text ? text : ""));
}

static bool add_number(struct json_object *o, const char *name, int64_t number)
{
	return add(o, name, json_object_new_int64(number));
}

static bool fill_tunnel(const struct runstatus_tunnel *t, struct json_object *o)
{
	const struct supervise_status *s = &t->status;
	char origin[300];

	if (*s->origin)
		snprintf(origin, sizeof(origin), "%s", s->origin);
	else
		snprintf(origin, sizeof(origin), strchr(t->host, ':') ? "[%s]:%d" : "%s:%d",
			 t->host, (int)t->port);
	return add_text(o, "name", t->name) && add_text(o, "type", t->type) &&
	       add_text(o, "url", t->url) && add_text(o, "origin", origin) &&
	       add_text(o, "socket_id", t->socket_id) && add_text(o, "tunnel_id", t->tunnel_id) &&
	       add_text(o, "state", supervise_state_name(s->state)) &&
	       add_number(o, "since", s->since) && add_number(o, "reconnects", s->reconnects) &&
	       add_number(o, "retry_ms", s->retry_ms) && add_text(o, "error", s->error) &&
	       add_text(o, "code", s->code);
}

static bool fill(const struct runstatus *s, struct json_object *o)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	if (!add_number(o, "pid", getpid()) || !add_text(o, "command", s->command) ||
	    !add_text(o, "file", s->file) || !add_number(o, "started", s->started) ||
	    !add_text(o, "message", s->message) || !add(o, "tunnels", list))
		return false;
	for (i = 0; i < s->count; i++) {
		struct json_object *tunnel = json_object_new_object();

		if (!tunnel || json_object_array_add(list, tunnel) < 0) {
			json_object_put(tunnel);
			return false;
		}
		if (!fill_tunnel(&s->tunnels[i], tunnel))
			return false;
	}
	return true;
}

struct json_object *runstatus_json(const struct runstatus *s)
{
	struct json_object *o = json_object_new_object();

	if (o && fill(s, o))
		return o;
	json_object_put(o);
	return NULL;
}

void runstatus_write(const struct runstatus *s)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(DOCUMENT_MAX);
	struct json_object *o = s->path[0] ? runstatus_json(s) : NULL;
	char file[PATH_MAX];

	if (o && json_text_add(&sb, o, false) == 0 &&
	    add_suffix(s->path, ".json", file, sizeof(file)) == 0)
		(void)file_write(file, sb.buf, sb.len, 0600);
	json_object_put(o);
}

static int begin_at(struct runstatus *s, int i)
{
	auto_free char *path = NULL;
	char file[PATH_MAX];
	int r = folder(i, &path);

	if (r == 0)
		r = make_folder(path, i == FOLDERS - 1 ? 2 : 0);
	if (r == 0 && snprintf(s->path, sizeof(s->path), "%s/%ld", path, (long)getpid()) >=
			      (int)sizeof(s->path) - 8)
		r = -ENAMETOOLONG;
	if (r == 0)
		r = add_suffix(s->path, ".lock", file, sizeof(file));
	if (r == 0)
		r = lock(file, O_CREAT, &s->lock_fd);
	return r;
}

int runstatus_begin(struct runstatus *ret_s, const char *command, const char *file)
{
	struct runstatus s = { .lock_fd = -1, .started = time(NULL), .message = "" };
	struct json_object *swept = NULL;
	int i, r = -ENOENT;

	s.command = command;
	s.file = file;
	if (runstatus_list(&swept) == 0)
		json_object_put(swept);
	for (i = 0; i < FOLDERS && r < 0; i++)
		r = begin_at(&s, i);
	if (r < 0)
		s.path[0] = '\0';
	*ret_s = s;
	runstatus_write(ret_s);
	return r;
}

void runstatus_end(struct runstatus *s)
{
	if (!s->path[0])
		return;
	remove_files(s->path);
	*strrchr(s->path, '/') = '\0';
	rmdir(s->path);
	close(take_fd(&s->lock_fd));
	s->path[0] = '\0';
}

/* ---- reading ---- */
static int compare(const void *a, const void *b)
{
	struct json_object *x = json_object_object_get(*(struct json_object *const *)a, "started");
	struct json_object *y = json_object_object_get(*(struct json_object *const *)b, "started");
	int64_t left = json_object_get_int64(x), right = json_object_get_int64(y);

	return left < right ? -1 : left > right;
}

static int read_one(const char *path, struct json_object *list)
{
	auto_free char *text = NULL;
	struct json_object *o = NULL;
	char file[PATH_MAX];
	size_t len;
	int r = add_suffix(path, ".json", file, sizeof(file));

	if (r == 0)
		r = file_read(file, DOCUMENT_MAX, &text, &len);
	if (r == 0)
		r = json_parse(text, len, DOCUMENT_MAX, &o);
	if (r == 0 && !json_object_is_type(o, json_type_object))
		r = -EINVAL;
	/* One that is just about to be written, or about to go, is left out. */
	if (r == 0 && json_object_array_add(list, o) == 0)
		return 0;
	json_object_put(o);
	return r == 0 || r == -ENOMEM ? -ENOMEM : 0;
}

static int read_folder(const char *path, struct json_object *list)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	struct stat st;
	int r = 0;

	if (!d)
		return 0;
	/* Nobody else's word is passed on. */
	if (fstat(dirfd(d), &st) < 0 || st.st_uid != getuid() || (st.st_mode & 022)) {
		closedir(d);
		return 0;
	}
	while (r == 0 && json_object_array_length(list) < RUNS_MAX && (e = readdir(d))) {
		char run[PATH_MAX];
		size_t digits = strspn(e->d_name, "0123456789");

		if (!digits || strcmp(e->d_name + digits, ".lock") != 0)
			continue;
		if (snprintf(run, sizeof(run), "%s/%.*s", path, (int)digits, e->d_name) >=
		    (int)sizeof(run))
			continue;
		if (!sweep(run))
			r = read_one(run, list);
	}
	closedir(d);
	return r;
}

/* XDG_RUNTIME_DIR mostly is the second place too. */
static bool is_again(const char *path, char *const *before, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (before[i] && !strcmp(before[i], path))
			return true;
	return false;
}

int runstatus_list(struct json_object **ret_list)
{
	struct json_object *list = json_object_new_array();
	char *paths[FOLDERS] = { NULL };
	int i, r = list ? 0 : -ENOMEM;

	for (i = 0; i < FOLDERS && r == 0; i++) {
		if (folder(i, &paths[i]) < 0 || is_again(paths[i], paths, i))
			continue;
		r = read_folder(paths[i], list);
	}
	for (i = 0; i < FOLDERS; i++)
		free(paths[i]);
	if (r < 0) {
		json_object_put(list);
		return r;
	}
	json_object_array_sort(list, compare);
	*ret_list = list;
	return 0;
}
