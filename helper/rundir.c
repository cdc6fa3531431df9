/* SPDX-License-Identifier: ISC */
/* Finds a place, makes the folder, removes it; removes what others have left. */
#include "helper/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/sshconf.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/home.h"

#define PREFIX "mysocketctl-"
#define RANDOM "XXXXXX"
#define TRIES 5

/* ---- what was left ---- */
/* A folder of ours that nobody has locked: its run is over. */
static void sweep_one(int base, const char *name)
{
	auto_close int fd = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid() ||
	    flock(fd, LOCK_EX | LOCK_NB) < 0)
		return;
	unlinkat(fd, RUNDIR_CONFIG, 0);
	unlinkat(fd, RUNDIR_KNOWN_HOSTS, 0);
	unlinkat(base, name, AT_REMOVEDIR);
}

static void sweep(const char *base)
{
	DIR *d = opendir(base);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		if (strlen(e->d_name) == strlen(PREFIX RANDOM) &&
		    !strncmp(e->d_name, PREFIX, strlen(PREFIX)))
			sweep_one(dirfd(d), e->d_name);
	closedir(d);
}

/* ---- a new one ---- */
/* False if another run's sweep was quicker. Where there are no locks, nobody sweeps. */
static bool lock(struct rundir *dir)
{
	struct stat st;

	dir->lock = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->lock < 0)
		return errno != ENOENT;
	if (flock(dir->lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		if (stat(dir->path, &st) == 0)
			return true;
	close(dir->lock);
	dir->lock = -1;
	return false;
}

static int try_base(const char *base, struct rundir *dir)
{
	int tries;

	sweep(base);
	for (tries = 0; tries < TRIES; tries++) {
		int n = snprintf(dir->path, sizeof(dir->path), "%s/" PREFIX RANDOM, base);

		if (n < 0 || (size_t)n >= sizeof(dir->path) - sizeof("/" RUNDIR_KNOWN_HOSTS))
			return -ENAMETOOLONG;
		if (!sshconf_is_path(dir->path))
			return -EINVAL;
		if (!mkdtemp(dir->path))
			return -errno;
		if (lock(dir))
			return 0;
	}
	return -EAGAIN;
}

/* ~/.cache/mysocket, made if it is not there. */
static int try_cache(struct rundir *dir)
{
	auto_free char *above = NULL, *base = NULL;
	int r = home_expand("~/.cache", &above);

	if (r == 0)
		r = home_expand("~/.cache/mysocket", &base);
	if (r == 0)
		r = file_mkdir(above, 0700);
	if (r == 0)
		r = file_mkdir(base, 0700);
	return r ? r : try_base(base, dir);
}

int rundir_make(struct rundir *ret_dir)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"), *tmp = getenv("TMPDIR");
	int r;

	ret_dir->lock = -1;
	r = runtime && *runtime ? try_base(runtime, ret_dir) : -ENOENT;
	if (r < 0)
		r = try_cache(ret_dir);
	if (r < 0 && tmp && *tmp)
		r = try_base(tmp, ret_dir);
	if (r < 0)
		r = try_base("/tmp", ret_dir);
	if (r < 0)
		ret_dir->path[0] = '\0';
	return r;
}

int rundir_path(const struct rundir *dir, const char *name, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%s/%s", dir->path, name);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

/* unlink("<folder>/<name>") without stdio. */
static void remove_file(const struct rundir *dir, const char *name)
{
	char path[PATH_MAX];
	size_t len = strlen(dir->path), name_len = strlen(name);

	if (len + 1 + name_len >= sizeof(path))
		return;
	memcpy(path, dir->path, len);
	path[len] = '/';
	memcpy(path + len + 1, name, name_len + 1);
	unlink(path);
}

void rundir_remove(const struct rundir *dir)
{
	if (!dir->path[0])
		return;
	remove_file(dir, RUNDIR_CONFIG);
	remove_file(dir, RUNDIR_KNOWN_HOSTS);
	rmdir(dir->path);
	if (dir->lock >= 0)
		close(dir->lock);
}
