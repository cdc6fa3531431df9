/* SPDX-License-Identifier: ISC */
/* Small files, whole. What is read passes through a strbuf, so memory given back was wiped. */
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/strbuf.h"

#define LINKS_MAX 8

static int read_all(int fd, struct strbuf *sb)
{
	char chunk[4096];
	int r;

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		r = n < 0 ? -errno : strbuf_error(sb);
		if (r < 0 || n == 0)
			break;
		strbuf_add(sb, chunk, (size_t)n);
	}
	explicit_bzero(chunk, sizeof(chunk));
	return r == -EMSGSIZE ? -EFBIG : r;
}

/* Opens for file_read; *ret_st is of the opened file, not of whatever the path names by then. */
static int open_for_read(const char *path, int *ret_fd, struct stat *ret_st)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, ret_st) < 0)
		return -errno;
	if (S_ISDIR(ret_st->st_mode))
		return -EISDIR;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int take(struct strbuf *sb, char **ret_data, size_t *ret_len)
{
	size_t len = sb->len;
	int r = strbuf_take(sb, ret_data);

	if (r < 0)
		return r;
	if (ret_len)
		*ret_len = len;
	return 0;
}

int file_read(const char *path, size_t max, char **ret_data, size_t *ret_len)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(max);
	auto_close int fd = -1;
	struct stat st = { 0 };
	int r;

	r = open_for_read(path, &fd, &st);
	if (r < 0)
		return r;
	r = read_all(fd, &sb);
	if (r < 0)
		return r;
	return take(&sb, ret_data, ret_len);
}

int file_read_secret(const char *path, size_t max, char **ret_data, size_t *ret_len)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(max);
	auto_close int fd = -1;
	struct stat st = { 0 };
	int r;

	r = open_for_read(path, &fd, &st);
	if (r < 0)
		return r;
	if (st.st_mode & (S_IRWXG | S_IRWXO) || (st.st_uid != 0 && st.st_uid != geteuid()))
		return -EACCES;
	r = read_all(fd, &sb);
	if (r < 0)
		return r;
	if (sb.len && sb.buf[sb.len - 1] == '\n')
		sb.buf[--sb.len] = '\0';
	if (!sb.len)
		return -EINVAL;
	return take(&sb, ret_data, ret_len);
}

int file_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Length of the folder part of `path`, with its slash; 0 if there is none. */
static size_t folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Replaces the heap string *path by where it leads: the end of its chain of symlinks, which need not exist
 * yet. */
static int follow_links(char **path)
{
	int i;

	for (i = 0; i < LINKS_MAX; i++) {
		char link[PATH_MAX], *next;
		ssize_t n = readlink(*path, link, sizeof(link) - 1);

		if (n < 0)
			return errno == EINVAL || errno == ENOENT ? 0 : -errno;
		link[n] = '\0';
		if (asprintf(&next, "%.*s%s", link[0] == '/' ? 0 : (int)folder_len(*path), *path,
			     link) < 0)
			return -ENOMEM;
		free(*path);
		*path = next;
	}
	return -ELOOP;
}

static int write_temporary(int fd, const void *data, size_t len, mode_t mode)
{
	int r = file_write_all(fd, data, len);

	if (r < 0)
		return r;
	return fchmod(fd, mode) < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Makes the rename itself survive a power cut. Some file systems refuse it for folders: no harm done. */
static void sync_folder(const char *path)
{
	size_t len = folder_len(path);
	auto_free char *folder = len ? strndup(path, len) : strdup(".");
	auto_close int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0)
		(void)fsync(fd);
}

int file_write(const char *path, const void *data, size_t len, mode_t mode)
{
	auto_free char *target = strdup(path), *temporary = NULL;
	auto_close int fd = -1;
	int r;

	if (!target)
		return -ENOMEM;
	r = follow_links(&target);
	if (r < 0)
		return r;
	if (asprintf(&temporary, "%s.XXXXXX", target) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write_temporary(fd, data, len, mode);
	if (r < 0 || rename(temporary, target) < 0) {
		r = r < 0 ? r : -errno;
		unlink(temporary);
		return r;
	}
	sync_folder(target);
	return 0;
}

int file_mkdir(const char *path, mode_t mode)
{
	struct stat st;

	if (!mkdir(path, mode))
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}
