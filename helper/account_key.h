/* SPDX-License-Identifier: ISC */
/* The ssh keys of an account, as a table. */
#ifndef HELPER_ACCOUNT_KEY_H
#define HELPER_ACCOUNT_KEY_H

struct ctl;
struct json_object;

/* Prints the API's answer: a list of keys, or one key. 0 or a negative errno, said. */
int account_key_print(const struct ctl *ctl, struct json_object *answer);

#endif
