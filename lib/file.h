/* SPDX-License-Identifier: ISC */
/* Small files, whole: bounded reads, atomic writes. */
#ifndef LIB_FILE_H
#define LIB_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Reads all of `path` (at most `max` bytes, else -EFBIG). 0 with *ret_data: heap, NUL-terminated, caller
 * frees; *ret_len (may be NULL) is its length without the NUL. Else a negative errno of open or read;
 * -EISDIR for a directory. */
int file_read(const char *path, size_t max, char **ret_data, size_t *ret_len);

/* As file_read for a secret: -EACCES if group or others may read it or somebody else owns it (root's is
 * fine); one trailing newline is dropped; -EINVAL if nothing is left. */
int file_read_secret(const char *path, size_t max, char **ret_data, size_t *ret_len);

/* Replaces `path` in one step (temporary file in the same folder, fsync, rename); the file has exactly
 * `mode`. A symlink at `path` is followed. 0 or a negative errno; then the old file is untouched and no
 * temporary one is left. */
int file_write(const char *path, const void *data, size_t len, mode_t mode);

/* Writes all `len` bytes, over short writes and EINTR. 0 or a negative errno. */
int file_write_all(int fd, const void *data, size_t len);

/* mkdir -p for the last component only where its parent exists; 0 also if it is there already. */
int file_mkdir(const char *path, mode_t mode);

#endif
