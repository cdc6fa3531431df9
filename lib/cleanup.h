/* SPDX-License-Identifier: ISC */
/* Scope cleanup: what a declaration acquires, leaving its scope releases. Always initialise at the
 * declaration (`auto_close int fd = -1; auto_free char *s = NULL;`) and hand over with take_*().
 * Not for secrets: those are wiped by their own _clear(). */
#ifndef LIB_CLEANUP_H
#define LIB_CLEANUP_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

/* Keeps errno, so that an error on its way out survives the cleanup. */
static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		close(*fd);
		errno = saved;
	}
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define auto_free __attribute__((cleanup(cleanup_free)))
#define auto_close __attribute__((cleanup(cleanup_close)))
#define auto_fclose __attribute__((cleanup(cleanup_fclose)))
#define auto_call(fn) __attribute__((cleanup(fn)))

/* The value of `p`, which is set to NULL: its owner is now the caller. */
#define take_ptr(p)                      \
	({                               \
		__typeof__(p) taken = p; \
		(p) = NULL;              \
		taken;                   \
	})

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
