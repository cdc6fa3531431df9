/* SPDX-License-Identifier: ISC */
/* The two spellings of our ids: UUID (36 characters, lower case, what the API speaks) and ssh user
 * (the same 32 hex digits without dashes, what sshd sees). */
#ifndef LIB_ID_H
#define LIB_ID_H

#include <stdbool.h>

#define ID_UUID_SIZE 37 /* with the NUL */
#define ID_USER_SIZE 33

/* Exactly 32 of 0-9a-f. The only names that NSS and PAM answer for. NULL is false. */
bool id_is_user(const char *s);
/* Exactly 8-4-4-4-12 lower-case hex digits. NULL is false. */
bool id_is_uuid(const char *s);
/* Both need a valid input (checked before); they cannot fail. */
void id_user_from_uuid(const char *uuid, char ret_user[ID_USER_SIZE]);
void id_uuid_from_user(const char *user, char ret_uuid[ID_UUID_SIZE]);

#endif
