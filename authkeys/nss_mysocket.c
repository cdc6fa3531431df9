/* SPDX-License-Identifier: ISC */
/* libnss_mysocket.so.2: gives sshd a passwd entry for every ssh user of ours. Runs in every process of the
 * host, so it knows no accounts: whether one exists is mysocket-authkeys' answer, not this one.
 *
 * MUST 1: answers for names of exactly 32 lower-case hex digits, and for nothing else.
 * MUST 2: one stat(2), no other I/O, no allocation, no static state.
 * MUST 3: never root: an owner or group 0 of the home (being made, or tampered with) is an outage.
 * MUST 4: a small buffer is ERANGE and TRYAGAIN, an outage is UNAVAIL and never "no such user". */
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/id.h"
#include "lib/paths.h"

enum nss_status _nss_mysocket_getpwnam_r(const char *name, struct passwd *pw, char *buf,
					 size_t size, int *ret_errno);
enum nss_status _nss_mysocket_getpwuid_r(uid_t uid, struct passwd *pw, char *buf, size_t size,
					 int *ret_errno);

/* The caller's buffer, filled from the front. */
struct room {
	char *at;
	size_t left;
	bool full;
};

static char *room_add(struct room *room, const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = room->at;

	if (room->full || size > room->left) {
		room->full = true;
		return NULL;
	}
	memcpy(copy, s, size);
	room->at += size;
	room->left -= size;
	return copy;
}

static enum nss_status fail(enum nss_status status, int error, int *ret_errno)
{
	*ret_errno = error;
	return status;
}

enum nss_status _nss_mysocket_getpwnam_r(const char *name, struct passwd *pw, char *buf,
					 size_t size, int *ret_errno)
{
	struct room room = { .at = buf, .left = size };
	struct passwd found = { 0 };
	struct stat st;

	if (!id_is_user(name))
		return fail(NSS_STATUS_NOTFOUND, ENOENT, ret_errno);

	found.pw_name = room_add(&room, name);
	found.pw_passwd = room_add(&room, "*");
	found.pw_gecos = room_add(&room, "mysocket tunnel");
	found.pw_dir = room_add(&room, PATHS_TUNNEL_HOME);
	found.pw_shell = room_add(&room, PATHS_SESSION);
	if (room.full)
		return fail(NSS_STATUS_TRYAGAIN, ERANGE, ret_errno);

	/* lstat: a link in its place would lend us somebody else's identity. */
	if (lstat(PATHS_TUNNEL_HOME, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid == 0 ||
	    st.st_gid == 0)
		return fail(NSS_STATUS_UNAVAIL, EHOSTDOWN, ret_errno);
	found.pw_uid = st.st_uid;
	found.pw_gid = st.st_gid;
	*pw = found;
	return NSS_STATUS_SUCCESS;
}

/* All our users share one uid, and no single name belongs to it. */
enum nss_status _nss_mysocket_getpwuid_r(uid_t uid, struct passwd *pw, char *buf, size_t size,
					 int *ret_errno)
{
	return fail(NSS_STATUS_NOTFOUND, ENOENT, ret_errno);
}
