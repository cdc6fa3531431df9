/* SPDX-License-Identifier: ISC */
/* The user's home folder, and paths below it as people write them. */
#ifndef LIB_HOME_H
#define LIB_HOME_H

/* $HOME if it is absolute, else the password database's; NULL if neither. Static storage. */
const char *home_folder(void);

/* "~/x" or "~" with the home folder in place; others as they are. 0 with *ret_path (heap); -ENOENT if there is no home,
 * -EMSGSIZE, -ENOMEM. */
int home_expand(const char *path, char **ret_path);

#endif
